"""Make a checkerboard.

The number at [i, j] is (i + j) % 2: one step to the side or down changes it. A column of row
numbers, shape (rows, 1), plus a row of column numbers, shape (cols,), broadcasts to the whole grid
of sums, for every size, without a loop.

The common wrong answers fit some sizes only: a board of whole 2 x 2 tiles has an even number of
rows and columns, and `torch.arange(rows * cols) % 2`, reshaped, gives stripes wherever a row has an
even number of columns, since then each row begins anew with 0.
"""

import torch

HINTS = (
    "Write a board of 3 rows and 4 columns down: what do [i, j] with a 0 have in common?",
    "torch.arange makes the row numbers, and the column numbers; keep both on `device`.",
    "A column of shape (rows, 1) and a row of shape (cols,) broadcast to (rows, cols).",
)


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
    row = torch.arange(rows, device=device).unsqueeze(1)
    col = torch.arange(cols, device=device)
    return (row + col) % 2
