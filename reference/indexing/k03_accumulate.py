"""Add rows to the rows of a buffer, several of them to one.

`index_add_(0, index, source)` takes the rows of source one after the other and adds each to the
buffer row that its index names. Rows that go to the same place all arrive. It writes into the
buffer's own memory, whatever its strides, and makes no new tensor.

The common wrong answer is `buffer[index] += source`. Python reads it as three steps: take the rows
buffer[index] out as a copy, add source to them, write them back. A row that is named twice is taken
out twice with its old numbers, and what is written back last is all that remains.
"""

import torch

HINTS = (
    "What happens to two source rows with the same index? Both are to arrive.",
    "buffer[index] += source reads old rows, adds, and writes back: the last one written wins.",
    "Some in-place methods take a dimension, an index and a source, and add where index repeats.",
    "index_put_ adds up with accumulate=True; index_add_ does so along one dimension.",
)


def accumulate_(buffer: torch.Tensor, index: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Add each row of source to the row of buffer that its index names, in place.

    A row is what one index into the first dimension gives: a number, a row of numbers, a matrix …

    Args:
        buffer: shape (n, …), float or int, any strides without overlap; holds the sums
            afterwards, in the memory that it had, so that views of it made before see them too.
        index: shape (m,), int64, from 0 to n - 1, in any order, any of them several times or not
            at all; m may be 0. Stays as it is.
        source: shape (m, …), with buffer's dtype, and with its shape after the first dimension;
            any strides, other memory than buffer's. Stays as it is. Row i is added to
            buffer[index[i]], and to no other row, also where it holds inf or NaN.

    Returns:
        buffer itself, the same object. All three lie on one device, and none requires grad.
    """
    return buffer.index_add_(0, index, source)
