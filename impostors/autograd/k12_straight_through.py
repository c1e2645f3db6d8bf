"""Wrong and right answers to autograd/k12_straight_through."""

import torch

from dojo.impostors import alternative, impostor


class Rounds(torch.autograd.Function):
    """The right answer; those below change one thing."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        return grad


@impostor(
    "round_ste",
    diagnosis="torch.round has the gradient 0, and so has x + (x.round() - x) without a detach.",
    aspect="gradient",
)
def rounds_alone(x):
    return x.round()


@impostor(
    "round_ste",
    diagnosis="All of round(x) is detached: autograd does not track the result.",
    aspect="gradient",
)
def detaches_all(x):
    return x.round().detach()


@impostor(
    "round_ste",
    diagnosis="floor(x + 0.5) sends 0.5 to 1 and 2.5 to 3: torch.round goes to the even one.",
    aspect="values",
)
def adds_a_half(x):
    return x + (torch.floor(x + 0.5) - x).detach()


@impostor(
    "round_ste",
    diagnosis="trunc cuts off what is behind the point: 0.75 becomes 0, and should be 1.",
    aspect="values",
)
def truncates(x):
    return x + (x.trunc() - x).detach()


@impostor(
    "round_ste",
    diagnosis="An int64 holds no number of 1e30: stay in the dtype of x.",
    aspect="values",
)
def goes_by_int64(x):
    return x + (x.round().long().to(x.dtype) - x).detach()


@impostor(
    "round_ste",
    diagnosis="float32 does not hold all digits of float64.",
    aspect="values",
)
def goes_by_float32(x):
    return x + (x.float().round().to(x.dtype) - x).detach()


class WithoutLarge(Rounds):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x.abs() <= 1)


@impostor(
    "round_ste",
    diagnosis="The gradient passes only where |x| is at most 1: that belongs to sign(x).",
    aspect="gradient",
)
def cuts_off_above_1(x):
    return WithoutLarge.apply(x)


class WithoutEightBits(WithoutLarge):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * ((x >= -128) & (x <= 127))


@impostor(
    "round_ste",
    diagnosis="The gradient is cut off outside of 8 bits: here it passes for every number.",
    aspect="gradient",
)
def cuts_off_outside_of_8_bits(x):
    return WithoutEightBits.apply(x)


class LosesTheSecond(Rounds):
    @staticmethod
    def backward(ctx, grad):
        return grad.detach().clone()


@impostor(
    "round_ste",
    diagnosis="backward detaches the gradient that comes in, so that it has none itself.",
    aspect="gradient",
)
def detaches_the_gradient(x):
    return LosesTheSecond.apply(x)


class Smooth(WithoutLarge):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * torch.cos(x - x.round())


@impostor(
    "round_ste",
    diagnosis="The gradient is that of a smooth curve: the one that comes in passes unchanged.",
    aspect="gradient",
)
def has_a_smooth_slope(x):
    return Smooth.apply(x)


@impostor(
    "round_ste",
    diagnosis="x + round(x) is computed first, and rounded: bracket the difference round(x) - x.",
    aspect="values",
)
def forgets_the_bracket(x):
    return x + x.round().detach() - x.detach()


@impostor(
    "round_ste",
    diagnosis="The sum of x and its rounding is twice as large: subtract x in the bracket.",
    aspect="values",
)
def adds_both(x):
    return x + x.round().detach()


@alternative("round_ste")
def by_a_function(x):
    return Rounds.apply(x)


@alternative("round_ste")
def subtracts_what_is_cut_off(x):
    return x - (x - x.round()).detach()


@alternative("round_ste")
def adds_a_zero_that_is_tracked(x):
    return x.round().detach() + (x - x.detach())


@alternative("round_ste")
def writes_into_the_data_of_a_clone(x):
    y = x.clone()
    y.data.round_()
    return y


class WithSetup(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.round(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, grad):
        return grad.clone()


@alternative("round_ste")
def with_setup_context(x):
    return WithSetup.apply(x)
