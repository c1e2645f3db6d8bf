"""Compute the gradient of a small network by hand.

Go backward, one step at a time, and multiply by the slope of each step. The mean of squares has the
slope 2 * (y - t) / (n * k) for each entry of y. tanh has the slope 1 - tanh², so it is made from
the output: no exp overflows, and where y is 1 or -1 it is 0 exactly. What has come so far is the
gradient for the sums s = x @ w + b.

An entry w[i, j] is multiplied by x[r, i] in each sum s[r, j], so its gradient is the sum over the
rows of x[r, i] * gradient[r, j]: that is x.T @ gradient. b[j] is added in every row, so its
gradient is the sum over the rows. Broadcasting forward is summing backward.

In practice autograd does that: `loss.backward()`, or `torch.func.grad`. By hand it is written where
a kernel is, and to check what autograd gives: `torch.autograd.gradcheck`.
"""

import torch

HINTS = (
    "Which steps lead from w to the loss? Write each one on a line of its own, with its slope.",
    "The loss is a mean of n·k squares: what is its slope for one entry of tanh(x @ w + b)?",
    "The slope of tanh is 1 - y², where y is the output of tanh.",
    "w[i, j] meets x[r, i] in each row r, so you sum over r. Which product of matrices does that?",
    "With g the gradient for x @ w + b: x.T @ g is that for w, g.sum(0) that for b.",
)


def gradient_by_hand(
    x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, t: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of mean((tanh(x @ w + b) - t)²) for w and for b, computed by formulas.

    The mean is that of all n·k entries. A gradient has one entry for each entry of w or b: by how
    much the loss grows, for each unit by which that entry grows.

    Autograd computes nothing during the call: no `backward`, no `torch.autograd.grad`, nothing of
    `torch.func`, no forward mode. torch's operations with `backward` in their name, such as
    `tanh_backward`, are forbidden too.

    Args:
        x: the inputs of n samples, shape (n, d), all sizes at least 1; float32 or float64, any
            strides; stays as it is.
        w: shape (d, k), x's dtype and device, any strides.
        b: shape (k,), x's dtype and device, any strides; it is added to each row of x @ w.
        t: the targets, shape (n, k), x's dtype and device, any strides.

    Returns:
        A tuple of two new tensors of x's dtype and device: the gradient for w, of shape (d, k),
        and the gradient for b, of shape (k,).

    Exactly:
        The sums x @ w + b may be as large as 10,000 in size. There tanh is 1 or -1 and its slope
        is 0, so that such an entry adds 0 to the gradients, and no NaN.

        The inputs may be tracked by autograd. Whether the results are is up to you.

        In float32 a number may be off by 1e-5, or by 1e-5 times itself. In float64 the same holds
        with 1e-13.
    """
    y = torch.tanh(x @ w + b)
    of_sums = 2 / y.numel() * (y - t) * (1 - y * y)
    return x.T @ of_sums, of_sums.sum(0)
