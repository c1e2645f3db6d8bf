"""Wrong and right answers to autograd/k11_custom_function."""

import torch
import torch.utils.checkpoint
from torch.autograd.function import once_differentiable

from dojo.impostors import alternative, impostor


def slope(x):
    """The derivative of x * sigmoid(x), by operations that autograd can differentiate."""
    s = torch.sigmoid(x)
    return s + x * s * (1 - s)


class Silu(torch.autograd.Function):
    """The right answer; those below change one thing."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * slope(x)


@impostor(
    "silu",
    diagnosis="Autograd keeps x and sigmoid(x) for this product: write both directions yourself.",
    aspect="memory",
)
def leaves_it_to_autograd(x):
    return x * torch.sigmoid(x)


class SavesTheSlope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(slope(x))
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0]


@impostor(
    "silu",
    diagnosis="A slope that forward has made is a constant to autograd: its gradient is lost.",
    aspect="gradient",
)
def saves_the_slope(x):
    return SavesTheSlope.apply(x)


class AllOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x, ctx.s = x, torch.sigmoid(x)
        return x * ctx.s

    @staticmethod
    def backward(ctx, grad):
        x = ctx.x
        s = torch.sigmoid(x) if torch.is_grad_enabled() else ctx.s
        return grad * (s + x * s * (1 - s))


@impostor(
    "silu",
    diagnosis="x and sigmoid(x) are attributes of ctx: one too many, and no change of x is seen.",
    aspect="memory",
)
def keeps_all_on_ctx(x):
    return AllOnCtx.apply(x)


class SavesTheResult(Silu):
    @staticmethod
    def forward(ctx, x):
        y = x * torch.sigmoid(x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * (s + y * (1 - s))


@impostor(
    "silu",
    diagnosis="The result is kept for backward too: what is needed can be computed from x again.",
    aspect="memory",
)
def saves_the_result(x):
    return SavesTheResult.apply(x)


@impostor(
    "silu",
    diagnosis="A contiguous copy of x is kept, where x is transposed: save x itself.",
    aspect="memory",
)
def saves_a_contiguous_copy(x):
    return Silu.apply(x.contiguous())


class SavesAnAttribute(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        return grad * slope(ctx.x)


@impostor(
    "silu",
    diagnosis="`ctx.x = x` does not see that x was changed in place: use ctx.save_for_backward.",
    aspect="errors",
)
def keeps_x_on_ctx(x):
    return SavesAnAttribute.apply(x)


class Once(Silu):
    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * slope(x)


@impostor(
    "silu",
    diagnosis="once_differentiable forbids the second derivative, which is asked for here.",
    aspect="gradient",
)
def is_once_differentiable(x):
    return Once.apply(x)


class Detaches(Silu):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * slope(x.detach())


@impostor(
    "silu",
    diagnosis="The saved x is detached in backward: no second derivative goes through it.",
    aspect="gradient",
)
def detaches_in_backward(x):
    return Detaches.apply(x)


class WithoutProductRule(Silu):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * s * (1 - s)


@impostor(
    "silu",
    diagnosis="s * (1 - s) is the slope of the sigmoid: x * sigmoid(x) is a product of two.",
    aspect="gradient",
)
def forgets_the_product_rule(x):
    return WithoutProductRule.apply(x)


@impostor(
    "silu",
    diagnosis="exp(x) is inf from 89 on in float32, and inf / inf is NaN.",
    aspect="values",
)
def divides_exp_by_exp(x):
    class ByExp(Silu):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * torch.exp(x) / (1 + torch.exp(x))

    return ByExp.apply(x)


class SlopeByExp(Silu):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        e = torch.exp(-x)
        return grad * (1 + e + x * e) / (1 + e) ** 2


@impostor(
    "silu",
    diagnosis="exp(-x) in backward is inf for x = -1000, and inf / inf is NaN.",
    aspect="gradient",
)
def slope_by_exp(x):
    return SlopeByExp.apply(x)


class LastX(torch.autograd.Function):
    last = None

    @staticmethod
    def forward(ctx, x):
        LastX.last = x
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        return grad * slope(LastX.last)


@impostor(
    "silu",
    diagnosis="x is kept on the class, so a second call takes the place of the first.",
    aspect="gradient",
)
def keeps_the_last_x(x):
    return LastX.apply(x)


class UsesUp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.inputs = [x]
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        return grad * slope(ctx.inputs.pop())


@impostor(
    "silu",
    diagnosis="backward takes x away from ctx, so it cannot run a second time.",
    aspect="gradient",
)
def takes_x_away(x):
    return UsesUp.apply(x)


class SlopeOfSilu(torch.autograd.Function):
    """grad * slope(x), with a backward of its own that is once more made of constants."""

    @staticmethod
    def forward(ctx, grad, x):
        ctx.save_for_backward(grad, x)
        return grad * slope(x)

    @staticmethod
    def backward(ctx, more):
        grad, x = ctx.saved_tensors
        s = torch.sigmoid(x)
        second = (s * (1 - s) * (2 + x * (1 - 2 * s))).detach()
        return more * slope(x), more * grad * second


class TwoOrders(Silu):
    @staticmethod
    def backward(ctx, grad):
        return SlopeOfSilu.apply(grad, *ctx.saved_tensors)


@impostor(
    "silu",
    diagnosis="Two orders are written by hand and the third is lost: the second is a constant.",
    aspect="gradient",
)
def loses_the_third_order(x):
    return TwoOrders.apply(x)


@impostor(
    "silu",
    diagnosis="It calls torch's own silu, which is what the kata makes.",
    aspect="structure",
)
def calls_silu(x):
    return torch.nn.functional.silu(x)


@impostor(
    "silu",
    diagnosis="torch.utils.checkpoint computes forward again; the kata is to write a backward.",
    aspect="structure",
)
def by_checkpoint(x):
    def product(x):
        return x * torch.sigmoid(x)

    if not x.requires_grad:
        return product(x)
    return Silu.apply(x) + 0 * torch.utils.checkpoint.checkpoint(
        torch.sum, x.detach(), use_reentrant=False
    )


class WithSetup(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        s = x.sigmoid()
        return grad * s * (1 + x * (1 - s))


@alternative("silu")
def with_setup_context(x):
    return WithSetup.apply(x)


class ForwardAgain(Silu):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        is_recorded = torch.is_grad_enabled()
        with torch.enable_grad():
            x = x if x.requires_grad else x.detach().requires_grad_()
            y = x * torch.sigmoid(x)
        return torch.autograd.grad(y, x, grad, create_graph=is_recorded)[0]


@alternative("silu")
def runs_forward_again(x):
    return ForwardAgain.apply(x)


@alternative("silu")
def with_hooks_of_saved_tensors(x):
    version = x._version

    def pack(saved):
        return saved if saved.data_ptr() == x.data_ptr() else None

    def unpack(saved):
        if x._version != version:
            raise RuntimeError("x was changed in place")
        return torch.sigmoid(x.detach()) if saved is None else saved

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        return x * torch.sigmoid(x)


class ByTanh(Silu):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x / 2).add_(1).mul_(x).div_(2)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        t = torch.tanh(x / 2)
        return grad / 2 * (1 + t + x / 2 * (1 - t * t))


@alternative("silu")
def by_tanh(x):
    return ByTanh.apply(x)


class Slope(torch.autograd.Function):
    """grad * slope(x), with a backward by a formula that can be differentiated again."""

    @staticmethod
    def forward(ctx, grad, x):
        ctx.save_for_backward(grad, x)
        return grad * slope(x)

    @staticmethod
    def backward(ctx, more):
        grad, x = ctx.saved_tensors
        s = torch.sigmoid(x)
        return more * slope(x), more * grad * s * (1 - s) * (2 + x * (1 - 2 * s))


class ByTwoFunctions(Silu):
    @staticmethod
    def backward(ctx, grad):
        return Slope.apply(grad, *ctx.saved_tensors)


@alternative("silu")
def by_two_functions(x):
    return ByTwoFunctions.apply(x)


class ByVjp(Silu):
    @staticmethod
    def backward(ctx, grad):
        _, vjp = torch.func.vjp(lambda x: x * torch.sigmoid(x), *ctx.saved_tensors)
        return vjp(grad)[0]


@alternative("silu")
def by_vjp(x):
    return ByVjp.apply(x)
