"""Leave numbers as they are, and reverse the gradient.

Forward gives x on as a view, and backward multiplies what it gets. The scale is kept on ctx, which
belongs to one call: on the class, a later call would change it for all that still wait. It is a
number and no tensor, so an attribute is right for it. backward returns a gradient for each argument
of forward, so None for the scale.

A hook does not do on x itself, since it would change the gradients of all other uses of x too. In
practice one writes just these few lines.
"""

import torch

HINTS = (
    "What has to differ, the numbers or the gradient? Which tool lets you write backward yourself?",
    "A class that inherits from torch.autograd.Function has a static forward and backward.",
    "`ctx` belongs to one call: keep the scale on it, and return `x.view_as(x)` from forward.",
    "backward returns a gradient for each argument of forward: None for the scale.",
)


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        return -ctx.scale * grad, None


def reverse_gradient(x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    """The numbers of x in forward; in backward, the gradient for x is multiplied by -scale.

    Only what lies before the call is reversed. The gradient of the result stays as it is, and so do
    gradients that reach x in other ways: of x + reverse_gradient(x, 0.25) the gradient is 0.75.

    Args:
        x: float32 or float64, any shape (0-d and empty too), any strides, finite numbers; stays as
            it is.
        scale: a number, 0 or more. With 0 the gradient for x is 0, not None.

    Returns:
        A tensor of exactly x's numbers, and of its shape, dtype and device. It is another object
        than x; whether it is a view or a copy is up to you.

    Exactly:
        Two calls behind each other multiply the gradient by the product of their scales, which is
        not negative.

        Derivatives of every order are right: each is multiplied by -scale once more. So
        reverse_gradient(x, s)**2 has the first derivative -2 * s * x, and the second one is
        2 * s**2.

        Several calls with different scales may wait for one backward; each keeps its own.
    """
    return _Reverse.apply(x, scale)
