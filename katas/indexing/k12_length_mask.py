"""Mark the positions of each row that are filled.

Sequences of unequal length are kept in one tensor as rows of one length, of which only the first
so many positions mean something. A mask says which: True where there is something, False after it.

    length_mask(tensor([2, 0, 3]), 4)
    ->  [[True, True, False, False], [False, False, False, False], [True, True, True, False]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
