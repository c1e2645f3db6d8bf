"""Put sequences of unequal length into one tensor.

A batch is one tensor, and a tensor has no ragged edge. Each sequence becomes a row, and rows that
are shorter than the longest are filled up behind with one value.

    pad_sequences([tensor([1., 2.]), tensor([3., 4., 5.]), tensor([])], -1.0)
    ->  [[1., 2., -1.], [3., 4., 5.], [-1., -1., -1.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def pad_sequences(sequences: list[torch.Tensor], value: float) -> torch.Tensor:
    """The sequences as rows of one tensor, filled up behind with value.

    Args:
        sequences: B tensors of shape (t_b, ...): each t_b at least 0, all that follows the same
            for all of them, in sizes of at least 1. One dtype (float, int or bool) and one
            device, any strides. The list and its tensors stay as they are.
        value: a number that the dtype can hold, as an int not beyond 2**53; infinity and NaN too
            where it is a float.

    Returns:
        A new tensor of shape (B, T, ...) with the dtype and device of the sequences and T the
        largest t_b, in memory of its own, also for a single sequence. Row b holds sequences[b]
        in its first t_b places and value in the others. Gradients reach each sequence that has
        elements, also if it alone requires grad.

    Raises:
        ValueError: the list is empty.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
