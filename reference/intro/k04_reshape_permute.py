"""Reshape a tensor, then permute its dimensions.

`x.reshape(2, 3)` (or `x.view(2, 3)`) puts the numbers into rows, in their order in memory.
`permute(1, 0)` swaps the dimensions by swapping the strides, so column 0 of rows becomes row 0.
Both only make a new description of the same memory: sizes, strides and an offset.

The common wrong answer for the permutation is `rows.reshape(3, 2)`: the shape is right, but the
numbers stay in their order, [[1, 2], [3, 4], [5, 6]], and no axis was swapped. `resize_` changes x
itself.
"""

import torch

HINTS = (
    "Write the six numbers down as (2, 3); then write its columns as rows. Is that a reshape?",
    "One operation keeps the order of the numbers; the other changes the order of the axes.",
    "The second one takes the new order of the dimensions: which old dimension comes first?",
)


def reshape_and_permute(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A vector as a matrix, and that matrix with its two dimensions swapped.

    Args:
        x: shape (6,), any dtype. It keeps its shape and its values.

    Returns:
        The tuple (rows, permuted). rows: shape (2, 3), the numbers of x in their order.
        permuted: shape (3, 2), with permuted[j, i] = rows[i, j].

    Exactly:
        x is contiguous. Both results are views: they lie in x's memory, so a write to x is seen
        in both. Gradients reach x through both.
    """
    rows = x.reshape(2, 3)
    return rows, rows.permute(1, 0)
