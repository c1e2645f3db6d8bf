"""Let autograd track a tensor, and ask it for a gradient.

`torch.randn(3, 3, device=device, requires_grad=True)` makes the leaf where it shall lie.
`x.requires_grad` is True for tracked leaves and for results alike. Every number of x moves the mean
of n numbers by 1/n of its own change, so the gradient is 1/n everywhere; `backward()` leaves it in
`x.grad`. `torch.autograd.grad((x + 2).mean(), x)` returns it in a tuple and leaves `x.grad` alone.

The common wrong answers: `randn(..., requires_grad=True).to(device)` is a leaf on the CPU, but on a
GPU it is the result of a copy, whose `.grad` stays empty. `x.is_leaf` is True for tensors that are
not tracked and False for tracked results. `x.grad is not None` asks whether `backward()` was here.
What `backward()` itself returns is None. All ones is the gradient of the sum, not of the mean.
"""

import torch

HINTS = (
    "Factories such as torch.zeros take the arguments device= and requires_grad=: both at once.",
    "Print requires_grad, is_leaf, grad_fn and grad of a leaf, of x * 2 and of a constant.",
    "backward() is called on the mean and returns nothing. Where does it leave its result?",
    "Work out by hand by how much the mean of 4 numbers grows if one of them grows by 1.",
)


def tracked_tensor(device: str | torch.device = "cpu") -> torch.Tensor:
    """A new tensor of random numbers that autograd tracks.

    Args:
        device: where the tensor shall lie, such as "cpu", "cuda" or `torch.device("cuda", 0)`.

    Returns:
        A float32 tensor of shape (3, 3) on `device` that requires grad. Its numbers are standard
        normal (mean 0, variance 1), and other ones at each call.

    Exactly:
        The tensor is a leaf on that device. Its 9 numbers are independent, and come from any
        source of random numbers.
    """
    return torch.randn(3, 3, device=device, requires_grad=True)


def is_tracked(x: torch.Tensor) -> bool:
    """Whether autograd tracks x: a leaf that requires grad, or a result that it has recorded.

    Args:
        x: any tensor. It stays as it is, and gets no gradient.

    Returns:
        True or False, a real bool.

    Exactly:
        Only x decides: the answer is the same under `torch.no_grad()`.
    """
    return x.requires_grad


def gradient_of_mean(x: torch.Tensor) -> torch.Tensor:
    """The gradient of `(x + 2).mean()` with respect to x.

    Args:
        x: a leaf that requires grad. Its values stay as they are, and it still requires grad.

    Returns:
        A tensor with x's shape, dtype and device. It does not require grad.

    Exactly:
        x has any shape, 0-d too, with one or more numbers, any real float dtype, and no gradient
        yet. Its `.grad` may be set or left as it is.
    """
    (x + 2).mean().backward()
    return x.grad
