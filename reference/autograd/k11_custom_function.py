"""Write an activation that keeps only x for its backward.

Memory of training is for the most part what forward keeps for backward. Here s = sigmoid(x) is
computed again in backward, which costs little beside the memory. The slope is s + x * s * (1 - s).

`save_for_backward` and not `ctx.x = x`: it notes the version of x, so that backward raises where x
was changed meanwhile, and it makes no circle of objects. backward is made of torch's operations on
x and grad, so autograd can differentiate it again; a slope that forward has saved would be a
constant to it. In practice one calls `F.silu` or `nn.SiLU`, which do the same in one kernel, and
for larger parts of a network `torch.utils.checkpoint`.
"""

import torch

HINTS = (
    "Autograd keeps x and sigmoid(x) of the product. Can one be computed from the other?",
    "A class that inherits from torch.autograd.Function has a static forward and backward.",
    "`ctx.save_for_backward(x)` keeps x; `ctx.saved_tensors` gives it back. Keep nothing else.",
    "With s = sigmoid(x), the derivative of x * s is s + x * s * (1 - s).",
    "Compute s again in backward with torch's operations: so it can be differentiated itself.",
)


class _Silu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * (s + x * s * (1 - s))


def silu(x: torch.Tensor) -> torch.Tensor:
    """x * sigmoid(x), and only x is kept for backward.

    sigmoid(x) is 1 / (1 + exp(-x)). Gradients reach x, and can be differentiated again: derivatives
    of every order are right, for x and for the gradient that comes in.

    torch's own silu and its backward, under whatever name, are forbidden, and so is
    torch.utils.checkpoint.

    Args:
        x: float32 or float64, any shape (0-d and empty too), any strides; stays as it is.

    Returns:
        A new tensor of x's shape, dtype and device.

    Exactly:
        Between the call and backward the graph holds x, and no memory that the call has made: no
        copy of x, no sigmoid(x), and not the result either. This counts for what was given to
        save_for_backward, for attributes of ctx, and for all else that still lives when the result
        is deleted.

        The entries of x may be as large as 1,000,000 or as low as -1,000,000: the result and all
        derivatives are finite and right there too. float64 makes no detour by float32.

        If x is changed in place after the call, then backward raises RuntimeError, as it does for
        torch's own operations.

        Several calls may wait for their backward at the same time, and backward may run twice on
        one graph (retain_graph=True).
    """
    return _Silu.apply(x)
