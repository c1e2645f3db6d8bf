"""Collate samples of unequal length into a batch: padded, with lengths, a mask and labels.

The mask comes from the lengths. `padded != padding_value` looks as good, but a real entry may be
equal to the padding: a 0 in a sound, or the end of a text that is padded with its own end token.
That place would then be hidden from attention and from the loss.

Rounding up is -(-n // m) * m: division rounds down, of a negative number too. `n // m + 1` would
give a full multiple one more.

In practice one calls `torch.nn.utils.rnn.pad_sequence(..., batch_first=True)`, or
`DataCollatorWithPadding` in Transformers.
"""

from collections.abc import Sequence

import torch

HINTS = (
    "Which numbers of the result follow from the lengths alone?",
    "`positions < lengths`, a row against a column, is the mask.",
    "`-(-longest // m) * m` rounds up to a multiple of m, and leaves a multiple as it is.",
    "`new_full` on a sequence makes a tensor of its dtype and device; copy the sequences into it.",
    "Tensors that are made of Python numbers need dtype and device by name.",
)


def collate_padded(
    samples: Sequence[tuple[torch.Tensor, int]],
    padding_value: float = 0,
    pad_to_multiple_of: int = 1,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A batch of samples: sequences padded behind, their lengths, a mask, and their labels.

    A DataLoader calls it with a list of samples when it is given as `collate_fn`.

    Args:
        samples: B pairs of a sequence and its label. Sequence i has the shape (L_i, *F): L_i is at
            least 0, F is the same for all of them, with sizes of at least 1, or empty. Their dtype
            is one for all: float32, float64, float16, bfloat16, int64, int32 or uint8; so is their
            device. Any strides. A label is an int that int64 can hold.
        padding_value: a number that the dtype can hold; for ints it is an int, not beyond 2**53.
            For floats it may be inf or NaN.
        pad_to_multiple_of: at least 1.

    Returns:
        padded: shape (B, L, *F), the sequences' dtype: sequence i, then padding_value.
        lengths: shape (B,), int64: the numbers L_i.
        mask: shape (B, L), bool: True where row i holds an entry of sequence i, False behind it.
        labels: shape (B,), int64.

        All four are new tensors on the sequences' device, in the order of samples.

    Raises:
        ValueError: there are no samples.

    Exactly:
        L is the smallest multiple of pad_to_multiple_of that is not below any L_i; it is 0 where
        all sequences are empty. An entry that equals padding_value is an entry all the same: mask
        is True there. samples, a list or a tuple, stays as it is, and so do the sequences.
    """
    if not samples:
        raise ValueError("there are no samples to collate")
    sequences = [sequence for sequence, _ in samples]
    first = sequences[0]
    lengths = torch.tensor([len(one) for one in sequences], dtype=torch.int64, device=first.device)
    longest = max(len(one) for one in sequences)
    longest = -(-longest // pad_to_multiple_of) * pad_to_multiple_of
    padded = first.new_full((len(samples), longest, *first.shape[1:]), padding_value)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    mask = torch.arange(longest, device=first.device) < lengths.unsqueeze(1)
    labels = torch.tensor([label for _, label in samples], dtype=torch.int64, device=first.device)
    return padded, lengths, mask, labels
