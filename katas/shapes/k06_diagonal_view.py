"""See the diagonal of a matrix, and write to it.

A step along the diagonal is one row down and one column to the right at once, so in memory it is
always equally long. The diagonal is a view like any other, and writing to it writes to the matrix.

    x = tensor([[1., 2., 3.], [4., 5., 6.]])
    diagonal_view(x)                   ->  [1., 5.], in x's memory
    diagonal_(x, 0.)                   ->  x itself, now [[0., 2., 3.], [4., 0., 6.]]
    diagonal_(x, tensor([7., 8.]))     ->  x itself, now [[7., 2., 3.], [4., 8., 6.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def diagonal_view(x: torch.Tensor) -> torch.Tensor:
    """The main diagonal of a matrix, as a view.

    Args:
        x: shape (n, m), square or not, any dtype, any strides; stays as it is.

    Returns:
        Shape (min(n, m),), with x's dtype and device: x[0, 0], x[1, 1] and so on. A view of x,
        so that a write to x is seen in it, and a write to it in x. Gradients reach x.
    """
    raise NotImplementedError


def diagonal_(x: torch.Tensor, value: float | torch.Tensor) -> torch.Tensor:
    """Set the main diagonal of a matrix, in place.

    Args:
        x: shape (n, m), square or not, float, int or bool, any strides without overlap. Its
            diagonal holds the value afterwards, in the memory that it had, whatever was there
            before; every other element stays as it is, be it infinite or NaN.
        value: a Python number (bool, int or float) that x's dtype can hold, or a vector: a tensor
            of shape (min(n, m),) with x's dtype and device, in other memory, any strides, whose
            element i goes to x[i, i]; stays as it is.

    Returns:
        x itself, the same object.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
