"""Normalise the features of each token.

The mean is subtracted first, and the squares are made of what is left. E[x²] - E[x]² needs one
pass less, but far from 0 both are large, and their difference has no digit left in float32. eps
stands under the root: it keeps the gradient of the root finite where a row is constant.

In 16 bits, 300² is inf in float16, and a sum of many numbers loses its digits in bfloat16. So they
are computed in float32, and only the result goes back. float64 is wide enough already.
"""

import torch

HINTS = (
    "Which dimension is normalised? And what shape must the mean have, to be subtracted from x?",
    "Subtract the mean before you square, and divide the sum of squares by D.",
    "300 squared is inf in float16: in which dtype do you compute, and in which do you return?",
    "eps belongs under the root, together with the variance.",
)


def layer_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: float = 1e-5,
) -> torch.Tensor:
    """Each row of x with mean 0 and variance 1, then scaled and shifted.

    Along the last dimension: (x - mean) / sqrt(variance + eps) * weight + bias. The variance is
    the mean of the squares of x - mean (it divides by D, not by D - 1).

    It is made of other operations: torch's own norm layers (`layer_norm`, `batch_norm` and the
    like), under whatever name, are forbidden, forward and backward.

    Args:
        x: shape (..., D), D at least 1; float32, float64, float16 or bfloat16, any strides; stays
            as it is.
        weight: shape (D,), x's dtype and device; None stands for ones.
        bias: shape (D,), x's dtype and device; None stands for zeros. Each of the two may come
            alone.
        eps: a number above 0.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x, weight and bias.

    Exactly:
        float32: the result is within 0.01 also where the mean of a row is 10,000 times as large
        as its deviation. float64 makes no detour by float32.

        float16 and bfloat16: the numbers of x may be as large as 60,000, so compute in float32.
        The result has x's own dtype, and is within 1 % (bfloat16: 5 %) or 0.01 of the right one.
    """
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    centred = wide - wide.mean(-1, keepdim=True)
    variance = (centred**2).mean(-1, keepdim=True)
    result = centred / torch.sqrt(variance + eps)
    if weight is not None:
        result = result * weight
    if bias is not None:
        result = result + bias
    return result.to(x.dtype)
