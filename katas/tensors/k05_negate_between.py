"""Negate the elements between two bounds, in place.

A condition on a tensor gives a mask of bools. A mask can choose what is read, and what is written.

    x = tensor([1., 2., 3., 4., 5.]);  rest = x[2:]
    negate_between_(x, 2, 4)   ->  x itself, which now holds [1., -2., -3., -4., 5.]
    rest                       ->  tensor([-3., -4., 5.])

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
