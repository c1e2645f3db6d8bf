"""Move the channels of images to the end.

`permute(0, 2, 3, 1)` names the old dimensions in their new order: batch, height, width, channels.
It exchanges sizes and strides and touches no number, so it costs the same for every image, and
`permute(0, 3, 1, 2)` leads back. `movedim(1, -1)` says the same.

The common wrong answer is `x.reshape(n, h, w, c)`: the shape is right, but a reshape keeps the
numbers in their order, so that neighbours in a row become the channels of one pixel. A
`contiguous()` behind the permutation is right in its numbers, and copies every one of them.
"""

import torch

HINTS = (
    "Where has x[n, c, h, w] to be found in the result? Write down its index there.",
    "A reshape keeps the order of the numbers. Here the dimensions change their order.",
    "One method takes the old dimensions in their new order: the first to come is 0.",
    "Old dimension 1 is the last of the new ones; the others close up.",
)


def nchw_to_nhwc(x: torch.Tensor) -> torch.Tensor:
    """Images with their channels last, as a view.

    Args:
        x: shape (batch, channels, height, width), each size at least 1, any dtype, any strides;
            keeps its shape, its strides and its values.

    Returns:
        A view of x, whatever the strides of x are: it lies in x's memory, nothing is copied.
        Shape (batch, height, width, channels), with result[n, h, w, c] = x[n, c, h, w]. Gradients
        reach x.
    """
    return x.permute(0, 2, 3, 1)
