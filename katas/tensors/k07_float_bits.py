"""See the bits of floats.

A float32 is 32 bits in memory: 1 for the sign, 8 for the exponent, 23 for the fraction. Read as an
int32, the same 32 bits are another number, and nothing in memory changes for that.

    float_bits(tensor([1.0, -2.0, 0.0]))  ->  [1065353216, -1073741824, 0], int32
    hex(1065353216)                       ->  0x3f800000, the bits of 1.0

What holds for every kata stands in katas/README.md.
"""

import torch


def float_bits(x: torch.Tensor) -> torch.Tensor:
    """The 32 bits of each float32 of x, seen as an int32, in x's own memory.

    Args:
        x: float32 of any shape, also 0-d or empty, any strides, also expanded; stays as it is.

    Returns:
        An int32 view of x with its shape and device: each element is the integer that has the
        same 32 bits (in two's complement, so a negative float is a negative integer). Nothing is
        copied: what is written to x afterwards shows in the view, and the other way round.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
