"""Join two vectors by a matrix for each output.

A bilinear map takes two vectors and is linear in each. Output o has a matrix w[o] of its own, and
`x · w[o] · y` is one number: every product of an x[i] and a y[j], weighted by w[o, i, j], summed.

    x = tensor([[1., 2.]]);  y = tensor([[3., 4.]])         # a batch of one sample
    w = tensor([[[1., 0.], [0., 1.]], [[0., 1.], [0., 0.]]])  # two outputs
    bilinear(x, w, y)  ->  [[11., 4.]]     # 1 * 3 + 2 * 4, and 1 * 4

What holds for every kata stands in katas/README.md.
"""

import torch


def bilinear(x: torch.Tensor, w: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The bilinear map w applied to each pair of rows of x and y.

    All sizes are at least 1. The three share a dtype, float32 or float64, and a device; they may
    have any strides, and stay as they are.

    Args:
        x: shape (B, i).
        w: shape (o, i, j).
        y: shape (B, j).

    Returns:
        A tensor of shape (B, o) with their dtype and device, computed at the precision of that
        dtype: result[b, o] is the sum over i and j of x[b, i] * w[o, i, j] * y[b, j].
        Gradients reach x, w and y, each of them also if it alone requires grad.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
