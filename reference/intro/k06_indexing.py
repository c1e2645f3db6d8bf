"""Take rows and columns out of a matrix.

In `x[:, 1]` the colon takes all rows and the 1 takes the second column, since counting begins at 0.
A number drops its dimension, so the column has the shape (3,). `x[0]` is short for `x[0, :]`. In
`x[:2, -1]` the slice takes the rows 0 and 1, its end is left out, and -1 is the last column. All
three are views: the same memory with another offset, other sizes and other strides.

The common wrong answers: `x[1]` is the second row, since the first index counts rows; `x[:, 2]` is
the third column; `x[:, 1:2]` has the shape (3, 1), since a slice keeps its dimension; `x[:2][-1]`
indexes the rows once more and is the second row; `x.view(-1)[1::4]` works only for a contiguous x.
"""

import torch

HINTS = (
    "Which of the two indices chooses the row, which the column, and where does counting begin?",
    "A colon alone takes everything along its dimension. For which of the two do you need that?",
    "A slice a:b begins at a and ends before b; a negative number counts from the end.",
    "Compare x[0:1, 2], x[0, 2:3] and x[0, 2]: which dimensions are left in each?",
)


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
    return x[:, 1]


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
    return x[0]


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
    return x[:2, -1]
