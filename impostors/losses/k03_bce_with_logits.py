"""Wrong and right answers to losses/k03_bce_with_logits."""

import torch
from torch.nn.functional import logsigmoid, softplus

from dojo.impostors import alternative, impostor


def compare(logits, target):
    """Raise ValueError where the shapes differ."""
    if logits.shape != target.shape:
        raise ValueError("the shapes differ")


def weight_of(pos_weight):
    """1 where no weight is given."""
    return 1 if pos_weight is None else pos_weight


@impostor(
    "bce_with_logits",
    diagnosis="log(sigmoid(x)) in two steps: sigmoid(-1000) is 0, and log(0) is -inf.",
    aspect="values",
)
def takes_log_after_sigmoid(logits, target, pos_weight=None):
    compare(logits, target)
    p = torch.sigmoid(logits)
    return -(weight_of(pos_weight) * target * p.log() + (1 - target) * (1 - p).log()).mean()


@impostor(
    "bce_with_logits",
    diagnosis="log(1 - sigmoid(x)) is -inf for a large x: 1 - sigmoid(x) is sigmoid(-x).",
    aspect="values",
)
def subtracts_from_one(logits, target, pos_weight=None):
    compare(logits, target)
    no = torch.where(target < 1, (1 - logits.sigmoid()).log() * (1 - target), 0)
    return -(weight_of(pos_weight) * target * logsigmoid(logits) + no).mean()


@impostor(
    "bce_with_logits",
    diagnosis="The probability is clamped away from 0 and 1: large errors cost too little, and have"
    " no gradient.",
    aspect="values",
)
def clamps_the_probability(logits, target, pos_weight=None):
    compare(logits, target)
    edge = torch.finfo(logits.dtype).eps
    p = torch.sigmoid(logits).clamp(edge, 1 - edge)
    return -(weight_of(pos_weight) * target * p.log() + (1 - target) * (1 - p).log()).mean()


@impostor(
    "bce_with_logits",
    diagnosis="The logarithm is cut off at -100, as torch's binary_cross_entropy does: larger"
    " errors all cost 100.",
    aspect="values",
)
def cuts_the_logarithm_off(logits, target, pos_weight=None):
    compare(logits, target)
    yes, no = logsigmoid(logits).clamp(min=-100), logsigmoid(-logits).clamp(min=-100)
    return -(weight_of(pos_weight) * target * yes + (1 - target) * no).mean()


@impostor(
    "bce_with_logits",
    diagnosis="A small number is added before log: it shows in float64, and stands in the place of"
    " every small probability.",
    aspect="values",
)
def adds_a_small_number(logits, target, pos_weight=None):
    compare(logits, target)
    p = torch.sigmoid(logits)
    yes, no = (p + 1e-8).log(), (1 - p + 1e-8).log()
    return -(weight_of(pos_weight) * target * yes + (1 - target) * no).mean()


@impostor(
    "bce_with_logits",
    diagnosis="clamp and abs have corners at 0: the value is right, and the gradient of a logit of"
    " 0 is not.",
    aspect="gradient",
)
def has_corners_at_zero(logits, target, pos_weight=None):
    compare(logits, target)
    rest = (-logits.abs()).exp().log1p()
    yes, no = (-logits).clamp(min=0) + rest, logits.clamp(min=0) + rest
    return (weight_of(pos_weight) * target * yes + (1 - target) * no).mean()


@impostor(
    "bce_with_logits",
    diagnosis="`where` chooses between two formulas, of which the other overflows: its gradient is"
    " 0 * inf.",
    aspect="gradient",
)
def chooses_after_an_overflow(logits, target, pos_weight=None):
    compare(logits, target)

    def cost(x):
        return torch.where(x > 0, (-x).exp().log1p(), x.exp().log1p() - x)

    return (weight_of(pos_weight) * target * cost(logits) + (1 - target) * cost(-logits)).mean()


@impostor(
    "bce_with_logits",
    diagnosis="pos_weight is a factor of both parts; it belongs to the part with y alone.",
    aspect="values",
)
def weighs_both_parts(logits, target, pos_weight=None):
    compare(logits, target)
    both = target * logsigmoid(logits) + (1 - target) * logsigmoid(-logits)
    return -(weight_of(pos_weight) * both).mean()


@impostor(
    "bce_with_logits",
    diagnosis="pos_weight is a factor of the part with 1 - y; it belongs to the one with y.",
    aspect="values",
)
def weighs_the_other_part(logits, target, pos_weight=None):
    compare(logits, target)
    no = weight_of(pos_weight) * (1 - target) * logsigmoid(-logits)
    return -(target * logsigmoid(logits) + no).mean()


@impostor(
    "bce_with_logits",
    diagnosis="The sum is divided by the sum of the weights; it is a mean over all entries.",
    aspect="values",
)
def divides_by_the_weights(logits, target, pos_weight=None):
    compare(logits, target)
    yes, no = target * logsigmoid(logits), (1 - target) * logsigmoid(-logits)
    weights = torch.where(target >= 0.5, weight_of(pos_weight), torch.ones_like(logits))
    return -(weight_of(pos_weight) * yes + no).sum() / weights.sum()


@impostor(
    "bce_with_logits",
    diagnosis="Soft targets are rounded: each entry is taken for a whole yes or a whole no.",
    aspect="values",
)
def rounds_the_target(logits, target, pos_weight=None):
    compare(logits, target)
    yes, no = weight_of(pos_weight) * softplus(-logits), softplus(logits)
    return (torch.where(target >= 0.5, yes, no) + 0 * target).mean()


@impostor(
    "bce_with_logits",
    diagnosis="The shapes are not compared: (n, 1) against (n,) gives n × n costs.",
    aspect="errors",
)
def lets_shapes_broadcast(logits, target, pos_weight=None):
    yes, no = target * logsigmoid(logits), (1 - target) * logsigmoid(-logits)
    return -(weight_of(pos_weight) * yes + no).mean()


@impostor(
    "bce_with_logits",
    diagnosis="pos_weight is detached: gradients have to reach it too.",
    aspect="gradient",
)
def detaches_the_weight(logits, target, pos_weight=None):
    compare(logits, target)
    weight = 1 if pos_weight is None else pos_weight.detach()
    return -(weight * target * logsigmoid(logits) + (1 - target) * logsigmoid(-logits)).mean()


@impostor(
    "bce_with_logits",
    diagnosis="target is detached: gradients have to reach it too.",
    aspect="gradient",
)
def detaches_the_target(logits, target, pos_weight=None):
    compare(logits, target)
    y = target.detach()
    return -(weight_of(pos_weight) * y * logsigmoid(logits) + (1 - y) * logsigmoid(-logits)).mean()


@impostor(
    "bce_with_logits", diagnosis="torch's own loss does the work, as a layer.", aspect="structure"
)
def calls_the_layer(logits, target, pos_weight=None):
    compare(logits, target)
    return torch.nn.BCEWithLogitsLoss(pos_weight=pos_weight)(logits, target)


@alternative("bce_with_logits")
def by_softplus(logits, target, pos_weight=None):
    compare(logits, target)
    factor = 1 + (weight_of(pos_weight) - 1) * target
    return torch.mean((1 - target) * logits + factor * softplus(-logits))


@alternative("bce_with_logits")
def by_logaddexp(logits, target, pos_weight=None):
    if tuple(target.shape) != tuple(logits.shape):
        raise ValueError("target must have the shape of logits")
    zero = torch.zeros_like(logits)
    yes, no = torch.logaddexp(zero, -logits), torch.logaddexp(zero, logits)
    return torch.lerp(no, weight_of(pos_weight) * yes, target).sum() / logits.numel()


@alternative("bce_with_logits")
def of_two_classes(logits, target, pos_weight=None):
    compare(logits, target)
    log_p = torch.stack([-logits, torch.zeros_like(logits)], -1).log_softmax(-1)
    wanted = torch.stack([1 - target, weight_of(pos_weight) * target], -1)
    return -(wanted * log_p).sum(-1).mean()


@alternative("bce_with_logits")
def with_its_own_gradient(logits, target, pos_weight=None):
    class Cost(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.clamp(min=0) + (-x.abs()).exp().log1p()

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * x.sigmoid()

    compare(logits, target)
    yes, no = Cost.apply(-logits), Cost.apply(logits)
    return (weight_of(pos_weight) * target * yes).mean() + ((1 - target) * no).mean()


@alternative("bce_with_logits")
def by_branches_that_stay_finite(logits, target, pos_weight=None):
    compare(logits, target)

    def cost(x):
        is_high = x > 0
        high, low = torch.where(is_high, x, 0), torch.where(is_high, 0, x)
        return torch.where(is_high, (-high).exp().log1p(), low.exp().log1p() - low)

    return (weight_of(pos_weight) * target * cost(logits) + (1 - target) * cost(-logits)).mean()
