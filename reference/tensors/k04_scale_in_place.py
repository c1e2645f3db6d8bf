"""Scale a tensor in place, and refuse what does not fit into its dtype.

`x.mul_(s)`, which `x *= s` calls, multiplies in the memory that x has, in any shape and with any
strides. The product of integers and a float would be a float, which that memory cannot hold, so
torch raises RuntimeError before it has written anything.

The common wrong answer is `x = x * s`: the numbers are right, but they lie in a new tensor, and
only the local name x moves to it. `x.copy_(x * s)` and `x[...] = x * s` write into x, by way of a
tensor that nobody needs, and cut off what follows the point of an integer x without a word.
"""

import torch

HINTS = (
    "Does the x that the caller holds change, or only what the name x means in your function?",
    "What does torch.tensor([1, 2]) * 0.5 give, and of which dtype is it?",
    "In-place methods end in an underscore, as add_ does; torch checks dtypes in them.",
)


def scale_(x: torch.Tensor, s: float) -> torch.Tensor:
    """Multiply a tensor by a number, in place.

    Args:
        x: float or integer dtype, any shape, () and empty ones too, any strides under which no two
            elements overlap. Holds the products afterwards, in the memory that it had, so that
            every view of x sees them; what lies between its elements stays as it is.
        s: a float, or an int. Unless it is to be refused, it is in the range of x's dtype.

    Returns:
        x itself, the same object, of the same dtype.

    Raises:
        RuntimeError: s is a float, be it a whole number like 2.0, and x is of an integer dtype,
            which does not hold the products. Nothing has changed in x then.
    """
    return x.mul_(s)
