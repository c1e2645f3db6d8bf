"""Reshape a tensor, then permute its dimensions.

Both look at the same six numbers in memory in another way and copy none of them. They do not do
the same: a reshape keeps the order of the numbers, a permutation swaps the axes.

    rows, permuted = reshape_and_permute(tensor([1., 2., 3., 4., 5., 6.]))
    rows      ->  [[1., 2., 3.], [4., 5., 6.]]
    permuted  ->  [[1., 4.], [2., 5.], [3., 6.]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
