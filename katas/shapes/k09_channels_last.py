"""Store images with the channels last, and keep their shape.

PyTorch writes images as (N, C, H, W). In memory they may lie in another order: channels last means
that the C numbers of one pixel lie side by side, which convolutions like. The order in memory shows
in the strides only; every index means what it meant before.

    x = zeros(2, 3, 4, 5)
    x.stride()              ->  (60, 20, 5, 1): along a row, pixel after pixel
    y = to_channels_last(x)
    y.shape, y.stride()     ->  (2, 3, 4, 5), (60, 1, 15, 3): channel after channel

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
