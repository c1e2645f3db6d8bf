"""Send a gradient back through layer norm, by hand.

With n = (x - mean) / s the result is n * weight + bias. bias is added in each row, so its gradient
is the sum of grad over all rows. weight is multiplied by n in each row, so its gradient is the sum
of grad * n. And n has the gradient g = grad * weight: the weight belongs in front of all means,
since it was multiplied in last.

x goes into n by three ways: by itself, by the mean and by the deviation s. The mean moves all of n
down together, which takes the mean of g away. s shrinks n along n itself, which takes away
n * mean(g * n). What is left is divided by s. It adds up to 0 along the row, since a number that
is added to all of x changes nothing. Where eps is small, it also has no part along n, since to
stretch the row changes nothing.

A result has a sum over the rows alone, whatever the leading dimensions are. To flatten them is
safer than `sum(tuple(range(x.dim() - 1)))`: for one row that tuple is empty, and torch then sums
over everything.

In practice autograd does this behind `F.layer_norm`, by `native_layer_norm_backward`.
"""

import torch

HINTS = (
    "Give (x - mean) / s a name, n: what are the gradients for weight, bias and n?",
    "The leading dimensions are all rows: sum the gradients for weight and bias over all of them.",
    "x goes into n by itself, by the mean and by s. Write the gradient of each way.",
    "With g = grad * weight: the mean takes away mean(g), and s takes away n * mean(g * n).",
    "(g - mean(g) - n * mean(g * n)) / s, with means along the last dimension.",
)


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
    variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
    s = torch.sqrt(variance + eps)
    n, g = (x - mean) / s, grad * weight
    for_x = (g - g.mean(-1, keepdim=True) - n * (g * n).mean(-1, keepdim=True)) / s
    rows = (-1, x.shape[-1])
    return for_x, (grad * n).reshape(rows).sum(0), grad.reshape(rows).sum(0)
