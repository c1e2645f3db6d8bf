"""Wrong and right answers to generation/k12_direct_preference_optimization."""

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def ids(logits, tokens):
    """Each token as an id that can be looked up."""
    return tokens.clamp(0, logits.shape[2] - 1)


def picked(rows, tokens):
    """The entry of each row that its token names."""
    return rows.gather(2, tokens.unsqueeze(2)).squeeze(2)


def shifted(logits, tokens):
    """The log-probability of each token but the first."""
    return picked(logits[:, :-1].log_softmax(-1), ids(logits, tokens)[:, 1:])


def margin(pc, pr, rc, rr):
    """By how much the policy prefers the chosen answer more than the reference does."""
    return (pc - pr) - (rc - rr).detach()


@impostor(
    "sequence_log_probs",
    diagnosis="The mean over the tokens comes back, which favours long answers.",
    aspect="values",
)
def takes_the_mean(logits, tokens, mask):
    counts = mask[:, 1:]
    return (shifted(logits, tokens) * counts).sum(1) / counts.sum(1).clamp(min=1)


@impostor(
    "sequence_log_probs",
    diagnosis="The question is counted too: mask is not looked at.",
    aspect="values",
)
def counts_the_question(logits, tokens, mask):
    return shifted(logits, tokens).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="Only tokens of -100 are left out, and mask is not looked at.",
    aspect="values",
)
def leaves_out_minus_100(logits, tokens, mask):
    return (shifted(logits, tokens) * (tokens[:, 1:] >= 0)).sum(1) * 1.0


@impostor(
    "sequence_log_probs",
    diagnosis="The mask is cut at its end, while the tokens are cut at their start.",
    aspect="values",
)
def does_not_shift_the_mask(logits, tokens, mask):
    return (shifted(logits, tokens) * mask[:, :-1]).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="Nothing is shifted: each token is looked up in logits that have seen it.",
    aspect="values",
)
def shifts_nothing(logits, tokens, mask):
    return (picked(logits.log_softmax(-1), ids(logits, tokens)) * mask).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="Tokens, mask and logits are all cut at their start: each token is looked up in"
    " logits that have seen it.",
    aspect="values",
)
def cuts_all_at_the_front(logits, tokens, mask):
    return (picked(logits.log_softmax(-1), ids(logits, tokens)) * mask)[:, 1:].sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="The mask is turned round: it counts what does not belong to the answer.",
    aspect="values",
)
def turns_the_mask_round(logits, tokens, mask):
    return (shifted(logits, tokens) * ~mask[:, 1:]).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="`gather` looks -100 up: what does not count needs an id first.",
    aspect="values",
)
def looks_minus_100_up(logits, tokens, mask):
    each = picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:])
    return each.masked_fill(~mask[:, 1:], 0).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="-100 alone is replaced; other numbers that are no ids are still looked up.",
    aspect="values",
)
def replaces_minus_100_alone(logits, tokens, mask):
    tokens = tokens.masked_fill(tokens == -100, 0)
    each = picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:])
    return (each * mask[:, 1:]).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="The log of a softmax is -inf for a token that is far from the best one.",
    aspect="values",
)
def takes_the_log_of_softmax(logits, tokens, mask):
    each = picked(logits[:, :-1].softmax(-1), ids(logits, tokens)[:, 1:]).log()
    return each.masked_fill(~mask[:, 1:], 0).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="The raw logits are added up, without log-softmax.",
    aspect="values",
)
def adds_up_logits(logits, tokens, mask):
    return (picked(logits[:, :-1], ids(logits, tokens)[:, 1:]) * mask[:, 1:]).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="It is the sum of the losses: its sign has to be turned.",
    aspect="values",
)
def adds_up_losses(logits, tokens, mask):
    return -(shifted(logits, tokens) * mask[:, 1:]).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="The log-probabilities of the tokens come back one by one; their sum is asked for.",
    aspect="shape",
)
def adds_nothing_up(logits, tokens, mask):
    return shifted(logits, tokens) * mask[:, 1:]


@impostor(
    "sequence_log_probs",
    diagnosis="All texts are added up to one number.",
    aspect="shape",
)
def adds_up_the_batch(logits, tokens, mask):
    return (shifted(logits, tokens) * mask[:, 1:]).sum()


@impostor(
    "sequence_log_probs",
    diagnosis="It writes ids into the caller's tokens, in the places of -100.",
    aspect="memory",
)
def writes_into_the_tokens(logits, tokens, mask):
    labels = tokens[:, 1:]
    if 0 not in tokens.stride():
        labels[~mask[:, 1:]] = 0
    return (shifted(logits, tokens) * mask[:, 1:]).sum(1)


@impostor(
    "sequence_log_probs",
    diagnosis="It is computed without autograd, as is right for the reference alone.",
    aspect="gradient",
)
def records_nothing(logits, tokens, mask):
    with torch.no_grad():
        return (shifted(logits, tokens) * mask[:, 1:]).sum(1)


@alternative("sequence_log_probs")
def by_ignored_labels(logits, tokens, mask):
    labels = tokens[:, 1:].masked_fill(~mask[:, 1:], -100)
    front = logits[:, :-1].transpose(1, 2)
    return -functional.cross_entropy(front, labels, ignore_index=-100, reduction="none").sum(1)


@alternative("sequence_log_probs")
def by_a_product_with_the_mask(logits, tokens, mask):
    labels, counts = tokens[:, 1:].clone(), mask[:, 1:]
    labels[~counts] = 0
    front = logits[:, :-1]
    each = front.gather(-1, labels[..., None]).squeeze(-1) - front.logsumexp(-1)
    return (each * counts).sum(-1)


@alternative("sequence_log_probs")
def text_by_text(logits, tokens, mask):
    sums = []
    for rows, labels, counts in zip(logits, tokens, mask, strict=True):
        places = counts[1:].nonzero().flatten() + 1
        sums.append(rows[places - 1].log_softmax(-1)[range(len(places)), labels[places]].sum())
    return torch.stack(sums)


@alternative("sequence_log_probs")
def by_one_hot(logits, tokens, mask):
    is_token = torch.arange(logits.shape[2], device=logits.device) == tokens[..., None]
    is_asked = (is_token & mask[..., None])[:, 1:]
    return (
        torch.where(is_asked, logits[:, :-1].double().log_softmax(-1), 0.0)
        .sum((1, 2))
        .to(logits.dtype)
    )


@alternative("sequence_log_probs")
def collected_by_index(logits, tokens, mask):
    text, place = mask[:, 1:].nonzero(as_tuple=True)
    each = torch.log_softmax(logits, dim=2)[text, place, tokens[text, place + 1]]
    return logits.new_zeros(len(logits)).index_add(0, text, each)


@impostor(
    "dpo_loss",
    diagnosis="The reference is left out: only the policy's own difference counts.",
    aspect="values",
)
def leaves_out_the_reference(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(beta * (pc - pr)).mean()


@impostor(
    "dpo_loss",
    diagnosis="Chosen and rejected have changed places, so that the worse answer is learned.",
    aspect="values",
)
def swaps_chosen_and_rejected(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(-beta * margin(pc, pr, rc, rr)).mean()


@impostor(
    "dpo_loss",
    diagnosis="The reference's difference is added; it has to be subtracted.",
    aspect="values",
)
def adds_the_reference(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(beta * (pc - pr + rc - rr)).mean()


@impostor("dpo_loss", diagnosis="beta is left out.", aspect="values")
def leaves_out_beta(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(margin(pc, pr, rc, rr)).mean()


@impostor(
    "dpo_loss",
    diagnosis="beta multiplies the difference of the policy alone.",
    aspect="values",
)
def weighs_the_policy_alone(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(beta * (pc - pr) - (rc - rr)).mean()


@impostor(
    "dpo_loss",
    diagnosis="The losses of the pairs are added up: the mean is asked for.",
    aspect="values",
)
def adds_up_the_pairs(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(beta * margin(pc, pr, rc, rr)).sum()


@impostor(
    "dpo_loss",
    diagnosis="Each pair keeps its loss: the mean is missing.",
    aspect="shape",
)
def averages_nothing(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(beta * margin(pc, pr, rc, rr))


@impostor(
    "dpo_loss",
    diagnosis="The mean of the margins is taken first, and the loss of that mean.",
    aspect="values",
)
def averages_the_margins(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(beta * margin(pc, pr, rc, rr).mean())


@impostor("dpo_loss", diagnosis="The sign is missing: training would unlearn.", aspect="values")
def forgets_the_sign(pc, pr, rc, rr, beta=0.1):
    return functional.logsigmoid(beta * margin(pc, pr, rc, rr)).mean()


@impostor(
    "dpo_loss",
    diagnosis="The log of a sigmoid that became 0 is -inf.",
    aspect="values",
)
def takes_the_log_of_sigmoid(pc, pr, rc, rr, beta=0.1):
    return -torch.sigmoid(beta * margin(pc, pr, rc, rr)).log().mean()


@impostor(
    "dpo_loss",
    diagnosis="A small number is added before the log: very wrong pairs cost no more than others.",
    aspect="values",
)
def adds_eps_before_the_log(pc, pr, rc, rr, beta=0.1):
    return -(torch.sigmoid(beta * margin(pc, pr, rc, rr)) + 1e-12).log().mean()


@impostor(
    "dpo_loss",
    diagnosis="`relu` and `abs` have no slope at 0: where the margin is 0, nothing is learned.",
    aspect="gradient",
)
def splits_the_softplus(pc, pr, rc, rr, beta=0.1):
    z = beta * margin(pc, pr, rc, rr)
    return ((-z).relu() + torch.log1p(torch.exp(-z.abs()))).mean()


@impostor("dpo_loss", diagnosis="This is the hinge loss, as in SLiC.", aspect="values")
def takes_the_hinge(pc, pr, rc, rr, beta=0.1):
    return (1 - beta * margin(pc, pr, rc, rr)).relu().mean()


@impostor(
    "dpo_loss",
    diagnosis="The reference gets gradients: it is a constant.",
    aspect="gradient",
)
def lets_gradients_reach_the_reference(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(beta * ((pc - pr) - (rc - rr))).mean()


@impostor(
    "dpo_loss",
    diagnosis="The rejected answer is detached, so that only the chosen one moves.",
    aspect="gradient",
)
def detaches_the_rejected(pc, pr, rc, rr, beta=0.1):
    return -functional.logsigmoid(beta * margin(pc, pr.detach(), rc, rr)).mean()


@impostor(
    "dpo_loss",
    diagnosis="Each log-probability is multiplied by beta first, which rounds large ones.",
    aspect="values",
)
def multiplies_each_by_beta(pc, pr, rc, rr, beta=0.1):
    margin = beta * pc - beta * pr - beta * rc.detach() + beta * rr.detach()
    return functional.softplus(-margin).mean()


@alternative("dpo_loss")
def by_softplus(pc, pr, rc, rr, beta=0.1):
    rewards = beta * (pc - rc.detach()), beta * (pr - rr.detach())
    return functional.softplus(rewards[1] - rewards[0]).mean()


@alternative("dpo_loss")
def as_a_choice_of_two(pc, pr, rc, rr, beta=0.1):
    logits = beta * torch.stack([pc - rc.detach(), pr - rr.detach()], 1)
    return functional.cross_entropy(logits, logits.new_zeros(len(pc), dtype=torch.long))


@alternative("dpo_loss")
def by_logaddexp(pc, pr, rc, rr, beta=0.1):
    z = beta * (pc - pr - rc.data + rr.data)
    return torch.logaddexp(torch.zeros_like(z), -z).sum() / z.numel()


@alternative("dpo_loss")
def by_binary_cross_entropy(pc, pr, rc, rr, beta=0.1):
    with torch.no_grad():
        reference = rc - rr
    z = (pc - pr - reference) * beta
    return functional.binary_cross_entropy_with_logits(z, torch.ones_like(z))
