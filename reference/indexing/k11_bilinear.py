"""Join two vectors by a matrix for each output.

`einsum` names the dimensions: "bi,oij,bj->bo" says that b stays in step in x and y, that o comes
from w, and that i and j, which are not in the result, are summed over. One letter tells where each
size belongs, so nothing has to be transposed. `torch.nn.functional.bilinear(x, y, w)` is the same
map, and `torch.nn.Bilinear` keeps w and a bias as its parameters.

The common wrong answer exchanges i and j, as in `y @ w[o] @ x`. Where both sizes are equal nothing
raises, and a symmetric w hides it. Another is to broadcast all three to (B, o, i, j) and to sum:
right, but it fills memory with B * o * i * j numbers, of which only sums are needed.
"""

import torch

HINTS = (
    "Take one sample and one output: x[b] is a vector, w[o] a matrix, y[b] a vector. What joins?",
    "x[b] @ w[o] has a size j: which vector fits it now?",
    "b is in x and y and in the result; o comes from w; i and j are gone: summed over.",
    "torch.einsum takes one letter for each dimension of each tensor, and the letters that stay.",
)


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
    return torch.einsum("bi,oij,bj->bo", x, w, y)
