"""Compute the gradient of a small network by hand.

A layer, tanh, and the mean of the squared errors: that is a whole network with its loss. To learn,
it needs the gradient of the loss for its weights. Autograd makes one from any code; here you
derive it yourself, once, by the chain rule. scikit-learn's `MLPRegressor` learns by such formulas,
written by hand in NumPy, and so does the code of many a first course.

    x, t = tensor([[1.], [2.]]), tensor([[0.], [1.]])
    w, b = tensor([[0.5]]), tensor([0.])
    tanh(x @ w + b)               ->  [[0.4621], [0.7616]]
    gradient_by_hand(x, w, b, t)  ->  ([[0.1632]], [0.2633])

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
