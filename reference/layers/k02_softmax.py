"""Turn numbers into shares that add up to 1, and into the logarithms of these.

exp(1000) is inf, but only the gaps between the entries matter: a number that is subtracted from all
of them changes no share. With the largest entry of the row subtracted, each exp is at most 1 and
one of them is 1, so the sum neither overflows nor comes to 0. exp(-inf) is exactly 0 and has the
gradient 0.

The logarithm of a share is the gap minus log(sum of exp(gap)). It is made without the share, since
log(0) is -inf. The largest entry is not added again: beside 1e30 the logarithm of the sum would
have no digit left. In 16 bits a sum of many numbers loses its digits, so float32 is taken there, as
torch does.

In practice one calls `F.softmax` and `F.log_softmax`, and for a loss `F.cross_entropy`, which takes
the numbers as they are.
"""

import torch

HINTS = (
    "exp(1000) overflows. Does softmax change if the same number is subtracted from a whole row?",
    "Subtract from each row its own largest entry, and keep dim so that the shapes fit.",
    "log(a / b) is log(a) - log(b): which logarithm needs no exp at all?",
    "With the gaps x - largest: softmax is exp(gaps) / sum, log_softmax is gaps - log(sum).",
)


def _gaps_below_the_largest(x: torch.Tensor, dim: int) -> torch.Tensor:
    """x minus its largest entry along dim, in a dtype that is wide enough for sums."""
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    return wide - wide.detach().amax(dim, keepdim=True)  # a shift has no part in the gradient


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    """The share of each entry along one dimension: exp(x) over the sum of exp(x).

    It is made of other operations: torch's own `softmax`, `log_softmax`, `softmin`, `logsumexp`,
    `logcumsumexp` and `logaddexp`, under whatever name and by way of whatever layer (a loss, an
    attention), are forbidden, forward and backward.

    Args:
        x: float32, float64, float16 or bfloat16, any shape, any strides; stays as it is.
        dim: the dimension along which the shares add up to 1; negative counts from the end.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x.

    Exactly:
        x may be 0-d: dim is 0 or -1 then, and the share is 1. Dimensions other than dim may have
        the size 0.

        Finite numbers may be as large as 1e30 in size (float16: 10,000). A share that is too small
        for the dtype is 0. x may hold -inf where a finite number stands beside it along dim: the
        share is exactly 0, and so is the gradient of such an entry. There is no inf and no NaN.

        The result may be off by this part of itself: 1e-5 in float32, 1e-13 in float64. Shares
        above 0.001 may be off by 1 % in float16 and by 5 % in bfloat16.
    """
    weights = _gaps_below_the_largest(x, dim).exp()
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def log_softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    """The logarithm of softmax(x, dim): x - log(sum of exp(x)) along one dimension.

    The same operations of torch are forbidden as in `softmax`, forward and backward. It may use
    the `softmax` above.

    Args:
        x: float32, float64, float16 or bfloat16, any shape, any strides; stays as it is.
        dim: the dimension of the sum; negative counts from the end.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x.

    Exactly:
        The shapes and numbers of x are those of `softmax`. A 0-d x gives 0. Where the share is
        too small for the dtype its logarithm is still a number: that of [0., -200.] is about
        [0., -200.]. For two large equal numbers, such as [1e30, 1e30], it is [-0.6931, -0.6931].

        For -inf the result is -inf. The gradient of such an entry is not judged. The gradients of
        the finite ones beside it are right where what is computed from the results leaves out
        those of -inf.

        The result may be off by this much, and by this part of itself: 1e-5 in float32, 1e-13 in
        float64, 1 % in float16, 5 % in bfloat16.
    """
    gaps = _gaps_below_the_largest(x, dim)
    return (gaps - gaps.exp().sum(dim, keepdim=True).log()).to(x.dtype)
