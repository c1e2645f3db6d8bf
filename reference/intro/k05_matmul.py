"""Multiply two matrices.

`x @ w` is short for `torch.matmul(x, w)`: the inner sizes (2, 3) by (3, 3) meet, and the outer ones
remain. Autograd knows the product: the gradient of x is `g @ w.T`, that of w is `x.T @ g`.

The common wrong answers: `x * w` multiplies element by element (here the shapes don't even fit),
and `x @ w.T` multiplies rows by rows. As w is square, that raises nothing, and a symmetric w hides
it. It is what `torch.nn.functional.linear(x, w)` computes, since a linear layer stores its weight
transposed.
"""

import torch

HINTS = (
    "Write down result[0, 1] by hand: which row of x meets which column of w?",
    "Python has an operator for the matrix product; it is not `*`.",
    "Torch's documentation lists the product of matrices under 'BLAS and LAPACK operations'.",
)


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
    return x @ w
