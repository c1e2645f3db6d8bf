"""The rectified linear unit.

`x.clamp(min=0)` compares each element with 0 and takes the larger one: inf stays inf, -inf becomes
0, and the dtype is kept. `torch.relu`, `torch.where(x > 0, x, 0)` and `torch.maximum` with zeros do
the same.

The common wrong answer is `x * (x > 0)`, which multiplies by a mask of ones and zeros. It is right
until x overflows: -inf * 0 is NaN, not 0, and one NaN spoils the whole network behind it.
`(x + x.abs()) / 2` fails alike (-inf + inf), and overflows for large numbers. To choose is safe,
to multiply by 0 is not. `relu_` and `x[x < 0] = 0` write into x, which its owner still needs, and
often a gradient too. At 0 there is a corner, where every slope from 0 to 1 is as good as any other:
torch's own operations take 0, 0.5 or 1.
"""

import torch

HINTS = (
    "For each element there are two cases. What comes out in each of them?",
    "Compute -inf * 0 in Python: can a multiplication by a mask give 0 there?",
    "Look for an operation that bounds numbers from below, or one that chooses by a condition.",
    "In torch's documentation, compare `clamp`, `where` and `maximum`: each can do it alone.",
)


def relu(x: torch.Tensor) -> torch.Tensor:
    """The larger one of x and 0, for each element.

    Args:
        x: a tensor of floats. It stays as it is.

    Returns:
        A new tensor with x's shape, dtype and device: x where x is above 0, and 0 elsewhere.

    Exactly:
        x has any shape (0-d and empty too), any strides, and the dtype float16, bfloat16,
        float32 or float64. inf and -inf are among its numbers, NaN is not.

        The result is exactly x where x is above 0, and 0 (or -0.) elsewhere. It lies in memory
        of its own at each call, also where nothing had to change. Autograd records it if x
        requires grad: the gradient is 1 where x is above 0 (inf too), 0 where it is below (-inf
        too), and any number from 0 to 1 where it is 0.
    """
    return x.clamp(min=0)
