"""Take rows and columns out of a matrix.

`x[i, j]` is one number: i chooses the row, j the column, and both count from 0. A slice in the
place of a number chooses several. A number drops its dimension, a slice keeps it.

    x = tensor([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]])
    second_column(x)                  ->  [2, 6, 10]
    first_row(x)                      ->  [1, 2, 3, 4]
    last_column_of_first_two_rows(x)  ->  [4, 8]

What holds for every kata stands in katas/README.md.
"""

import torch


def second_column(x: torch.Tensor) -> torch.Tensor:
    """The second column of a matrix.

    Args:
        x: shape (3, 4). It stays as it is.

    Returns:
        Shape (3,), with x's dtype and device: the second number of each row, from the first row
        to the last.

    Exactly:
        x has any float, int or bool dtype, and any strides. The result may be a view of x or a
        copy, recorded by autograd or not.
    """
    raise NotImplementedError


def first_row(x: torch.Tensor) -> torch.Tensor:
    """The first row of a matrix.

    Args:
        x: shape (3, 4). It stays as it is.

    Returns:
        Shape (4,), with x's dtype and device: the numbers of the first row, in their order.

    Exactly:
        x has any float, int or bool dtype, and any strides. The result may be a view of x or a
        copy, recorded by autograd or not.
    """
    raise NotImplementedError


def last_column_of_first_two_rows(x: torch.Tensor) -> torch.Tensor:
    """The last column of a matrix, of its first two rows only.

    Args:
        x: shape (3, 4). It stays as it is.

    Returns:
        Shape (2,), with x's dtype and device: the last number of the first row, then that of
        the second row.

    Exactly:
        x has any float, int or bool dtype, and any strides. The result may be a view of x or a
        copy, recorded by autograd or not.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
