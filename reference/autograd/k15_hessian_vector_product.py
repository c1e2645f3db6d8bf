"""How the gradient of a function changes along a direction: the Hessian times a vector.

Row j of the Hessian is the gradient of g[j], where g is the gradient of f. So the gradient of the
one number (g * v).sum(), with v held fixed, is the sum of all rows, each times its v[j]. As the
Hessian is symmetric, that is the Hessian times v: two passes backward, whatever the size of x.

A linear f has a gradient that does not depend on x, and autograd then records nothing, or nothing
that leads to x. Both are the answer 0, and no error.

In practice one calls `torch.func.jvp(torch.func.grad(f), (x,), (v,))[1]`: it pushes v forward
through the gradient, and keeps less in memory. `torch.autograd.functional.hvp` and `vhp` take the
ways that need no forward mode.
"""

from collections.abc import Callable

import torch

HINTS = (
    "The Hessian is the Jacobian of the gradient: differentiate the gradient once more.",
    "Before you differentiate again, make one number of the gradient. In which way does v go in?",
    "The gradient of (g * v).sum() is the sum of the rows of the Hessian, each times its v[j].",
    "The first derivative needs create_graph=True; and allow_unused helps where f is linear.",
    "`x.detach().requires_grad_()` is a leaf of your own, whatever x is.",
)


def hvp(
    f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, v: torch.Tensor
) -> torch.Tensor:
    """The Hessian of f at x, times v.

    The Hessian has the second derivative of f for each pair of entries of x. It is never made: no
    tensor that your function makes on the way has over 4 times as many entries as the largest one
    in f, and the number of operations does not grow with x. torch's own `hessian`, and `hvp`,
    `vhp` and `hessian` of `torch.autograd.functional`, are forbidden; `torch.autograd.grad`, and
    `grad`, `vjp` and `jvp` of `torch.func`, are allowed.

    Args:
        f: takes a tensor of x's shape and returns a 0-d tensor of x's dtype and device; a function
            or an `nn.Module`. It is made of torch's differentiable operations, gives the same for
            the same x, and may use parameters of its own. You may call it several times.
        x: float32 or float64, any shape, any strides; stays as it is.
        v: x's shape, dtype and device, any strides; stays as it is.

    Returns:
        A new tensor of x's shape, dtype and device that does not require grad, exact but for
        rounding. Its entry j is the sum over k of (the second derivative of f for x[j] and
        x[k]) * v[k].

    Exactly:
        x may be 0-d or have sizes of 1 and 0. Where the second derivative is 0 the result is 0:
        where f is linear in x, and where f(x) is a constant that does not require grad, or
        depends on parameters alone.

        x and v may require grad, as leaves or as results of other operations, or not. x, v and the
        parameters of f keep their `.grad` (None or a tensor) and their `requires_grad`. A module
        keeps its mode, and f is called in it. If f raises, that error goes on to the caller, and
        all this holds then too.
    """
    point = x.detach().requires_grad_()
    (slope,) = _gradient(f(point), point, create_graph=True)
    (product,) = _gradient((slope * v.detach()).sum(), point)
    return product


def _gradient(
    y: torch.Tensor, point: torch.Tensor, create_graph: bool = False
) -> tuple[torch.Tensor, ...]:
    """The gradient of a number, which is 0 where it does not depend on the point."""
    if not y.requires_grad:
        return (torch.zeros_like(point),)
    return torch.autograd.grad(
        y, point, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
