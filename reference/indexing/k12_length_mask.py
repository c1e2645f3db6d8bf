"""Mark the positions of each row that are filled.

Position p of a row is among its first n exactly if p < n, since positions count from 0. One row of
positions, shape (max_length,), compared with one column of lengths, shape (B, 1), broadcasts to
(B, max_length): every position with every length, in one operation and without a loop.

The common wrong answer is `positions <= lengths`: it marks one position too many, which in a
model is the first of the padding, and for a row of length 0 it marks something where nothing is.
The other one forgets `device=lengths.device`: `arange` makes its positions on the CPU.
"""

import torch

HINTS = (
    "Write 0, 1, 2, 3 above a row of the mask for length 2. Which of these positions are True?",
    "Every position is compared with every length: what shapes broadcast to (B, max_length)?",
    "The positions are torch.arange(max_length), on the device of lengths.",
    "`lengths[:, None]` has the shape (B, 1): a column, that broadcasts along the rows.",
)


def length_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    """The mask of the first `lengths[b]` positions in each row b.

    Args:
        lengths: shape (B,) with B at least 1, int64, each from 0 to max_length; any strides;
            stays as it is.
        max_length: the length of each row, at least 0, whatever the longest of lengths is.

    Returns:
        A bool tensor of shape (B, max_length) on the device of lengths: in row b the first
        `lengths[b]` elements are True, and all others False.
    """
    positions = torch.arange(max_length, device=lengths.device)
    return positions < lengths[:, None]
