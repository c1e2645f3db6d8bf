"""Swap two rows of a tensor in place.

`x[[j, i]]` picks rows by a list of numbers, and that makes a copy: both old rows are safe before
`x[[i, j]] = ...` writes the first of them. The write goes into the memory that x has, whatever its
strides, and negative numbers count from the end as everywhere.

The common wrong answer is `x[i], x[j] = x[j], x[i]`. It swaps items of a list, but here the right
side makes two views and no copy. Once row i is overwritten, the view of it shows the new numbers,
and these go into row j: one row is there twice, the other one is lost. `tmp = x[i]` is a view too;
`x[i].clone()` is the copy that it takes.
"""

import torch

HINTS = (
    "Print x after your first write: is the row that you still need there in full?",
    "x[i] with a plain number is a view: it shows what is in memory now, not what was there.",
    "At least one of the two rows must be copied before it is overwritten.",
    "x[[0, 2]], with a list of rows, makes a copy, and such a list may also stand left of `=`.",
)


def swap_rows_(x: torch.Tensor, i: int, j: int) -> torch.Tensor:
    """Two rows of x, exchanged in x's own memory.

    Args:
        x: shape (n, d) or more dimensions, where row i is `x[i]`; float, complex, signed integer,
            uint8 or bool; any strides without overlap. The two rows change places, exactly as
            they are, in the memory that x had, so that views of x made before see it; all else
            stays as it is.
        i: a row from -n to n - 1; a negative one counts from the end.
        j: likewise; it may be the same row as i, and then nothing changes.

    Returns:
        x itself, the same object.
    """
    x[[i, j]] = x[[j, i]]
    return x
