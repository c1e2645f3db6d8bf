"""Negate the elements between two bounds, in place.

`torch.where` chooses element by element between -x and x, and `x.copy_` writes that into the memory
of x. The other way is by the mask: `x[inside]` makes a copy of the elements where it is True, as
they may lie anywhere, but `x[inside] = …` writes, and so does `x[inside] *= -1`, which Python takes
apart into both: a copy is read, multiplied, and written back.

The common wrong answers work on `x.clone()`, which leaves the caller's x as it was, or call
`x[inside].neg_()`, which negates in place what is a copy, and drops it. `x - 2 * x * inside` makes
NaN of an infinite element outside, as inf * 0 is NaN.
"""

import torch

HINTS = (
    "Which of x >= low and x <= high must hold? & joins two masks element by element.",
    "A mask chooses elements. Is x[mask] a view or a copy? Write to it, and look at x.",
    "What is the difference between x[mask].neg_() and an assignment to x[mask]?",
    "Once the mask is there, one assignment to x[mask], or one in-place method of x, is enough.",
)


def negate_between_(x: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Turn the sign of each element from low to high, in place.

    Args:
        x: float or signed integer dtype, any shape, () and empty ones too, any strides under which
            no two elements overlap. Afterwards it holds, in the memory that it had, -e for each
            element e with low <= e <= high, both bounds included. Every other element stays as it
            is, infinite ones too, and NaN, which lies in no interval. What lies between the
            elements in memory stays as well.
        low, high: numbers, ints or floats, infinite ones too; for an integer x, an int is one that
            its dtype holds. A float may be rounded as torch does to compare it: to x's dtype, or
            to float32 for an integer x. Where low is above high, x stays as it is.

    Returns:
        x itself, the same object, of the same dtype.
    """
    return x.copy_(torch.where((x >= low) & (x <= high), -x, x))
