"""Wrong and right answers to losses/k11_gaussian_nll."""

import math

import torch
from torch.nn.functional import gaussian_nll_loss

from dojo.impostors import alternative, impostor


def refuse(mean, target, var, eps):
    """Raise ValueError for what the kata refuses."""
    if mean.shape != target.shape or eps <= 0 or bool((var < 0).any()):
        raise ValueError("the shapes differ, or eps or var is too small")
    if var.dim() != mean.dim() or var.shape[:-1] != mean.shape[:-1]:
        raise ValueError("var has another shape")
    if mean.dim() and var.shape[-1] not in (1, mean.shape[-1]):
        raise ValueError("var has another last size")


def raised(var, eps):
    """The variances with the floor, and with the slope 1."""
    return var + (eps - var).clamp(min=0).detach()


def nll(mean, target, v):
    """The cost of each entry."""
    return (v.log() + (target - mean) ** 2 / v) / 2


@impostor(
    "gaussian_nll",
    diagnosis="A mean and a target that broadcast get through: (n, 1) against (n,) gives n × n.",
    aspect="errors",
)
def lets_shapes_broadcast(mean, target, var, eps=1e-6):
    mean, target = torch.broadcast_tensors(mean, target)
    refuse(mean, target, var, eps)
    return nll(mean, target, raised(var, eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="var may have any shape that broadcasts: (n, 1) beside a mean of (n,) gives n × n.",
    aspect="errors",
)
def lets_var_broadcast(mean, target, var, eps=1e-6):
    refuse(mean, target, mean.detach() ** 2, eps)
    if (var < 0).any():
        raise ValueError("var")
    return nll(mean, target, raised(var, eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="var may lack the last dimension, as in torch: here it raises ValueError.",
    aspect="errors",
)
def takes_var_without_its_last_dimension(mean, target, var, eps=1e-6):
    if var.shape == mean.shape[:-1] and mean.dim():
        var = var.unsqueeze(-1)
    refuse(mean, target, var, eps)
    return nll(mean, target, raised(var, eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="A negative variance is raised to eps without a word: it has to raise ValueError.",
    aspect="errors",
)
def raises_negative_variances(mean, target, var, eps=1e-6):
    refuse(mean, target, var.abs(), eps)
    return nll(mean, target, raised(var, eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="An eps of 0 or less is taken: it has to raise ValueError.",
    aspect="errors",
)
def takes_any_eps(mean, target, var, eps=1e-6):
    refuse(mean, target, var, 1)
    return nll(mean, target, raised(var, eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="var is taken for the logarithm of the variance.",
    aspect="values",
)
def takes_var_for_its_logarithm(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return ((var + (target - mean) ** 2 * torch.exp(-var)) / 2).mean()


@impostor(
    "gaussian_nll",
    diagnosis="var is squared as if it were a standard deviation; it is the variance already.",
    aspect="values",
)
def takes_var_for_a_deviation(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target, raised(var**2, eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="eps is added to every variance; it is a floor.",
    aspect="values",
)
def adds_eps(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target, var + eps).mean()


@impostor("gaussian_nll", diagnosis="The half is missing.", aspect="values")
def leaves_out_the_half(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return 2 * nll(mean, target, raised(var, eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="Only the square is halved; the logarithm has its half too.",
    aspect="values",
)
def halves_the_square_alone(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    v = raised(var, eps)
    return (v.log() + (target - mean) ** 2 / (2 * v)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="The constant log(2 * pi) / 2 is added; this loss leaves it out.",
    aspect="values",
)
def adds_the_constant(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    v = raised(var, eps) + 0 * mean
    return -torch.distributions.Normal(mean, v.sqrt()).log_prob(target).mean()


@impostor(
    "gaussian_nll",
    diagnosis="The logarithm is missing: the model learns to say that it knows nothing.",
    aspect="values",
)
def leaves_out_the_logarithm(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return ((target - mean) ** 2 / raised(var, eps) / 2).mean()


@impostor("gaussian_nll", diagnosis="The costs are added up, not averaged.", aspect="values")
def takes_the_sum(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target, raised(var, eps)).sum()


@impostor(
    "gaussian_nll",
    diagnosis="A variance for a row is counted once in the sum of logarithms: it counts for each"
    " entry of the row.",
    aspect="values",
)
def counts_the_logarithm_once_for_a_row(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    v = raised(var, eps)
    return (v.log().sum() + ((target - mean) ** 2 / v).sum()) / 2 / mean.numel()


@impostor(
    "gaussian_nll",
    diagnosis="The floor is missing: a variance of 0 gives log 0 and a division by 0.",
    aspect="values",
)
def has_no_floor(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target, var).mean()


@impostor(
    "gaussian_nll",
    diagnosis="Only the divisor has the floor: the logarithm of 0 is -inf.",
    aspect="values",
)
def has_a_floor_below_the_line_alone(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return ((var.log() + (target - mean) ** 2 / raised(var, eps)) / 2).mean()


@impostor(
    "gaussian_nll",
    diagnosis="The floor is always 1e-6, whatever eps is.",
    aspect="values",
)
def has_a_fixed_floor(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target, raised(var, 1e-6)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="eps becomes a float32 tensor, and loses digits in float64.",
    aspect="values",
)
def rounds_eps(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target, raised(var, torch.tensor(eps, device=var.device))).mean()


@impostor(
    "gaussian_nll",
    diagnosis="clamp has the gradient 0 below eps: a variance that fell there never grows again.",
    aspect="gradient",
)
def clamps_the_variance(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target, var.clamp(min=eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="var is detached: it is predicted too, and has to learn.",
    aspect="gradient",
)
def detaches_the_variance(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target, var.detach().clamp(min=eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="target is detached: gradients have to reach it too.",
    aspect="gradient",
)
def detaches_the_target(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return nll(mean, target.detach(), raised(var, eps)).mean()


@impostor(
    "gaussian_nll",
    diagnosis="The caller's variances are clamped in place.",
    aspect="memory",
)
def clamps_the_callers_variance(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    with torch.no_grad():
        var.copy_(var.clamp(min=eps)) if 0 not in var.stride() else None
    return nll(mean, target, raised(var, eps)).mean()


@impostor("gaussian_nll", diagnosis="torch's gaussian_nll_loss does the work.", aspect="structure")
def calls_the_function(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    return gaussian_nll_loss(mean, target, var, eps=eps)


@alternative("gaussian_nll")
def by_data(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    v = var * 1
    v.data.clamp_(min=eps)
    return 0.5 * torch.mean(torch.log(v) + torch.square(mean - target) / v)


@alternative("gaussian_nll")
def by_the_precision(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    floor = var.detach().clamp(min=eps)
    precision = 1 / (floor + (var - var.detach()))
    each = precision * (target - mean).square() - precision.log()
    return each.sum() / (2 * target.numel())


@alternative("gaussian_nll")
def by_a_normal_distribution(mean, target, var, eps=1e-6):
    refuse(mean, target, var, eps)
    scale = raised(var.expand(mean.shape), eps).sqrt()
    normal = torch.distributions.Normal(mean, scale)
    return -normal.log_prob(target).mean() - math.log(2 * math.pi) / 2


@alternative("gaussian_nll")
def with_a_floor_that_lets_gradients_through(mean, target, var, eps=1e-6):
    class Floor(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.where(x < eps, eps, x)

        @staticmethod
        def backward(ctx, grad):
            return grad

    refuse(mean, target, var, eps)
    v = Floor.apply(var)
    scaled = (target - mean) / v.sqrt()
    return ((v.log() + scaled * scaled) / 2).mean()


@alternative("gaussian_nll")
def with_its_own_gradient(mean, target, var, eps=1e-6):
    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b, s):
            v, d = torch.maximum(s, torch.full_like(s, eps)), b - a
            ctx.save_for_backward(v, d)
            costs = v.log() + d * d / v
            return costs.sum() / costs.numel() / 2

        @staticmethod
        def backward(ctx, grad):
            v, d = ctx.saved_tensors
            share = grad / d.numel()
            spread = (share / 2 * (1 - d * d / v) / v).sum_to_size(v.shape)
            return -share * d / v, share * d / v, spread

    refuse(mean, target, var, eps)
    return Loss.apply(mean, target, var)
