"""Make a checkerboard.

Zeros and ones take turns along each row and down each column, from a 0 in the upper left corner.
A mask like this splits a grid into two halves that can be updated one after the other, and it is a
good exercise in thinking of a whole grid at once.

    checkerboard(2, 3, "cpu")  ->  [[0, 1, 0], [1, 0, 1]]

What holds for every kata stands in katas/README.md.
"""

import torch


def checkerboard(rows: int, cols: int, device: str | torch.device) -> torch.Tensor:
    """A checkerboard of zeros and ones.

    Args:
        rows: the number of rows, 1 or more, odd or even.
        cols: the number of columns, 1 or more, odd or even.
        device: where the tensor shall lie, such as "cpu", "cuda" or `torch.device("cuda", 0)`.

    Returns:
        An int64 tensor of shape (rows, cols) on `device`. The corner [0, 0] holds 0, and two
        numbers side by side, or one below the other, are never the same.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
