"""Number the segments that a tensor of lengths describes, without a loop.

`repeat_interleave` repeats each element as often as its own count says; called with the counts
alone it repeats their indices, and that is all. (By hand: the segment of the place p is the number
of segments that end at p or before, which `searchsorted` finds in the cumulative sums.)

The common wrong answer is a loop in Python that appends each number: on a GPU each length that it
reads waits for all work to end. Another one puts a 1 at each place where a segment begins, and adds
up: an empty segment begins where the next one does, and two at one place count only once.
"""

import torch

HINTS = (
    "What would you write for lengths that are all the same, for [3, 3, 3]?",
    "Which function of torch repeats elements, each next to itself? How often may differ.",
    "Or by cumulative sums: how many segments have ended at the place p, or before?",
)


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
    return torch.repeat_interleave(lengths)
