"""Look at a sequence through sliding windows.

A window of `size` numbers slides over the last dimension by `step` at a time. Where windows
overlap, a number is seen in several of them; in memory it can still be there just once, since
strides may step over the same place as often as they like.

    windows(tensor([1., 2., 3., 4., 5., 6.]), 3, 1)
        ->  [[1., 2., 3.], [2., 3., 4.], [3., 4., 5.], [4., 5., 6.]]
    windows(tensor([1., 2., 3., 4., 5., 6.]), 3, 2)
        ->  [[1., 2., 3.], [3., 4., 5.]]      # 6 is in no window that fits whole

What holds for every kata stands in katas/README.md.
"""

import torch


def windows(x: torch.Tensor, size: int, step: int) -> torch.Tensor:
    """All windows over the last dimension that fit whole, as a view.

    Args:
        x: shape (..., length), with any number of dimensions before the last, also none, each
            size at least 1, any dtype, any strides; keeps its shape, its strides and its values.
        size: how many numbers a window holds, from 1 to length.
        step: from the beginning of a window to that of the next, at least 1; may exceed size.

    Returns:
        A view of x, whatever the strides of x are: it lies in x's memory, and nothing is copied,
        on the way neither. Shape (..., n, size) with n = (length - size) // step + 1, and
        result[..., k, i] = x[..., k * step + i]. Gradients reach x.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
