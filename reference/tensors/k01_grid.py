"""Make a grid of coordinates, on the device and in the dtype that are asked for.

h points from 0 to 1 with both ends lie 1 / (h - 1) apart, so the coordinate of row i is
i / (h - 1); a single row would divide by 0, and is 0. Each function that makes a tensor takes
`device=` and `dtype=`: what is made there, in that dtype, need not be moved or converted.

`torch.linspace(0, 1, h, device=device, dtype=dtype)` gives the same coordinates, and
`torch.meshgrid(rows, columns, indexing="ij")` the grid. The common wrong answer leaves device and
dtype to torch's defaults, float32 on the CPU, or converts to float64 only at the end, when the
digits are lost already. The other one divides by h, and never reaches 1.
"""

import torch

HINTS = (
    "How many steps lead from the first of h points to the last one?",
    "Which arguments do torch.arange and torch.linspace take besides the numbers?",
    "Make the h row coordinates and the w column coordinates first: only h + w numbers differ.",
    "rows[:, None].expand(h, w) repeats a row coordinate along its row; torch.stack puts pairs.",
)


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
    return torch.stack(
        (
            _line(h, device, dtype)[:, None].expand(h, w),
            _line(w, device, dtype)[None, :].expand(h, w),
        ),
        dim=-1,
    )


def _line(n: int, device: str | torch.device, dtype: torch.dtype) -> torch.Tensor:
    """n points from 0 to 1; float64 on the way, as float16 cannot even count to 2049."""
    return (torch.arange(n, device=device, dtype=torch.float64) / max(n - 1, 1)).to(dtype)
