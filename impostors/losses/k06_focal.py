"""Wrong and right answers to losses/k06_focal."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from dojo.impostors import alternative, impostor


def refuse(logits, target, gamma, alpha):
    """Raise ValueError for what the kata refuses."""
    if logits.shape != target.shape or gamma < 0:
        raise ValueError("the shapes differ, or gamma is negative")
    if alpha is not None and not 0 <= alpha <= 1:
        raise ValueError("alpha")


def weighed(loss, target, alpha):
    """A loss times alpha_t."""
    return loss if alpha is None else loss * torch.where(target == 1, loss * 0 + alpha, 1 - alpha)


def signed(logits, target):
    """z, of which p_t is the sigmoid."""
    return torch.where(target == 1, logits, -logits)


def focal(z, gamma):
    """(1 - p_t)^gamma * -log p_t."""
    return -torch.exp(gamma * logsigmoid(-z)) * logsigmoid(z)


@impostor(
    "sigmoid_focal_loss",
    diagnosis="Shapes that broadcast get through: (n, 1) against (n,) gives n × n entries.",
    aspect="errors",
)
def lets_shapes_broadcast(logits, target, gamma=2.0, alpha=0.25):
    logits, target = torch.broadcast_tensors(logits, target)
    refuse(logits, target, gamma, alpha)
    return weighed(focal(signed(logits, target), gamma), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="A negative alpha means no weights, as in torchvision; here it raises ValueError.",
    aspect="errors",
)
def takes_a_negative_alpha_for_none(logits, target, gamma=2.0, alpha=0.25):
    alpha = None if alpha is not None and alpha < 0 else alpha
    refuse(logits, target, gamma, alpha)
    return weighed(focal(signed(logits, target), gamma), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="A gamma below 0 is taken: it has to raise ValueError.",
    aspect="errors",
)
def takes_a_negative_gamma(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, 0, alpha)
    return weighed(focal(signed(logits, target), gamma), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="The sum is divided by the number of objects, as RetinaNet does; the kata asks for"
    " the mean.",
    aspect="values",
)
def divides_by_the_objects(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    loss = weighed(focal(signed(logits, target), gamma), target, alpha)
    return loss.sum() / target.sum().clamp(min=1)


@impostor(
    "sigmoid_focal_loss",
    diagnosis="The losses are added up; their mean is asked for.",
    aspect="values",
)
def takes_the_sum(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    return weighed(focal(signed(logits, target), gamma), target, alpha).sum()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="alpha weighs both classes alike: a target of 0 has the weight 1 - alpha.",
    aspect="values",
)
def weighs_both_classes_alike(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    return (1 if alpha is None else alpha) * focal(signed(logits, target), gamma).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="alpha belongs to the target 1, and 1 - alpha to 0; here they have changed places.",
    aspect="values",
)
def swaps_the_weights(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    alpha = None if alpha is None else 1 - alpha
    return weighed(focal(signed(logits, target), gamma), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="`if alpha` takes an alpha of 0 for None: ask whether it is None.",
    aspect="values",
)
def takes_zero_for_none(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    return weighed(focal(signed(logits, target), gamma), target, alpha or None).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="torch.where of two plain numbers makes float32: alpha loses digits in float64.",
    aspect="values",
)
def rounds_the_weights(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    loss = focal(signed(logits, target), gamma)
    return (loss if alpha is None else torch.where(target == 1, alpha, 1 - alpha) * loss).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="The factor is made of p, not of p_t: for a target of 0 it is p^gamma.",
    aspect="values",
)
def takes_p_for_p_t(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    factor = torch.exp(gamma * logsigmoid(-logits))
    return weighed(-factor * logsigmoid(signed(logits, target)), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="The factor is p_t^gamma: it makes the easy entries count more, not less.",
    aspect="values",
)
def favours_the_easy_ones(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    log_p_t = logsigmoid(signed(logits, target))
    return weighed(-torch.exp(gamma * log_p_t) * log_p_t, target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="1e-8 is added to p_t: no loss goes above 18.4, and a wrong entry learns nothing.",
    aspect="values",
)
def adds_a_little_to_p_t(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    p_t = torch.sigmoid(signed(logits, target))
    return weighed(-((1 - p_t) ** gamma) * torch.log(p_t + 1e-8), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="The logarithm of a sigmoid that is 0 is -inf: logsigmoid stays finite.",
    aspect="values",
)
def takes_the_logarithm_of_the_sigmoid(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    z = signed(logits, target)
    return weighed(torch.exp(gamma * logsigmoid(-z)) * -z.sigmoid().log(), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="The probabilities are clamped: large logits have the wrong loss, and no gradient.",
    aspect="values",
)
def clamps_the_probabilities(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    p_t = torch.sigmoid(signed(logits, target)).clamp(1e-12, 1 - 1e-12)
    return weighed(-((1 - p_t) ** gamma) * torch.log(p_t), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="(1 - p_t)^gamma has the slope inf at p_t = 1 for a gamma below 1: NaN gradients.",
    aspect="gradient",
)
def takes_a_power_of_zero(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    ce = binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = torch.sigmoid(logits)
    p_t = p * target + (1 - p) * (1 - target)
    return weighed(ce * (1 - p_t) ** gamma, target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="exp of a large number is inf, and inf times 0 is NaN on the way back.",
    aspect="gradient",
)
def lets_the_exponential_overflow(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    z = signed(logits, target)
    factor = torch.where(z > 88, 0, 1 / (1 + torch.exp(z))) ** gamma
    return weighed(-factor * logsigmoid(z), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="The factor is detached: p_t has a slope in it too.",
    aspect="gradient",
)
def detaches_the_factor(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    z = signed(logits, target)
    factor = torch.exp(gamma * logsigmoid(-z)).detach()
    return weighed(-factor * logsigmoid(z), target, alpha).mean()


@impostor(
    "sigmoid_focal_loss",
    diagnosis="The formula with max(x, 0) and |x| has corners at 0: its parts have wrong slopes.",
    aspect="gradient",
)
def has_a_corner_at_zero(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    ce = logits.clamp(min=0) - logits * target + torch.log1p(torch.exp(-logits.abs()))
    factor = torch.exp(gamma * logsigmoid(-signed(logits, target)))
    return weighed(factor * ce, target, alpha).mean()


@alternative("sigmoid_focal_loss")
def by_torchs_cross_entropy(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    ce = binary_cross_entropy_with_logits(logits, target, reduction="none")
    off = torch.sigmoid(logits * (1 - 2 * target))
    factor = off.clamp(min=torch.finfo(off.dtype).tiny) ** gamma
    weight = 1 if alpha is None else alpha * target + (1 - alpha) * (1 - target)
    return (weight * factor * ce).sum() / ce.numel()


@alternative("sigmoid_focal_loss")
def class_by_class(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    total = 0
    share = (1, 1) if alpha is None else (1 - alpha, alpha)
    for label in (0, 1):
        x = logits[target == label] * (2 * label - 1)
        log_off, log_p = -torch.nn.functional.softplus(x), -torch.nn.functional.softplus(-x)
        total = total - share[label] * ((gamma * log_off).exp() * log_p).sum()
    return total / target.numel()


@alternative("sigmoid_focal_loss")
def by_two_logits(logits, target, gamma=2.0, alpha=0.25):
    refuse(logits, target, gamma, alpha)
    both = torch.stack([-logits / 2, logits / 2], -1).log_softmax(-1)
    right = target.long()[..., None]
    log_p, log_off = both.gather(-1, right)[..., 0], both.gather(-1, 1 - right)[..., 0]
    loss = log_p * torch.exp(log_off * gamma)
    if alpha is not None:
        loss = loss * loss.new_tensor([1 - alpha, alpha])[target.long()]
    return loss.mean().neg()


@alternative("sigmoid_focal_loss")
def with_its_own_gradient(logits, target, gamma=2.0, alpha=0.25):
    class Focal(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            sign = 2 * y - 1
            log_p, log_off = logsigmoid(x * sign), logsigmoid(-x * sign)
            weight = torch.ones_like(y) if alpha is None else y * alpha + (1 - y) * (1 - alpha)
            factor = weight * (gamma * log_off).exp() / x.numel()
            ctx.save_for_backward(sign * factor * (gamma * log_p.exp() * log_p - log_off.exp()))
            return -(factor * log_p).sum()

        @staticmethod
        def backward(ctx, grad):
            (slope,) = ctx.saved_tensors
            return grad * slope, None

    refuse(logits, target, gamma, alpha)
    return Focal.apply(logits, target)
