"""Take the first row of a matrix.

A view of the first row of x.

    first_row(tensor([[1., 2.], [3., 4.]]))  ->  tensor([1., 2.])
"""

import torch


def first_row(x: torch.Tensor) -> torch.Tensor:
    """The first row of x, as a view.

    Args:
        x: a tensor of shape (rows, columns).

    Returns:
        a tensor of shape (columns,) in the memory of x.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
