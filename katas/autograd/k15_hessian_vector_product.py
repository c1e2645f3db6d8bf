"""How the gradient of a function changes along a direction: the Hessian times a vector.

For a network with a million weights the Hessian has a million times a million entries. Its product
with one vector costs little more than a gradient, and is often all that one needs: PyHessian finds
the largest eigenvalues of a network's Hessian with it, and influence functions and Newton's method
with conjugate gradients solve equations by nothing else.

    x, v = tensor([2., 3.]), tensor([1., 10.])
    hvp(lambda x: x[0] ** 2 * x[1], x, v)  ->  [46., 4.]     # the Hessian is [[6., 4.], [4., 0.]]
    hvp(lambda x: 5 * x.sum(), x, v)       ->  [0., 0.]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
