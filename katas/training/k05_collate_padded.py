"""Collate samples of unequal length into a batch: padded, with lengths, a mask and labels.

Texts, sounds and molecules differ in length, and a batch is one tensor. A DataLoader leaves it to
its `collate_fn` to make one. Transformers calls this a data collator, which has the option
`pad_to_multiple_of` too: matrix products are faster in sizes that 8 divides. The mask tells
attention and the loss what is real.

    samples = [(tensor([5, 0, 7]), 1), (tensor([4]), 0)]
    collate_padded(samples, padding_value=0, pad_to_multiple_of=4)
    ->  padded   [[5, 0, 7, 0], [4, 0, 0, 0]]
        lengths  [3, 1]
        mask     [[True, True, True, False], [True, False, False, False]]
        labels   [1, 0]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Sequence

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
