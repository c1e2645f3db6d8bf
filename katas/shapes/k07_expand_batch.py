"""Repeat a tensor along a new batch dimension, without new memory.

A stride says how far it is in memory from one element to the next along a dimension. With a stride
of 0 it is no way at all: all elements along that dimension are one and the same.

    x = tensor([[1., 2., 3.], [4., 5., 6.]])
    y = tile_batch(x, 1000)
    y.shape     ->  (1000, 2, 3), and each y[i] is x
    y.stride()  ->  (0, 3, 1): no number was copied

What holds for every kata stands in katas/README.md.
"""

import torch


def tile_batch(x: torch.Tensor, batch: int) -> torch.Tensor:
    """A tensor repeated along a new first dimension, in its own memory.

    Args:
        x: any shape (0-d and empty too), any dtype, any strides; stays as it is.
        batch: how often, at least 0.

    Returns:
        Shape (batch, *x.shape), with x's dtype and device, and result[i] equal to x for each i.
        A view of x, whatever x's strides: no number is copied, and the new first dimension has
        stride 0 (any stride does where it has a size of 0 or 1, or where x is empty). Gradients
        reach x.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
