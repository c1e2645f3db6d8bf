"""Send a gradient back through layer norm, by hand.

In layer norm each number of a row changes the mean and the variance, and by way of them all other
numbers of the row. So the gradient for x has three parts. A kernel of one's own computes them
faster than many small operations: NVIDIA's apex, Triton's tutorials and llm.c have this formula in
kernels, each written by hand.

    x, weight = tensor([[1., 3.], [0., 4.]]), tensor([1., 2.])
    grad = tensor([[1., 0.], [1., 1.]])
    layer_norm_backward(grad, x, weight, eps=3.)
        ->  ([[0.1875, -0.1875], [-0.0810, 0.0810]], [-1.2559, 0.7559], [2., 1.])

What holds for every kata stands in katas/README.md.
"""

import torch


def layer_norm_backward(
    grad: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gradients for x, weight and bias of layer norm; grad is that for its result.

    Layer norm is (x - mean) / sqrt(variance + eps) * weight + bias, along the last dimension. The
    variance is the mean of the squares of x - mean (it divides by d, not by d - 1). The gradients
    do not depend on bias, so it is no argument.

    Autograd computes nothing during the call: no `backward`, no `torch.autograd.grad`, nothing of
    `torch.func`, no forward mode. torch's operations with `backward` in their name are forbidden
    too. Its forward operations are allowed, `torch.native_layer_norm` among them.

    Args:
        grad: x's shape, dtype and device, any strides; stays as it is.
        x: shape (..., d), d at least 1; float32 or float64, any strides; stays as it is.
        weight: shape (d,), x's dtype and device, any strides.
        eps: a number above 0.

    Returns:
        A tuple of three new tensors of x's dtype and device: the gradient for x, of x's shape,
        that for weight and that for bias, both of shape (d,).

    Exactly:
        x may have no leading dimensions (it is one row then), or several, and they may be empty:
        then the gradients for weight and bias are 0. The gradient for bias of a single row has the
        numbers of grad, in memory of its own.

        A row may be constant, as it is where d is 1: its variance is 0, and eps alone stands under
        the root.

        In float32 a number may be off by 1e-5 times the largest of these sizes: 1, the entries of
        that result, of grad * weight / s and of grad * x / s, where s is sqrt(variance + eps). In
        float64 it is 1e-13 times that. Where the means of the rows are 1000 times as large as
        their deviations, float32 is right within 1 % of the largest entry of each result.

        The inputs may be tracked by autograd. Whether the results are is up to you.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
