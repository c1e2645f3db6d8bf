"""Wrong and right answers to losses/k10_dice."""

import torch

from dojo.impostors import alternative, impostor


def refuse(logits, target, smooth):
    """Raise ValueError for what the kata refuses."""
    if logits.shape != target.shape or smooth <= 0:
        raise ValueError("the shapes differ, or smooth is not above 0")


def areas(p, target, first=1):
    """The common area and the two areas of each sample, from this dimension on."""
    return tuple(one.flatten(first).sum(-1) for one in (p * target, p, target))


@impostor(
    "dice_loss",
    diagnosis="Shapes that broadcast get through: (n, 1) against (n, k) is no error.",
    aspect="errors",
)
def lets_shapes_broadcast(logits, target, smooth=1.0):
    logits, target = torch.broadcast_tensors(logits, target)
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target, min(1, logits.dim() - 1))
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="A sample is made one row, and only the rows are compared: (2, 6) meets (2, 3, 2).",
    aspect="errors",
)
def compares_the_rows(logits, target, smooth=1.0):
    rows, masks = logits.reshape(len(logits), -1), target.reshape(len(target), -1)
    refuse(rows, masks, smooth)
    both, found, wanted = areas(rows.sigmoid(), masks)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="A smooth of 0 is taken: it has to raise ValueError.",
    aspect="errors",
)
def takes_a_smooth_of_zero(logits, target, smooth=1.0):
    if logits.shape != target.shape or smooth < 0:
        raise ValueError("the shapes differ, or smooth is below 0")
    both, found, wanted = areas(logits.sigmoid(), target)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="One ratio is taken for the whole batch: a large object hides a small one.",
    aspect="values",
)
def takes_one_ratio_for_the_batch(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target, 0)
    return 1 - (2 * both + smooth) / (found + wanted + smooth)


@impostor(
    "dice_loss",
    diagnosis="smooth stands below the line alone: an empty mask that is left empty costs 1.",
    aspect="values",
)
def adds_smooth_below_alone(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return 1 - (2 * both / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="smooth stands above the line alone: the coefficient can be above 1.",
    aspect="values",
)
def adds_smooth_above_alone(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return 1 - ((2 * both + smooth) / (found + wanted)).mean()


@impostor(
    "dice_loss",
    diagnosis="smooth is added before the 2: above the line it counts twice.",
    aspect="values",
)
def doubles_smooth(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return 1 - (2 * (both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="The mean goes over samples with an object alone: an empty mask counts too.",
    aspect="values",
)
def skips_empty_masks(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    ratio = (2 * both + smooth) / (found + wanted + smooth)
    return 1 - torch.where(wanted > 0, ratio, 0).sum() / (wanted > 0).sum().clamp(min=1)


@impostor(
    "dice_loss",
    diagnosis="An empty mask costs nothing, whatever was found: the formula holds for it too.",
    aspect="values",
)
def forgives_empty_masks(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return (1 - (2 * both + smooth) / (found + wanted + smooth)).mul(wanted > 0).mean()


@impostor(
    "dice_loss",
    diagnosis="The sigmoid is missing: logits are no probabilities.",
    aspect="values",
)
def takes_logits_for_probabilities(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits, target)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="softmax is taken along dimension 1; each number has its own sigmoid.",
    aspect="values",
)
def takes_softmax(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.softmax(1), target)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="Each channel has a ratio of its own: the channels belong to one sum.",
    aspect="values",
)
def takes_a_ratio_for_each_channel(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    first = 2 if logits.dim() > 2 else 1
    both, found, wanted = areas(logits.sigmoid(), target, first)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="Only the last dimension is summed: all but the first have to be.",
    aspect="values",
)
def sums_the_last_dimension(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target, -1)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="p is squared below the line, as in V-Net; the kata has plain sums.",
    aspect="values",
)
def squares_below_the_line(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    p = logits.sigmoid()
    both, found, wanted = (one.flatten(1).sum(1) for one in (p * target, p * p, target * target))
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="p is rounded to 0 or 1: that is a measure, and no loss that can be trained.",
    aspect="values",
)
def rounds_the_probabilities(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas((logits > 0).to(logits), target)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean() + 0 * logits.sum()


@impostor(
    "dice_loss",
    diagnosis="The 2 above the line is missing: a perfect match has the coefficient 1/2.",
    aspect="values",
)
def forgets_the_two(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return 1 - ((both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="The coefficient comes back, not 1 minus it: training would make the match worse.",
    aspect="values",
)
def gives_the_coefficient(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="The losses of the samples are added up; their mean is asked for.",
    aspect="values",
)
def adds_up_the_samples(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return (1 - (2 * both + smooth) / (found + wanted + smooth)).sum()


@impostor(
    "dice_loss",
    diagnosis="This is the Jaccard index: the union stands below the line.",
    aspect="values",
)
def takes_the_jaccard_index(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return 1 - ((both + smooth) / (found + wanted - both + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="Means stand in the place of sums: beside them smooth weighs far too much.",
    aspect="values",
)
def takes_means_for_sums(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    p = logits.sigmoid()
    both, found, wanted = (one.flatten(1).mean(1) for one in (p * target, p, target))
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="smooth becomes a float32 tensor, and loses digits in float64.",
    aspect="values",
)
def rounds_smooth(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    smooth = torch.tensor(smooth, device=logits.device)
    both, found, wanted = areas(logits.sigmoid(), target)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="exp(x) / (1 + exp(x)) is inf / inf for a large logit; torch.sigmoid is right.",
    aspect="values",
)
def divides_inf_by_inf(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.exp() / (1 + logits.exp()), target)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="1 / (1 + exp(-x)) has the gradient 0 * inf for a very negative logit.",
    aspect="gradient",
)
def has_a_slope_of_zero_times_inf(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(1 / (1 + torch.exp(-logits)), target)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="The sigmoid is made from |x|, which has the slope 0 at 0: a logit of 0 never moves.",
    aspect="gradient",
)
def has_a_corner_at_zero(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    small = torch.exp(-logits.abs())
    p = torch.where(logits >= 0, 1 / (1 + small), small / (1 + small))
    both, found, wanted = areas(p, target)
    return 1 - ((2 * both + smooth) / (found + wanted + smooth)).mean()


@impostor(
    "dice_loss",
    diagnosis="What stands below the line is detached: p has a slope there too.",
    aspect="gradient",
)
def detaches_the_sum_below(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    both, found, wanted = areas(logits.sigmoid(), target)
    return 1 - ((2 * both + smooth) / (found.detach() + wanted + smooth)).mean()


@alternative("dice_loss")
def with_named_dimensions(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    rest = tuple(range(1, logits.dim()))
    p = logits.sigmoid()
    both = torch.sum(p * target, dim=rest)
    return (1 - (2.0 * both + smooth) / ((p + target).sum(rest) + smooth)).mean()


@alternative("dice_loss")
def sample_by_sample(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    total = 0
    for x, wanted in zip(logits, target.bool(), strict=True):
        found = 1 / (1 + torch.exp(-x.clamp(-40, 40)))
        above = 2 * found[wanted].sum() + smooth
        total = total + above / (found.sum() + wanted.sum() + smooth)
    return 1 - total / len(logits)


@alternative("dice_loss")
def by_counts_of_errors(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    rows, masks = logits.reshape(len(logits), -1), target.detach().reshape(len(target), -1)
    missed = (torch.sigmoid(-rows) * masks).sum(1)
    false = (torch.sigmoid(rows) * (1 - masks)).sum(1)
    hits = masks.sum(1) - missed
    return ((missed + false) / (2 * hits + missed + false + smooth)).mean()


@alternative("dice_loss")
def by_einsum_and_tanh(logits, target, smooth=1.0):
    refuse(logits, target, smooth)
    p = torch.add(torch.tanh(logits / 2), 1) / 2
    both = torch.einsum("n...,n...->n", p, target)
    below = p.add(target).reshape(p.size(0), -1).sum(dim=-1)
    return torch.sub(1, torch.div(both.mul(2).add(smooth), below.add(smooth)).mean())


@alternative("dice_loss")
def with_its_own_gradient(logits, target, smooth=1.0):
    class Dice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            rest = list(range(1, x.dim()))
            p = x.sigmoid()
            above = 2 * (p * target).sum(rest, keepdim=True) + smooth
            below = (p + target).sum(rest, keepdim=True) + smooth
            slope = (above / below - 2 * target) / below * p * (1 - p) / len(x)
            ctx.save_for_backward(slope)
            return 1 - (above / below).mean()

        @staticmethod
        def backward(ctx, grad):
            (slope,) = ctx.saved_tensors
            return grad * slope

    refuse(logits, target, smooth)
    return Dice.apply(logits)
