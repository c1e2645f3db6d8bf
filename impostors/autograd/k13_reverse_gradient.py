"""Wrong and right answers to autograd/k13_reverse_gradient."""

import torch

from dojo.impostors import alternative, impostor


class Reverse(torch.autograd.Function):
    """The right answer; those below change one thing."""

    @staticmethod
    def forward(ctx, x, scale):
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return grad.neg() * ctx.scale, None


@impostor(
    "reverse_gradient",
    diagnosis="A hook on x reverses its gradient for all uses of x, not for this one alone.",
    aspect="gradient",
)
def hooks_x(x, scale=1.0):
    if x.requires_grad:
        x.register_hook(lambda grad: -scale * grad)
    return x.view_as(x)


@impostor(
    "reverse_gradient",
    diagnosis="A hook on the result reverses the result's own gradient too.",
    aspect="gradient",
)
def hooks_the_result(x, scale=1.0):
    y = x.view_as(x)
    if y.requires_grad:
        y.register_hook(lambda grad: -scale * grad)
    return y


@impostor(
    "reverse_gradient",
    diagnosis="-scale * x has the right gradient, but it changes the numbers.",
    aspect="values",
)
def multiplies_x(x, scale=1.0):
    return -scale * x


class AsModule(torch.nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return x.view_as(x)

    def backward(self, grad):
        return -self.scale * grad


@impostor(
    "reverse_gradient",
    diagnosis="Autograd never calls a `backward` of an nn.Module: inherit from autograd.Function.",
    aspect="gradient",
)
def writes_backward_of_a_module(x, scale=1.0):
    return AsModule(scale)(x)


class WithoutScale(Reverse):
    @staticmethod
    def backward(ctx, grad):
        return -grad, None


@impostor(
    "reverse_gradient",
    diagnosis="The gradient is reversed, but the scale is forgotten.",
    aspect="gradient",
)
def forgets_the_scale(x, scale=1.0):
    return WithoutScale.apply(x, scale)


class WithoutSign(Reverse):
    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.scale, None


@impostor(
    "reverse_gradient",
    diagnosis="The gradient is scaled, but not reversed: multiply by -scale.",
    aspect="gradient",
)
def forgets_the_sign(x, scale=1.0):
    return WithoutSign.apply(x, scale)


class OnTheClass(torch.autograd.Function):
    scale = 1.0

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -OnTheClass.scale * grad


@impostor(
    "reverse_gradient",
    diagnosis="The scale is kept on the class: the next call changes it for all that still wait.",
    aspect="gradient",
)
def keeps_the_scale_on_the_class(x, scale=1.0):
    OnTheClass.scale = scale
    return OnTheClass.apply(x)


class InFloat32(Reverse):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(torch.tensor(scale, device=x.device))
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return -ctx.saved_tensors[0] * grad, None


@impostor(
    "reverse_gradient",
    diagnosis="torch.tensor(scale) is a float32, which holds only seven digits of 0.1.",
    aspect="gradient",
)
def keeps_the_scale_in_float32(x, scale=1.0):
    return InFloat32.apply(x, scale)


class Detaches(Reverse):
    @staticmethod
    def backward(ctx, grad):
        return -ctx.scale * grad.detach(), None


@impostor(
    "reverse_gradient",
    diagnosis="backward detaches the gradient that comes in, so that it has none itself.",
    aspect="gradient",
)
def detaches_the_gradient(x, scale=1.0):
    return Detaches.apply(x, scale)


@impostor(
    "reverse_gradient",
    diagnosis="The sum of two rounded parts is not x: the last digits differ.",
    aspect="values",
)
def adds_two_parts(x, scale=1.0):
    return ((1 + scale) * x).detach() - scale * x


@impostor(
    "reverse_gradient",
    diagnosis="With a scale of 0 the result is detached: its gradient is None, and should be 0.",
    aspect="gradient",
)
def detaches_for_a_scale_of_0(x, scale=1.0):
    return Reverse.apply(x, scale) if scale else x.detach()


@impostor(
    "reverse_gradient",
    diagnosis="Where x is not tracked, x itself comes back; a view of it would be right.",
    aspect="memory",
)
def gives_an_untracked_x_itself(x, scale=1.0):
    return Reverse.apply(x, scale) if x.requires_grad else x


class OnItsOutput(Reverse):
    @staticmethod
    def backward(ctx, grad):
        return _Once.apply(grad, ctx.scale), None


class _Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad, scale):
        return -scale * grad

    @staticmethod
    def backward(ctx, grad):
        return grad, None


@impostor(
    "reverse_gradient",
    diagnosis="The second derivative is not multiplied by -scale on its way back.",
    aspect="gradient",
)
def loses_the_scale_of_the_second(x, scale=1.0):
    return OnItsOutput.apply(x, scale)


@alternative("reverse_gradient")
def by_a_function(x, scale=1.0):
    return Reverse.apply(x, scale)


@alternative("reverse_gradient")
def adds_a_zero_that_is_tracked(x, scale=1.0):
    return x.detach() - scale * (x - x.detach())


@alternative("reverse_gradient")
def hooks_a_view_between(x, scale=1.0):
    y = x.view_as(x)
    if y.requires_grad:
        y.register_hook(lambda grad: -scale * grad)
    return y.view_as(y)


@alternative("reverse_gradient")
def with_a_class_for_each_call(x, scale=1.0):
    class ForThisCall(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * -scale

    return ForThisCall.apply(x)


class WithSetup(torch.autograd.Function):
    @staticmethod
    def forward(x, scale):
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, ctx.scale = inputs

    @staticmethod
    def backward(ctx, grad):
        return torch.mul(grad, -ctx.scale), None


@alternative("reverse_gradient")
def with_setup_context(x, scale=1.0):
    return WithSetup.apply(x, scale)


@alternative("reverse_gradient")
def writes_into_the_data_of_a_product(x, scale=1.0):
    y = x * -scale
    y.data.copy_(x)
    return y
