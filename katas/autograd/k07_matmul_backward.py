"""Send a gradient back through a product of matrices, by hand.

A linear layer, attention, an embedding of images: nearly all work of a network is in products of
matrices, and learning needs two more for each of them, one for each factor. Whoever writes a
`torch.autograd.Function` around a product needs both formulas: the linear layers of bitsandbytes,
which keep their weights in 8 bits, and the tensor-parallel layers of Megatron-LM have them.

    a, b = tensor([[1., 2.], [3., 4.]]), tensor([[5.], [6.]])
    grad = tensor([[1.], [10.]])        # for a @ b, which is [[17.], [39.]]
    matmul_backward(grad, a, b)  ->  ([[5., 6.], [50., 60.]], [[31.], [42.]])

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
