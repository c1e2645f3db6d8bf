"""A gradient from the values of a function alone, by differences.

A difference to one side, (f(x + eps) - f(x)) / eps, is wrong by about eps times half the second
derivative. With both sides that cancels out, and an error of the order eps² is left. A smaller eps
makes this error smaller and the rounding of f larger, by which the difference is divided: in
float64 1e-6 is a good middle, in float32 there is none.

x is never moved itself. Each call of f gets a new tensor, so that nothing has to be put back, and
nothing is wrong if f raises. `x += eps` and `x -= eps` would leave x off in its last digits, fail
for a leaf that requires grad, and move several entries at once where these share memory.

In practice one calls `torch.autograd.gradcheck`, which compares such differences with the gradients
of autograd.
"""

from collections.abc import Callable

import torch

HINTS = (
    "Move one entry by eps, up and down, and see by how much f changes. How far apart are the two?",
    "A tensor that is 0 but for eps in one place can be added to x: x itself is not written.",
    "`x.reshape(-1)` of a transposed x is a copy: what is written there does not reach x.",
    "The result is for numbers alone: detach x, and what f returns.",
)


def numeric_gradient(
    f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, eps: float = 1e-6
) -> torch.Tensor:
    """The gradient of f at x by central differences: one entry of x is moved at a time.

    For each entry j it is (f(x with eps added to entry j) - f(x with eps subtracted from entry j))
    / (2 * eps).

    Args:
        f: takes a tensor of x's shape, dtype and device, and returns a 0-d tensor of this dtype
            and device; a function or an `nn.Module`. It gives the same for the same numbers, and
            may use parameters of its own. Call it with tensors of x's shape alone, and at most
            twice for each entry of x.
        x: float64, any shape, any strides; stays as it is.
        eps: a number above 0, by which an entry is moved.

    Returns:
        A new float64 tensor of x's shape and device, which does not require grad.

    Raises:
        ValueError: x has another dtype than float64. Nothing was changed then.

    Exactly:
        x may be 0-d, and may have sizes of 1 and 0. After the call x has the same numbers, to the
        last bit. (x + eps) - eps is often not x: 0.1 + 0.5 - 0.5 is 0.09999999999999998.

        If f raises, at whichever of its calls, that error goes on to the caller, and x and all
        else is then as it was before.

        x may require grad, as a leaf or as a result of other operations, or not. x and the
        parameters of f keep their `.grad` (None or a tensor) and their `requires_grad`, and a
        module keeps its mode and is called in it.

        eps may also be as large as 1: the result is then the formula, and no longer the gradient.
        `vmap` of `torch.func` may run the calls of f as one. For an empty x it is not judged how
        often f is called.
    """
    if x.dtype != torch.float64:
        raise ValueError(f"x has the dtype {x.dtype}; differences need float64")
    x = x.detach()
    steps = eps * torch.eye(x.numel(), dtype=x.dtype, device=x.device)
    result = torch.zeros_like(x, memory_format=torch.contiguous_format)
    slopes = result.view(-1)
    for place, step in enumerate(steps):
        step = step.reshape(x.shape)
        slopes[place] = (f(x + step) - f(x - step)).detach() / (2 * eps)
    return result
