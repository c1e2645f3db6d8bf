"""Wrong and right answers to losses/k12_perplexity."""

import math

import torch
from torch.nn.functional import cross_entropy, nll_loss, one_hot

from dojo.impostors import alternative, impostor


def compare(logits, target, mask):
    """Raise ValueError where the shapes do not fit."""
    if not target.shape == mask.shape == logits[..., 0].shape:
        raise ValueError("target or mask has another shape")


def wide(logits):
    """The logits in 32 bits or more."""
    return logits if logits.dtype == torch.float64 else logits.float()


def costs_of(logits, target, mask):
    """-log p[target] of each place; 0 where it does not count."""
    rows = wide(logits).log_softmax(-1)
    picked = rows.gather(-1, target.where(mask, 0).unsqueeze(-1)).squeeze(-1)
    return -picked.where(mask, 0)


@impostor(
    "perplexity",
    diagnosis="All is flattened before shapes are compared: what holds as many numbers gets"
    " through.",
    aspect="errors",
)
def flattens_before_it_compares(logits, target, mask):
    logits, target, mask = logits.flatten(0, 1), target.flatten(), mask.flatten()
    compare(logits, target, mask)
    return costs_of(logits, target, mask).sum().div(mask.sum()).exp()


@impostor(
    "perplexity",
    diagnosis="mask is not compared: one of shape (B, 1) or (T,) broadcasts.",
    aspect="errors",
)
def lets_the_mask_broadcast(logits, target, mask):
    compare(logits, target, target)
    mask = mask.expand(target.shape)
    return costs_of(logits, target, mask).sum().div(mask.sum()).exp()


@impostor(
    "perplexity",
    diagnosis="The result has 16 bits for logits of 16 bits: float32 is asked for.",
    aspect="dtype",
)
def gives_16_bits(logits, target, mask):
    compare(logits, target, mask)
    return costs_of(logits, target, mask).sum().div(mask.sum()).exp().to(logits.dtype)


@impostor("perplexity", diagnosis="The mean of -log p comes back: exp is missing.", aspect="values")
def leaves_out_exp(logits, target, mask):
    compare(logits, target, mask)
    return costs_of(logits, target, mask).sum() / mask.sum()


@impostor(
    "perplexity",
    diagnosis="The mean of the sequences' perplexities is taken: a short one weighs as much as a"
    " long one.",
    aspect="values",
)
def takes_the_mean_of_perplexities(logits, target, mask):
    compare(logits, target, mask)
    filled = mask.any(1)
    means = costs_of(logits, target, mask).sum(1)[filled] / mask.sum(1)[filled]
    return means.exp().mean()


@impostor(
    "perplexity",
    diagnosis="A mean for each sequence is taken first, and then the mean of these.",
    aspect="values",
)
def takes_the_mean_of_means(logits, target, mask):
    compare(logits, target, mask)
    filled = mask.any(1)
    means = costs_of(logits, target, mask).sum(1)[filled] / mask.sum(1)[filled]
    return means.mean().exp()


@impostor(
    "perplexity",
    diagnosis="The sum is divided by the number of all places: padding makes the model look good.",
    aspect="values",
)
def divides_by_all_places(logits, target, mask):
    compare(logits, target, mask)
    number = mask.numel() if mask.any() else 0
    return (costs_of(logits, target, mask).sum() / torch.tensor(number)).exp()


@impostor(
    "perplexity",
    diagnosis="exp is taken of each token, before the mean.",
    aspect="values",
)
def takes_exp_first(logits, target, mask):
    compare(logits, target, mask)
    return costs_of(logits, target, mask)[mask].exp().mean()


@impostor(
    "perplexity",
    diagnosis="mask is not looked at: only targets of -100 are left out.",
    aspect="values",
)
def leaves_out_minus_100(logits, target, mask):
    compare(logits, target, mask)
    counts = target != -100
    return cross_entropy(wide(logits)[counts], target[counts]).exp()


@impostor("perplexity", diagnosis="The places where mask is False are counted.", aspect="values")
def turns_the_mask_round(logits, target, mask):
    compare(logits, target, mask)
    return costs_of(logits, target, ~mask)[~mask].mean().exp()


@impostor(
    "perplexity",
    diagnosis="Targets are shifted by one place once more: they are aligned already.",
    aspect="values",
)
def shifts_once_more(logits, target, mask):
    compare(logits, target, mask)
    logits, target, mask = logits[:, :-1], target[:, 1:], mask[:, 1:]
    return costs_of(logits, target, mask).sum().div(mask.sum()).exp()


@impostor(
    "perplexity",
    diagnosis="The mean of natural logarithms is put into a power of 2.",
    aspect="values",
)
def takes_a_power_of_two(logits, target, mask):
    compare(logits, target, mask)
    return torch.exp2(costs_of(logits, target, mask).sum() / mask.sum())


@impostor(
    "perplexity",
    diagnosis="-100 is used as an index: `gather` raises, though the place does not count.",
    aspect="values",
)
def gathers_at_minus_100(logits, target, mask):
    compare(logits, target, mask)
    costs = -wide(logits).log_softmax(-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)
    return costs[mask].mean().exp()


@impostor(
    "perplexity",
    diagnosis="A product with the mask leaves NaN: NaN * 0 is NaN.",
    aspect="values",
)
def multiplies_by_the_mask(logits, target, mask):
    compare(logits, target, mask)
    rows = wide(logits).log_softmax(-1)
    index = target.where(mask, 0).unsqueeze(-1)
    costs = -rows.gather(-1, index).squeeze(-1) * mask
    return (costs.sum() / mask.sum()).exp()


@impostor(
    "perplexity",
    diagnosis="The number is at least 1: where no token counts the result is 1, a perfect model.",
    aspect="values",
)
def divides_by_at_least_one(logits, target, mask):
    compare(logits, target, mask)
    return (costs_of(logits, target, mask).sum() / mask.sum().clamp(min=1)).exp()


@impostor(
    "perplexity",
    diagnosis="The mean is cut off at 100, so that a bad model looks less bad in float64.",
    aspect="values",
)
def cuts_the_mean_off(logits, target, mask):
    compare(logits, target, mask)
    return costs_of(logits, target, mask).sum().div(mask.sum()).clamp(max=100).exp()


@impostor(
    "perplexity",
    diagnosis="The logarithm of a softmax is -inf where p is too small for its dtype.",
    aspect="values",
)
def takes_the_logarithm_of_softmax(logits, target, mask):
    compare(logits, target, mask)
    p = wide(logits[mask]).softmax(-1).gather(-1, target[mask].unsqueeze(-1))
    return torch.exp(-p.log().mean())


@impostor(
    "perplexity",
    diagnosis="log_softmax is computed with 16 bits, and made float32 too late.",
    aspect="values",
)
def takes_log_softmax_in_16_bits(logits, target, mask):
    compare(logits, target, mask)
    rows = logits.log_softmax(-1)
    return wide(nll_loss(rows[mask], target[mask], reduction="none")).mean().exp()


@impostor(
    "perplexity",
    diagnosis="The sum is made with 16 bits: it is rounded before it is divided.",
    aspect="values",
)
def adds_up_in_16_bits(logits, target, mask):
    compare(logits, target, mask)
    total = costs_of(logits, target, mask).to(logits.dtype).sum()
    return (wide(total) / mask.sum()).exp()


@impostor(
    "perplexity",
    diagnosis="The caller's targets are overwritten with 0 where they do not count.",
    aspect="memory",
)
def overwrites_the_targets(logits, target, mask):
    compare(logits, target, mask)
    if 0 not in target.stride():
        target.masked_fill_(~mask, 0)
    return costs_of(logits, target, mask).sum().div(mask.sum()).exp()


@alternative("perplexity")
def with_ignored_targets(logits, target, mask):
    compare(logits, target, mask)
    labels = target.masked_fill(~mask, -100)
    return cross_entropy(wide(logits).transpose(1, 2), labels, ignore_index=-100).exp()


@alternative("perplexity")
def sequence_by_sequence(logits, target, mask):
    compare(logits, target, mask)
    total, number = 0.0, 0
    for rows, labels, counts in zip(logits, target, mask, strict=True):
        for t in counts.nonzero().flatten().tolist():
            row = rows[t].double()
            total += float(torch.logsumexp(row - row[labels[t]], 0))
            number += 1
    try:
        result = math.exp(total / number) if number else math.nan
    except OverflowError:
        result = math.inf
    return torch.tensor(result, dtype=wide(logits).dtype, device=logits.device)


@alternative("perplexity")
def by_one_hot_choices(logits, target, mask):
    compare(logits, target, mask)
    log_p = wide(logits).masked_fill(~mask.unsqueeze(-1), 0).log_softmax(-1)
    chosen = one_hot(torch.where(mask, target, 0), logits.shape[-1]).bool()
    each = torch.where(chosen, log_p, 0).sum(-1) * mask
    return torch.exp(-each.sum() / mask.count_nonzero())


@alternative("perplexity")
def as_a_product_of_powers(logits, target, mask):
    compare(logits, target, mask)
    rows = wide(logits[mask])
    picked = rows.log_softmax(1)[torch.arange(len(rows), device=rows.device), target[mask]]
    return torch.reciprocal(torch.exp(picked.double().mean())).to(rows.dtype)


@alternative("perplexity")
def by_mean_of_what_counts(logits, target, mask):
    compare(logits, target, mask)
    costs = cross_entropy(
        wide(logits).flatten(0, 1), target.where(mask, 0).flatten(), reduction="none"
    )
    costs = costs.view_as(target).masked_fill(~mask, math.nan)
    return costs.nanmean().exp()


@alternative("perplexity")
def by_logsumexp(logits, target, mask):
    compare(logits, target, mask)
    rows, labels = wide(logits[mask]), target[mask]
    own = rows.gather(1, labels[:, None])[:, 0]
    return ((rows.logsumexp(1) - own).sum() / len(labels)).exp()
