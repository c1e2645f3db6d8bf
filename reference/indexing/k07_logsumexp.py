"""The logarithm of a sum of exponentials, without overflow.

log(sum(exp(x))) is m + log(sum(exp(x - m))) for any number m. With m the largest entry, no exp is
larger than 1 and one of them is 1, so that the sum neither overflows nor comes to 0. A row of -inf
alone has m = -inf, and -inf - -inf is NaN: there 0 is taken for m. Its sum is then 0, whose
logarithm is -inf as it should be, but has the gradient 1 / 0, and 0 * inf is NaN: 1 is put in the
place of that sum before the logarithm, and the result is filled in.

The common wrong answer subtracts the largest and forgets -inf, so that NaN comes back. `nan_to_num`
mends the value and not the gradient. Instead of -inf, -1e30 would do no better: a row of it is not
-inf, and the gradient shares itself out among entries that do not exist.
"""

import torch

HINTS = (
    "exp(1000) overflows. By what can a sum of exponentials be divided, before it is made?",
    "log(sum(exp(x))) is m + log(sum(exp(x - m))): which m keeps all exp at most 1, and one at 1?",
    "In a row of -inf alone m would be -inf, and x - m NaN. Any finite m serves there.",
    "log(0) is right with -inf, yet its gradient is infinite: choose 1 for such a sum before log.",
)


def logsumexp(x: torch.Tensor, dim: int) -> torch.Tensor:
    """log of the sum of exp(x) along one dimension.

    It is made of other operations: torch's own `logsumexp`, `logcumsumexp`, `logaddexp`, `softmax`
    and `log_softmax`, under whatever name and by way of whatever layer, are forbidden, forward and
    backward.

    Args:
        x: at least one dimension and one entry; float64, float32, float16 or bfloat16, any
            strides; finite numbers of any size, and -inf; stays as it is.
        dim: the dimension to sum over; negative counts from the end.

    Returns:
        A tensor of x's shape without dim, with x's dtype and device. An entry of -inf adds nothing
        to the sum, and a row of -inf alone gives -inf. Gradients reach x: exp(x) over the sum of
        exp(x), which is 0 for an entry of -inf; all are 0, not NaN, in a row of -inf alone.
    """
    top = x.detach().amax(dim, keepdim=True)
    top = top.masked_fill(top == -torch.inf, 0)
    total = (x - top).exp().sum(dim)
    is_zero = total == 0
    result = total.masked_fill(is_zero, 1).log() + top.squeeze(dim)
    return result.masked_fill(is_zero, -torch.inf)
