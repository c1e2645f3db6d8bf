"""Take the first row of a matrix.

`x[0]` is a view: it lies in the memory of x.
"""

import torch

HINTS = (
    "Rows are counted from 0.",
    "An index in brackets takes a row.",
    "x, then the number of the row in brackets.",
)


def first_row(x: torch.Tensor) -> torch.Tensor:
    """The first row of x, as a view.

    Args:
        x: a tensor of shape (rows, columns).

    Returns:
        a tensor of shape (columns,) in the memory of x.
    """
    return x[0]
