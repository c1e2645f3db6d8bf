"""Bend a line smoothly: the Gaussian error linear unit.

x is multiplied by the probability that a normal number is below it. That share is Phi(x), and erf
is Phi for another scale: erf(x / sqrt(2)) = 2 Phi(x) - 1. Without sqrt(2) the bend is too sharp.

erf was slow on early hardware, so an approximation by tanh was taken for some models, and has to be
kept for their weights. x * sigmoid(1.702 * x) is a third form, less close, and is called "quick
GELU" (CLIP takes it).

In practice one calls `F.gelu(x, approximate=...)`, which does it all in one pass.
"""

import math

import torch

HINTS = (
    "torch has the error function and tanh: both forms can be written down as they stand.",
    "erf(x / sqrt(2)) goes from -1 to 1; Phi goes from 0 to 1. And x stands before Phi.",
    "Which strings are allowed? Ask for them one by one, so that no other falls into the last way.",
)


def gelu(x: torch.Tensor, approximate: str = "none") -> torch.Tensor:
    """x times the share of a normal distribution that lies below x.

    With `"none"`: x * Phi(x), where Phi(x) = (1 + erf(x / sqrt(2))) / 2 and erf is the error
    function.

    With `"tanh"`: 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x³))), which is close to that.

    It is made of other operations: torch's own `gelu`, under whatever name and by way of whatever
    layer, is forbidden, forward and backward.

    Args:
        x: float32, float64, float16 or bfloat16, any shape (0-d and empty too), any strides; stays
            as it is.
        approximate: `"none"` or `"tanh"`. Any other string raises ValueError, for an empty x too.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x.

    Exactly:
        float32 and float64: the numbers of x may be as large as 1e10 in size; the result and the
        gradient are finite. A result may be off by 1e-6 and by 1e-5 of itself in float32, and by
        1e-12 and by 1e-12 of itself in float64.

        float16 and bfloat16: the numbers of x may be as large as 100 in size. A result may be off
        by 0.01 and by 1 % of itself (bfloat16: 5 %). Of gradients only those for x from -4 to 4
        are asked for.

        There is no inf and no NaN in x.
    """
    if approximate == "none":
        share = (1 + torch.erf(x / math.sqrt(2))) / 2
    elif approximate == "tanh":
        share = (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    else:
        raise ValueError(f'approximate is "none" or "tanh", not {approximate!r}')
    return x * share
