"""Put sequences of unequal length into one tensor.

`pad_sequence` makes one tensor full of the value and copies each sequence into its row: every
number is written once, and autograd knows the copies. `batch_first=True` gives (B, T, ...), since
by default time comes first. With `new_full` and `padded[b, :len(s)] = s` you write the same.

The common wrong answers: to cut all sequences to the shortest, which loses what they hold; to make
the tensor by `torch.full` alone, which is float32 and on the CPU whatever the sequences are; and to
build it from `tolist()`, through which no gradient gets back. Padding each one and stacking them is
right, and writes every number twice.
"""

import torch
from torch.nn.utils.rnn import pad_sequence

HINTS = (
    "How long is a row of the result, if nothing that came in may be lost?",
    "Start from a tensor that is full of value: which shape, which dtype, which device?",
    "A slice of a row can be assigned to, and autograd records it: padded[b, :t] = ...",
    "new_full on one of the sequences keeps dtype and device; torch.nn.utils.rnn can do it all.",
)


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
    if not sequences:
        raise ValueError("there are no sequences, so neither shape nor dtype is known")
    return pad_sequence(sequences, batch_first=True, padding_value=value)
