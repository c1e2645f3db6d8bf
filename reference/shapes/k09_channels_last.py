"""Store images with the channels last, and keep their shape.

A memory format is an order of the dimensions in memory, from outermost to innermost: N, H, W, C for
channels last. `x.contiguous(memory_format=torch.channels_last)` copies the numbers into that order
and sets the strides so that the shape stays (N, C, H, W); an x that has it already comes back
itself. `x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)` is the same by hand.

The common wrong answer stops half way: `x.permute(0, 2, 3, 1).contiguous()` has the right order in
memory, but also the shape (N, H, W, C). A `view` to (N, H, W, C) gives the numbers new places.
`x.to(memory_format=torch.channels_last)` does it too, with one gap: it takes a part cut out of a
channels-last tensor, such as y[..., ::2], for finished, and returns it as it is.
"""

import torch

HINTS = (
    "Shape and order in memory are two things: which of them is to change?",
    "`contiguous()` copies into the usual order, the last dimension innermost. Has it an option?",
    "By hand: bring C to the end, copy, and bring it back without a copy.",
    "torch.channels_last is a memory format; several methods take a `memory_format`.",
)


def to_channels_last(x: torch.Tensor) -> torch.Tensor:
    """The same images, with the channels last in memory.

    Args:
        x: shape (N, C, H, W), each size at least 1, any dtype, any strides (except those of a
            part that was cut out of a channels-last tensor); stays as it is.

    Returns:
        The same shape, dtype, device and values, so that result[n, c, h, w] = x[n, c, h, w], and
        `result.is_contiguous(memory_format=torch.channels_last)` is True. x itself, a view of it
        or a new tensor: where x lies in that order already, all are fine. Gradients reach x.
    """
    return x.contiguous(memory_format=torch.channels_last)
