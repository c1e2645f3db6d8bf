"""Move the channels of images to the end.

PyTorch keeps a batch of images as (batch, channels, height, width), plotting libraries want
(height, width, channels). Which number belongs to which pixel stays as it is, and so does its
place in memory: only the description of that memory changes.

    x = tensor([[[[1., 2.]], [[10., 20.]]]])      # one image, two channels, 1 by 2 pixels
    nchw_to_nhwc(x)  ->  [[[[1., 10.], [2., 20.]]]]   # 1 by 2 pixels, each with its two channels

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
