"""Number the segments that a tensor of lengths describes, without a loop.

Sequences of different lengths are often kept one behind the other in one tensor, beside a tensor of
their lengths. Whoever wants a sum for each of them needs, for each element, the number of the
segment that it belongs to.

    segment_ids(tensor([2, 0, 3]))   ->  [0, 0, 2, 2, 2]

What holds for every kata stands in katas/README.md.
"""

import torch


def segment_ids(lengths: torch.Tensor) -> torch.Tensor:
    """The number of the segment of each element, for segments that lie one behind the other.

    Neither the number of operations nor of steps in Python grows with the number of lengths or
    with what they are: no loop in Python, be it over tensors or over numbers that `item` or
    `tolist` took out of them. A few numbers may be taken out, such as the largest or the sum.

    Args:
        lengths: int64 tensor of shape (n,), n at least 0, of numbers that are at least 0, any
            strides; stays as it is.

    Returns:
        An int64 tensor on the device of lengths, of shape (sum of the lengths,): the number i,
        counted from 0, as often as lengths[i] says, in ascending order. A segment of length 0 does
        not occur, but has its number. No element where there are no lengths, or all are 0.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
