"""A softmax that leaves out what a mask hides.

exp(-inf) is 0, and so is its gradient: an entry that is filled with -inf before exp gets no share,
and what it held before is gone. The largest of a row is subtracted first, so that no exp overflows.
A row of -inf alone would come to -inf - -inf = NaN: there 0 is subtracted instead, and the sum of
its weights, 0, is replaced by 1 before the division, so that no 0 / 0 arises, forward or backward.

The common wrong answer fills hidden entries with -1e9: a row with nothing kept comes out uniform,
and float16 has no -1e9. Multiplying by the mask keeps NaN and inf, since 0 * NaN is NaN. So does
adding -inf. A `where` that chooses after exp gives the right value, but its gradient is 0 for what
is hidden, times the gradient of exp, which may be NaN: the choice must come first.
"""

import torch

HINTS = (
    "What must stand in a hidden place before exp, so that 0 comes out of it?",
    "NaN times 0 is still NaN, also in a gradient: `where` and `masked_fill` choose instead.",
    "Subtract each row's largest kept entry. Which is that in a row of -inf alone?",
    "Where nothing is kept the sum is 0. Put 1 in its place before you divide, not after.",
)


def masked_softmax(x: torch.Tensor, mask: torch.Tensor, dim: int) -> torch.Tensor:
    """The softmax along one dimension over the entries that the mask keeps.

    It is made of other operations: torch's own `softmax` and `log_softmax`, under whatever name
    and by way of whatever layer, are forbidden, forward and backward.

    Args:
        x: at least one dimension and one entry; float64, float32, float16 or bfloat16, any
            strides; stays as it is. What is kept is finite, of any size. What is hidden may also
            be NaN or infinite, and does no harm.
        mask: bool, of a shape that broadcasts to x's, on x's device; True keeps, False hides;
            stays as it is.
        dim: the dimension along which the shares add up to 1; negative counts from the end.

    Returns:
        A tensor with x's shape, dtype and device. A hidden entry is exactly 0, and where nothing
        is kept along dim all are 0. float16 is within 1 %, bfloat16 within 5 % of the result in
        float32, where that is above 0.001. Gradients reach x: exactly 0, never NaN, at hidden
        entries, and everywhere where nothing is kept along dim.
    """
    lowest = x.masked_fill(~mask, -torch.inf)
    top = lowest.detach().amax(dim, keepdim=True)
    top = top.masked_fill(top == -torch.inf, 0)  # else -inf - -inf is NaN
    weights = (lowest - top).exp()
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)
