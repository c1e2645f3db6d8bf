"""See the diagonal of a matrix, and write to it.

From x[i, i] to x[i + 1, i + 1] it is one step of each stride: in memory, the diagonal begins where
x begins and has the stride `x.stride(0) + x.stride(1)`. `x.diagonal()` is that view, for matrices
of any shape and strides. What is written to a view is written to x: `x.diagonal()[:] = value`
takes a number or a vector, touches no other element, and makes no new tensor.

A common wrong answer is `torch.diag(x)`: the right numbers, but a copy, so a write to it changes
nothing. Another multiplies by the identity matrix: `x * (1 - eye) + value * eye` is a new tensor,
and 0 * inf is NaN, so what is infinite or NaN comes through. `d = x.diagonal(); d = value` gives
the name d to something else and writes nowhere.
"""

import torch

HINTS = (
    "How far is it in memory from x[0, 0] to x[1, 1], counted in x's two strides?",
    "torch has a function for the diagonal that copies, and a method that makes a view.",
    "Once you have a view of the diagonal, x changes if you write into that view.",
    "`view[:] = …` writes into a view, a number as well as a vector; `view = …` does not.",
)


def diagonal_view(x: torch.Tensor) -> torch.Tensor:
    """The main diagonal of a matrix, as a view.

    Args:
        x: shape (n, m), square or not, any dtype, any strides; stays as it is.

    Returns:
        Shape (min(n, m),), with x's dtype and device: x[0, 0], x[1, 1] and so on. A view of x,
        so that a write to x is seen in it, and a write to it in x. Gradients reach x.
    """
    return x.diagonal()


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
    x.diagonal()[:] = value
    return x
