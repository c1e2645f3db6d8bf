"""See the bits of floats.

A tensor is memory and a description of it: dtype, shape, strides, offset. `x.view(torch.int32)` is
a new description of the same memory. Both dtypes have 4 bytes per element, so that shape and
strides may stay whatever they are, and nothing is read, written or copied.

The common wrong answer is `x.to(torch.int32)`. It converts the numbers, 1.5 to 1, and puts them
into new memory with other bits. So does `x.int()`. Two methods with similar arguments, and one
changes what the bits are, the other one what they mean.
"""

import torch

HINTS = (
    "No bit has to change: what must change is how they are read.",
    "A tensor describes its memory by dtype, shape, strides and offset. Which of these differs?",
    "x.view(2, 3) describes x's memory by another shape; view takes something else as well.",
)


def float_bits(x: torch.Tensor) -> torch.Tensor:
    """The 32 bits of each float32 of x, seen as an int32, in x's own memory.

    Args:
        x: float32 of any shape, also 0-d or empty, any strides, also expanded; stays as it is.

    Returns:
        An int32 view of x with its shape and device: each element is the integer that has the
        same 32 bits (in two's complement, so a negative float is a negative integer). Nothing is
        copied: what is written to x afterwards shows in the view, and the other way round.
    """
    return x.view(torch.int32)
