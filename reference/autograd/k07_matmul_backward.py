"""Send a gradient back through a product of matrices, by hand.

Shapes nearly write the formula: grad is (n, m), a is (n, k) and b is (k, m). Only grad @ b.T has
a's shape, and only a.T @ grad has b's. The transposed factor is what carries each entry of grad
back to the entries that it was made of.

With leading dimensions only the last two are swapped (`mT`; `.T` would reverse all of them), and
the product broadcasts by itself. Then what was broadcast is summed: a tensor that was copied has
the sum of the gradients of its copies. Dimensions that stand in front of its own go, and those
that were stretched from size 1 keep the size 1. A true size 1, which was not stretched, is a sum
of one number and needs no case of its own.

In practice autograd does this at each `@`. `torch.Tensor.sum_to_size` sums what was broadcast.
"""

import torch

HINTS = (
    "Begin with two matrices. Which products of grad with a or b have a's shape, and b's?",
    "For a it is grad times b transposed, for b it is a transposed times grad.",
    "With leading dimensions swap only the last two: `mT`, or `transpose(-1, -2)`.",
    "A matrix that was broadcast was used many times: sum the gradients of all its uses.",
    "Sum the dimensions in front that the input lacks, and with keepdim those of size 1.",
)


def _summed_to(grad: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """The sum over the dimensions that broadcasting added to this shape, or stretched."""
    added = grad.dim() - len(shape)
    for _ in range(added):
        grad = grad.sum(0)
    for dim, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(dim, keepdim=True)
    return grad


def matmul_backward(
    grad: torch.Tensor, a: torch.Tensor, b: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients for a and for b, where y = a @ b and grad is the gradient for y.

    For two matrices: y[i, j] is the sum of a[i, l] * b[l, j] over l. So the gradient of a[i, l] is
    the sum of grad[i, j] * b[l, j] over j, and that of b[l, j] is the sum of a[i, l] * grad[i, j]
    over i.

    With leading dimensions, `@` multiplies many pairs of matrices, and broadcasts the leading
    dimensions of a and b against each other. A matrix that was used in many products has the sum
    of their gradients.

    Autograd computes nothing during the call: no `backward`, no `torch.autograd.grad`, nothing of
    `torch.func`, no forward mode. torch's operations with `backward` in their name are forbidden
    too.

    Args:
        grad: the shape of a @ b; float32 or float64, any strides; stays as it is.
        a: shape (..., n, k), two dimensions or more, grad's dtype and device, any strides.
        b: shape (..., k, m), two dimensions or more, grad's dtype and device, any strides.

    Returns:
        A tuple of two new tensors of grad's dtype and device: the gradient for a, in exactly a's
        shape, and that for b, in exactly b's shape.

    Exactly:
        a and b may have leading dimensions of different number: those that one of them lacks come
        in front, as in `a @ b`. A leading size 1 stretches to any size, 0 too.

        Sizes may be 1 or 0, each of them. A sum of no products is 0: where b's leading size is 0
        and a's is 1, the gradient for a is all zeros.

        The inputs may be tracked by autograd. Whether the results are is up to you.

        In float32 a number may be off by 1e-5, or by 1e-5 times itself. In float64 the same holds
        with 1e-13.
    """
    return _summed_to(grad @ b.mT, a.shape), _summed_to(a.mT @ grad, b.shape)
