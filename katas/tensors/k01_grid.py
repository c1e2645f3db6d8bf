"""Make a grid of coordinates, on the device and in the dtype that are asked for.

Each point of the grid holds its row and its column coordinate, from 0 at the first to 1 at the
last. Networks that draw or warp pictures are given such grids.

    grid(3, 2, "cpu", torch.float64)  ->
        [[[0.0, 0.], [0.0, 1.]],
         [[0.5, 0.], [0.5, 1.]],
         [[1.0, 0.], [1.0, 1.]]]     a float64 tensor of shape (3, 2, 2)

What holds for every kata stands in katas/README.md.
"""

import torch


def grid(h: int, w: int, device: str | torch.device, dtype: torch.dtype) -> torch.Tensor:
    """The coordinates of the points of a grid of h rows and w columns, evenly spaced.

    Args:
        h: the number of rows, from 1 to 10 000.
        w: the number of columns, from 1 to 10 000.
        device: where the grid is to lie, a name or a torch.device.
        dtype: float16, bfloat16, float32 or float64.

    Returns:
        A tensor of shape (h, w, 2) on this device, of this dtype. At [i, j] it holds the row
        coordinate i / (h - 1) and the column coordinate j / (w - 1), in this order: they go from 0
        to 1, both ends included. The coordinate of a single row or column is 0. Each number lies
        in [0, 1], and differs from the exact one by at most torch.finfo(dtype).eps.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
