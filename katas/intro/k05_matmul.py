"""Multiply two matrices.

Each number of the result is a row of x times a column of w, multiplied element by element and
summed: `result[i, k] = sum over j of x[i, j] * w[j, k]`.

    x = tensor([[1., 2., 3.], [4., 5., 6.]])
    w = tensor([[1., 0., 1.], [0., 1., 1.], [0., 0., 1.]])
    matmul(x, w)  ->  [[1., 2., 6.], [4., 5., 15.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def matmul(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """The matrix product of x and w.

    Args:
        x: shape (2, 3), float32 or float64. It stays as it is.
        w: shape (3, 3), with x's dtype and device. It stays as it is.

    Returns:
        A new tensor of shape (2, 3) with x's dtype and device. Gradients reach x and w.

    Exactly:
        x and w may have any strides; inf and NaN may be among their numbers, and are multiplied
        and summed like others. The product is computed at the full precision of the dtype. A
        gradient reaches each of the two also if it alone requires grad.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
