"""Swap two rows of a tensor in place.

In Python, `a[i], a[j] = a[j], a[i]` swaps two items of a list. Rows of a tensor are no items of a
list: `x[i]` is a view, a window on x's memory.

    x = tensor([[1, 2], [3, 4], [5, 6]])
    swap_rows_(x, 0, -1)  ->  x itself, which now holds [[5, 6], [3, 4], [1, 2]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
