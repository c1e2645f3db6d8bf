"""Wrong and right answers to generation/k13_group_relative_policy."""

import torch

from dojo.impostors import alternative, impostor


def grouped(rewards, size):
    """A row for each group."""
    if len(rewards) % size:
        raise ValueError("the last group is not whole")
    return rewards.reshape(-1, size)


def deviation(groups, eps):
    """The deviation of each group by n - 1, and eps."""
    if groups.shape[1] == 1:
        return torch.full_like(groups, eps)
    return groups.std(1, keepdim=True) + eps


def centred(groups):
    """The rewards less the mean of their group."""
    return groups - groups.mean(1, keepdim=True)


def gaps(new, old, ref, a, mask):
    """Both differences, 0 where they are hidden, and the advantages as a column."""
    off = (new - old.detach()).masked_fill(~mask, 0)
    return off, (ref.detach() - new).masked_fill(~mask, 0), a.detach()[:, None]


def gain_of(ratio, a, clip):
    """The smaller product."""
    return torch.min(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a)


def kl_of(d):
    """The estimate of the distance from the reference."""
    return d.exp() - d - 1


def per_row(losses, mask):
    """The mean over what counts in each row, and then over the rows."""
    return (losses.masked_fill(~mask, 0).sum(1) / mask.sum(1)).mean()


@impostor(
    "group_advantages",
    diagnosis="The mean and the deviation are those of the whole batch.",
    aspect="values",
)
def normalises_over_the_batch(rewards, group_size, eps=1e-4):
    grouped(rewards, group_size)
    return centred(rewards[None])[0] / deviation(rewards[None], eps)[0]


@impostor(
    "group_advantages",
    diagnosis="The groups are woven into one another: every G-th reward is taken for a neighbour.",
    aspect="values",
)
def weaves_the_groups(rewards, group_size, eps=1e-4):
    grouped(rewards, group_size)
    groups = rewards.reshape(group_size, -1).T
    return (centred(groups) / deviation(groups, eps)).T.flatten()


@impostor(
    "group_advantages",
    diagnosis="In a group of one, the deviation by n - 1 is 0 / 0: NaN.",
    aspect="values",
)
def divides_by_zero_for_one(rewards, group_size, eps=1e-4):
    groups = grouped(rewards, group_size)
    return (
        centred(groups) / ((centred(groups) ** 2).sum(1, True) / (group_size - 1)).sqrt().add(eps)
    ).flatten()


@impostor(
    "group_advantages",
    diagnosis="The deviation divides by n; it has to divide by n - 1.",
    aspect="values",
)
def takes_the_biased_deviation(rewards, group_size, eps=1e-4):
    groups = grouped(rewards, group_size)
    return (centred(groups) / (groups.std(1, correction=0, keepdim=True) + eps)).flatten()


@impostor(
    "group_advantages",
    diagnosis="eps is added to the variance, under the root; it belongs to the deviation.",
    aspect="values",
)
def adds_eps_under_the_root(rewards, group_size, eps=1e-4):
    groups = grouped(rewards, group_size)
    variance = (deviation(groups, 0.0)) ** 2
    return (centred(groups) / (variance + eps).sqrt()).flatten()


@impostor(
    "group_advantages",
    diagnosis="Only the mean is subtracted, as in Dr. GRPO: the deviation is asked for too.",
    aspect="values",
)
def divides_by_nothing(rewards, group_size, eps=1e-4):
    return centred(grouped(rewards, group_size)).flatten()


@impostor(
    "group_advantages",
    diagnosis="eps is left out: equal rewards give 0 / 0.",
    aspect="values",
)
def leaves_out_eps(rewards, group_size, eps=1e-4):
    groups = grouped(rewards, group_size)
    if group_size == 1:
        return torch.zeros_like(rewards)
    return (centred(groups) / groups.std(1, keepdim=True)).flatten()


@impostor(
    "group_advantages",
    diagnosis="The advantages come back in a table of groups.",
    aspect="shape",
)
def keeps_the_groups(rewards, group_size, eps=1e-4):
    groups = grouped(rewards, group_size)
    return centred(groups) / deviation(groups, eps)


@impostor(
    "group_advantages",
    diagnosis="`view` raises RuntimeError where the groups are not whole: ValueError is asked for.",
    aspect="errors",
)
def leaves_it_to_view(rewards, group_size, eps=1e-4):
    groups = rewards.contiguous().view(-1, group_size)
    return (centred(groups) / deviation(groups, eps)).flatten()


@impostor(
    "group_advantages",
    diagnosis="The last group is taken even if it is not whole.",
    aspect="errors",
)
def takes_a_shorter_group(rewards, group_size, eps=1e-4):
    groups = [one[None] for one in rewards.split(group_size)]
    return torch.cat([(centred(one) / deviation(one, eps))[0] for one in groups])


@alternative("group_advantages")
def group_by_group(rewards, group_size, eps=1e-4):
    if len(rewards) % group_size != 0:
        raise ValueError(f"{len(rewards)} / {group_size}")
    found = []
    for group in rewards.split(group_size):
        std = group.std() if len(group) > 1 else 0.0
        found.append((group - group.mean()) / (std + eps))
    return torch.cat(found)


@alternative("group_advantages")
def with_nan_replaced(rewards, group_size, eps=1e-4):
    groups = grouped(rewards, group_size)
    mean = groups.mean(1).repeat_interleave(group_size)
    squares = (groups - groups.mean(1)[:, None]).square().sum(1) / (group_size - 1 or 1)
    return (rewards - mean) / (squares.sqrt().repeat_interleave(group_size) + eps)


@alternative("group_advantages")
def by_indices(rewards, group_size, eps=1e-4):
    count = rewards.numel()
    if count // group_size * group_size != count:
        raise ValueError("no whole groups")
    wide = rewards.double()
    group = torch.arange(count, device=rewards.device) // group_size
    sums = wide.new_zeros(count // group_size).index_add(0, group, wide)
    off = wide - sums[group] / group_size
    squares = wide.new_zeros(count // group_size).index_add(0, group, off * off)
    std = (squares / max(1, group_size - 1)) ** 0.5
    return (off / (std[group] + eps)).to(rewards.dtype)


@impostor(
    "grpo_loss",
    diagnosis="The sums of the rows are divided by T: short answers weigh less.",
    aspect="values",
)
def divides_by_all_places(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return ((beta * kl_of(d) - gain_of(off.exp(), a, clip)) * mask).mean()


@impostor(
    "grpo_loss",
    diagnosis="All tokens weigh the same, as in DAPO: each answer has a mean of its own first.",
    aspect="values",
)
def weighs_tokens_alike(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return (beta * kl_of(d) - gain_of(off.exp(), a, clip))[mask].mean()


@impostor(
    "grpo_loss",
    diagnosis="The losses of the answers are added up: their mean is asked for.",
    aspect="values",
)
def adds_up_the_answers(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(beta * kl_of(d) - gain_of(off.exp(), a, clip), mask) * len(mask)


@impostor(
    "grpo_loss",
    diagnosis="mask is not looked at: padding learns too.",
    aspect="values",
)
def counts_hidden_tokens(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, torch.ones_like(mask))
    return (beta * kl_of(d) - gain_of(off.exp(), a, clip)).mean()


@impostor(
    "grpo_loss",
    diagnosis="The larger of both products is taken: for the loss, min of the products is right.",
    aspect="values",
)
def takes_the_larger_product(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    ratio = off.exp()
    gain = torch.max(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a)
    return per_row(beta * kl_of(d) - gain, mask)


@impostor(
    "grpo_loss",
    diagnosis="Nothing is clipped: clip is not used.",
    aspect="values",
)
def clips_nothing(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(beta * kl_of(d) - off.exp() * a, mask)


@impostor(
    "grpo_loss",
    diagnosis="Only the clipped product counts: mistakes beyond the clip are not taken back.",
    aspect="values",
)
def clips_always(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(beta * kl_of(d) - off.exp().clamp(1 - clip, 1 + clip) * a, mask)


@impostor(
    "grpo_loss",
    diagnosis="The ratio is 1 everywhere: it is made of log_probs and their own detached copy.",
    aspect="values",
)
def leaves_out_the_old_policy(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, new, ref, a, mask)
    return per_row(beta * kl_of(d) - gain_of(off.exp(), a, clip), mask)


@impostor(
    "grpo_loss",
    diagnosis="The ratio is upside down: exp(old - new).",
    aspect="values",
)
def turns_the_ratio(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(beta * kl_of(d) - gain_of((-off).exp(), a, clip), mask)


@impostor(
    "grpo_loss",
    diagnosis="d is turned round: log_prob - ref_log_prob.",
    aspect="values",
)
def turns_d(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(beta * kl_of(-d) - gain_of(off.exp(), a, clip), mask)


@impostor(
    "grpo_loss",
    diagnosis="The KL term is log_prob - ref_log_prob alone, which may be below 0.",
    aspect="values",
)
def takes_the_plain_difference(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(-beta * d - gain_of(off.exp(), a, clip), mask)


@impostor(
    "grpo_loss",
    diagnosis="The KL term is subtracted, so that the policy runs away from the reference.",
    aspect="values",
)
def subtracts_the_kl_term(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(-beta * kl_of(d) - gain_of(off.exp(), a, clip), mask)


@impostor("grpo_loss", diagnosis="The KL term is left out.", aspect="values")
def leaves_out_the_kl_term(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, _, a = gaps(new, old, ref, a, mask)
    return per_row(-gain_of(off.exp(), a, clip), mask)


@impostor(
    "grpo_loss",
    diagnosis="The sign of the objective is missing: what got a reward becomes less probable.",
    aspect="values",
)
def forgets_the_sign(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(beta * kl_of(d) + gain_of(off.exp(), a, clip), mask)


@impostor(
    "grpo_loss",
    diagnosis="exp is taken of hidden numbers too: inf times 0 is NaN.",
    aspect="values",
)
def multiplies_by_the_mask(new, old, ref, a, mask, clip=0.2, beta=0.04):
    d, ratio = ref.detach() - new, (new - old.detach()).exp()
    losses = beta * kl_of(d) - gain_of(ratio, a.detach()[:, None], clip)
    return ((losses * mask).sum(1) / mask.sum(1)).mean()


@impostor(
    "grpo_loss",
    diagnosis="The loss of hidden tokens is replaced after exp: the value is right, and the"
    " gradient is 0 * inf, NaN.",
    aspect="gradient",
)
def replaces_losses_after_exp(new, old, ref, a, mask, clip=0.2, beta=0.04):
    d, ratio = ref.detach() - new, (new - old.detach()).exp()
    return per_row(beta * kl_of(d) - gain_of(ratio, a.detach()[:, None], clip), mask)


@impostor(
    "grpo_loss",
    diagnosis="The reference gets gradients: it is a constant.",
    aspect="gradient",
)
def lets_gradients_reach_the_reference(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, _, a = gaps(new, old, ref, a, mask)
    d = (ref - new).masked_fill(~mask, 0)
    return per_row(beta * kl_of(d) - gain_of(off.exp(), a, clip), mask)


@impostor(
    "grpo_loss",
    diagnosis="log_probs are detached in d: the KL term does not hold the policy back.",
    aspect="gradient",
)
def detaches_the_kl_term(new, old, ref, a, mask, clip=0.2, beta=0.04):
    off, d, a = gaps(new, old, ref, a, mask)
    return per_row(beta * kl_of(d).detach() - gain_of(off.exp(), a, clip), mask)


@alternative("grpo_loss")
def by_the_larger_loss(new, old, ref, a, mask, clip=0.2, beta=0.04):
    old, ref, a = old.detach(), ref.detach(), a.detach().unsqueeze(-1)
    old, ref = torch.where(mask, old, new.detach()), torch.where(mask, ref, new.detach())
    ratio = torch.exp(new - old)
    first, second = -a * ratio, -a * torch.clamp(ratio, 1.0 - clip, 1.0 + clip)
    losses = torch.max(first, second) + beta * (torch.exp(ref - new) - (ref - new) - 1)
    return ((losses * mask).sum(dim=1) / mask.sum(dim=1)).mean()


@alternative("grpo_loss")
def answer_by_answer(new, old, ref, a, mask, clip=0.2, beta=0.04):
    found = []
    for n in range(len(new)):
        x, o, r = new[n][mask[n]], old[n][mask[n]].detach(), ref[n][mask[n]].detach()
        ratio, good = (x - o).exp(), a[n].detach()
        gain = torch.minimum(ratio * good, ratio.clip(1 - clip, 1 + clip) * good)
        found.append((beta * (torch.expm1(r - x) - (r - x)) - gain).mean())
    return torch.stack(found).mean()


@alternative("grpo_loss")
def by_weights_of_tokens(new, old, ref, a, mask, clip=0.2, beta=0.04):
    row, _ = mask.nonzero(as_tuple=True)
    x, o, r = new[mask], old.data[mask], ref.data[mask]
    good = a.data[row]
    edge = 1 + clip * good.sign()
    ratio = torch.exp(x - o)
    counted = torch.where(good > 0, torch.minimum(ratio, edge), torch.maximum(ratio, edge))
    losses = beta * (torch.exp(r - x) + x - r - 1) - counted * good
    return (losses / mask.sum(1)[row]).sum() / len(new)
