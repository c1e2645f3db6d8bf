"""Let autograd track a tensor, and ask it for a gradient.

Autograd records what is done with a tensor that requires grad. A tensor that you make yourself is a
leaf; the results of operations on it are tracked as well, but are no leaves. `backward()` goes back
through the record, from one number, and leaves the gradients in the leaves' `.grad`.

    x = tracked_tensor()
    is_tracked(x), is_tracked(x * 2), is_tracked(torch.ones(3))  ->  (True, True, False)
    gradient_of_mean(torch.zeros(2, requires_grad=True))         ->  [0.5, 0.5]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


def is_tracked(x: torch.Tensor) -> bool:
    """Whether autograd tracks x: a leaf that requires grad, or a result that it has recorded.

    Args:
        x: any tensor. It stays as it is, and gets no gradient.

    Returns:
        True or False, a real bool.

    Exactly:
        Only x decides: the answer is the same under `torch.no_grad()`.
    """
    raise NotImplementedError


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
