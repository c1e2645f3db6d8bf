"""Wrong and right answers to losses/k02_cross_entropy."""

import torch

from dojo.impostors import alternative, impostor


def compare(logits, target, label_smoothing=0.0):
    """Raise ValueError where the shapes do not fit, or the share is none."""
    if target.shape != logits[:, 0].shape or not 0 <= label_smoothing <= 1:
        raise ValueError("target or label_smoothing is wrong")


def pick(costs, target, counts):
    """The entry of the target along dimension 1; that of class 0 where it does not count."""
    return costs.gather(1, torch.where(counts, target, 0).unsqueeze(1)).squeeze(1)


def smoothed(costs, picked, share):
    """The cost of each place, with its part of smoothing."""
    return (1 - share) * picked + share * costs.mean(1) if share else picked


def mean_over(each, counts):
    """The mean over the places that count; 0 where there is none."""
    return torch.where(counts, each, 0).sum() / counts.sum().clamp(min=1)


@impostor(
    "cross_entropy",
    diagnosis="softmax is taken along the last dimension; the classes lie along dimension 1.",
    aspect="values",
)
def takes_the_last_dimension(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(-1)
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="The sum is divided by the number of all places; ignored ones do not count.",
    aspect="values",
)
def divides_by_all_places(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    each = smoothed(costs, pick(costs, target, counts), label_smoothing)
    return torch.where(counts, each, 0).sum() / max(target.numel(), 1)


@impostor(
    "cross_entropy",
    diagnosis="The part of smoothing is summed over all places; ignored ones have none.",
    aspect="values",
)
def smooths_ignored_places(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    loss = mean_over(pick(costs, target, counts), counts)
    if label_smoothing:
        uniform = costs.mean(1).sum() / counts.sum().clamp(min=1)
        loss = (1 - label_smoothing) * loss + label_smoothing * uniform
    return loss


@impostor(
    "cross_entropy",
    diagnosis="The share is split among the C - 1 other classes; it goes to all C.",
    aspect="values",
)
def smooths_over_the_other_classes(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    picked = pick(costs, target, counts)
    if label_smoothing:
        rest = (costs.sum(1) - picked) / max(costs.shape[1] - 1, 1)
        picked = (1 - label_smoothing) * picked + label_smoothing * rest
    return mean_over(picked, counts)


@impostor(
    "cross_entropy",
    diagnosis="The part of smoothing is the sum over the classes; it is their mean.",
    aspect="values",
)
def smooths_by_a_sum(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    picked = pick(costs, target, counts)
    if label_smoothing:
        picked = (1 - label_smoothing) * picked + label_smoothing * costs.sum(1)
    return mean_over(picked, counts)


@impostor(
    "cross_entropy",
    diagnosis="Only -100 is left out: with another ignore_index, -1 is read as the last class.",
    aspect="values",
)
def ignores_only_minus_100(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != -100
    costs = -logits.log_softmax(1)
    index = torch.where(counts, target, 0) % logits.shape[1]
    each = smoothed(costs, costs.gather(1, index.unsqueeze(1)).squeeze(1), label_smoothing)
    return mean_over(each, counts)


@impostor(
    "cross_entropy",
    diagnosis="Negative targets are left out, whatever ignore_index is; it may be a class too.",
    aspect="values",
)
def ignores_negative_targets(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = (target >= 0) & (target < logits.shape[1])
    costs = -logits.log_softmax(1)
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="A factor of 0, from a one-hot matrix or a share of 0, gives NaN beside a logit of"
    " -inf: 0 * inf.",
    aspect="values",
)
def multiplies_by_one_hot(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    hot = torch.nn.functional.one_hot(torch.where(counts, target, 0), logits.shape[1])
    picked = (hot.movedim(-1, 1) * costs).sum(1)
    return mean_over(smoothed(costs, picked, label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="A product with the mask leaves NaN where an ignored place has -inf: 0 * inf.",
    aspect="values",
)
def multiplies_by_the_mask(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    each = smoothed(costs, pick(costs, target, counts), label_smoothing)
    return (each * counts).sum() / counts.sum().clamp(min=1)


@impostor(
    "cross_entropy",
    diagnosis="Where no place counts the mean of nothing is NaN; the loss is to be 0.",
    aspect="values",
)
def takes_the_mean_of_nothing(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    return smoothed(costs, pick(costs, target, counts), label_smoothing)[counts].mean()


@impostor(
    "cross_entropy",
    diagnosis="Without a sample the mean is NaN where logits have more than two dimensions.",
    aspect="values",
)
def knows_no_samples_without_places_only(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    if not len(logits) and logits.dim() > 2:
        return logits.mean()
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="Where no place counts a new 0 comes back, which `backward()` does not accept.",
    aspect="gradient",
)
def gives_a_new_zero(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    if not counts.any():
        return logits.new_zeros(())
    costs = -logits.log_softmax(1)
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="log of softmax: a small probability becomes 0, and its logarithm -inf.",
    aspect="values",
)
def takes_log_of_softmax(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.softmax(1).log()
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="A small number is added before log: it stands in the place of every small"
    " probability.",
    aspect="values",
)
def adds_a_small_number(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -(logits.softmax(1) + 1e-12).log()
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="logsumexp minus the logit: beside 1e30 the logarithm of the sum is lost.",
    aspect="values",
)
def subtracts_from_logsumexp(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = logits.logsumexp(1, keepdim=True) - logits
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="A mean is taken for each sample, and then the mean of these: places in samples with"
    " much padding weigh more.",
    aspect="values",
)
def takes_a_mean_of_means(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    each = smoothed(costs, pick(costs, target, counts), label_smoothing)
    if each.dim() < 2:
        return mean_over(each, counts)
    kept = counts.flatten(1).sum(1)
    means = torch.where(counts, each, 0).flatten(1).sum(1) / kept.clamp(min=1)
    return mean_over(means, kept > 0)


@impostor(
    "cross_entropy",
    diagnosis="Places are flattened and only their count is compared: a target of another shape"
    " gets through.",
    aspect="errors",
)
def flattens_before_it_compares(logits, target, ignore_index=-100, label_smoothing=0.0):
    rows = logits.movedim(1, -1).reshape(-1, logits.shape[1])
    flat = target.reshape(-1)
    compare(rows, flat, label_smoothing)
    counts = flat != ignore_index
    costs = -rows.log_softmax(1)
    return mean_over(smoothed(costs, pick(costs, flat, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="label_smoothing is not looked at: below 0 and above 1 it has to raise ValueError.",
    aspect="errors",
)
def takes_any_share(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target)
    counts = target != ignore_index
    costs = -logits.log_softmax(1)
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor(
    "cross_entropy",
    diagnosis="Where no place counts, all logits are added up and multiplied by 0: inf * 0 is NaN.",
    aspect="values",
)
def multiplies_the_sum_by_zero(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    if not counts.any():
        return logits.sum() * 0
    costs = -logits.log_softmax(1)
    return mean_over(smoothed(costs, pick(costs, target, counts), label_smoothing), counts)


@impostor("cross_entropy", diagnosis="torch's own cross_entropy does the work.", aspect="structure")
def calls_the_layer(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    if not (target != ignore_index).any():
        return logits[:0].sum()
    return torch.nn.CrossEntropyLoss(ignore_index=ignore_index, label_smoothing=label_smoothing)(
        logits, target
    )


@alternative("cross_entropy")
def of_the_places_that_count(logits, target, ignore_index=-100, label_smoothing=0.0):
    places = logits.movedim(1, -1)
    if places.shape[:-1] != target.shape:
        raise ValueError("target has another shape")
    if label_smoothing < 0 or label_smoothing > 1:
        raise ValueError("label_smoothing")
    counts = target != ignore_index
    rows, classes = places[counts], target[counts]
    if not len(rows):
        return rows.sum()
    log_p = rows.log_softmax(-1)
    loss = -log_p[torch.arange(len(rows), device=rows.device), classes].mean()
    if label_smoothing > 0:
        loss = loss.mul(1 - label_smoothing) - log_p.mean() * label_smoothing
    return loss


@alternative("cross_entropy")
def by_a_soft_target(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target.ne(ignore_index)
    classes = torch.arange(logits.shape[1], device=logits.device)
    classes = classes.view(-1, *[1] * (logits.dim() - 2))
    hot = (target.unsqueeze(1) == classes).to(logits)
    wanted = hot * (1 - label_smoothing) + label_smoothing / logits.shape[1]
    wanted = wanted * counts.unsqueeze(1)
    log_p = logits.log_softmax(1).masked_fill(wanted == 0, 0)
    return -torch.einsum("nc...,nc...->", wanted, log_p) / max(int(counts.sum()), 1)


@alternative("cross_entropy")
def with_its_own_gradient(logits, target, ignore_index=-100, label_smoothing=0.0):
    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            gaps = x - x.amax(1, keepdim=True)
            costs = gaps.exp().sum(1, keepdim=True).log() - gaps
            size = x.shape[1]
            counts = target != ignore_index
            hot = torch.zeros_like(x).scatter_(1, torch.where(counts, target, 0).unsqueeze(1), 1)
            wanted = (1 - label_smoothing) * hot + label_smoothing / size
            number = counts.sum().clamp(min=1)
            slope = ((-costs).exp() - wanted) * counts.unsqueeze(1) / number
            ctx.save_for_backward(slope)
            each = torch.where(wanted > 0, wanted * costs, 0).sum(1)
            return torch.where(counts, each, 0).sum() / number

        @staticmethod
        def backward(ctx, grad):
            (slope,) = ctx.saved_tensors
            return grad * slope

    compare(logits, target, label_smoothing)
    return Loss.apply(logits)


@alternative("cross_entropy")
def by_gaps_to_the_target(logits, target, ignore_index=-100, label_smoothing=0.0):
    compare(logits, target, label_smoothing)
    counts = target != ignore_index
    rows = logits.movedim(1, -1)[counts]
    own = rows.gather(1, target[counts][:, None])
    total = torch.logsumexp(rows - own, 1).sum() * (1 - label_smoothing)
    if label_smoothing:
        pairs = torch.logsumexp(rows.unsqueeze(1) - rows.unsqueeze(2), 2)
        total = total + label_smoothing * pairs.mean(1).sum()
    return total / max(len(rows), 1)
