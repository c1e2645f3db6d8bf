"""Wrong and right answers to generation/k06_repetition_penalty."""

import torch

from dojo.impostors import alternative, impostor


def check(penalty):
    """Raise ValueError where the penalty is no factor."""
    if penalty <= 0:
        raise ValueError("penalty")


def occurring(logits, tokens):
    """Which ids occur in each row."""
    return torch.zeros_like(logits, dtype=torch.bool).scatter(1, tokens, True)


def lowered(logits, penalty):
    """Each logit as if its id occurred."""
    return torch.where(logits > 0, logits / penalty, logits * penalty)


@impostor(
    "repetition_penalty",
    diagnosis="Negative logits are divided too, and rise: these are to be multiplied.",
    aspect="values",
)
def always_divides(logits, tokens, penalty):
    check(penalty)
    return torch.where(occurring(logits, tokens), logits / penalty, logits)


@impostor(
    "repetition_penalty",
    diagnosis="Positive logits are multiplied too, and rise: these are to be divided.",
    aspect="values",
)
def always_multiplies(logits, tokens, penalty):
    check(penalty)
    return torch.where(occurring(logits, tokens), logits * penalty, logits)


@impostor(
    "repetition_penalty",
    diagnosis="What is positive is multiplied, and what is negative divided: this is a reward.",
    aspect="values",
)
def rewards(logits, tokens, penalty):
    check(penalty)
    return torch.where(occurring(logits, tokens), lowered(logits, 1 / penalty), logits)


@impostor(
    "repetition_penalty",
    diagnosis="An id is changed for each time that it occurs; once is enough.",
    aspect="values",
)
def changes_for_each_occurrence(logits, tokens, penalty):
    check(penalty)
    count = torch.zeros_like(logits).scatter_add(1, tokens, torch.ones_like(tokens).to(logits))
    factor = penalty**count
    return torch.where(logits > 0, logits / factor, logits * factor)


@impostor(
    "repetition_penalty",
    diagnosis="The ids of all rows are put together, and changed in each row.",
    aspect="values",
)
def takes_the_ids_of_all_rows(logits, tokens, penalty):
    check(penalty)
    occurs = occurring(logits, tokens).any(0, keepdim=True)
    return torch.where(occurs, lowered(logits, penalty), logits)


@impostor(
    "repetition_penalty",
    diagnosis="The ids of the first row are used for every row.",
    aspect="values",
)
def takes_the_ids_of_the_first_row(logits, tokens, penalty):
    check(penalty)
    return torch.where(occurring(logits, tokens)[:1], lowered(logits, penalty), logits)


@impostor(
    "repetition_penalty",
    diagnosis="The penalty is subtracted, as a frequency penalty is; this one is a factor.",
    aspect="values",
)
def subtracts(logits, tokens, penalty):
    check(penalty)
    return logits - penalty * occurring(logits, tokens)


@impostor(
    "repetition_penalty",
    diagnosis="Only the last token of each text is looked at.",
    aspect="values",
)
def looks_at_the_last_token(logits, tokens, penalty):
    check(penalty)
    return torch.where(occurring(logits, tokens[:, -1:]), lowered(logits, penalty), logits)


@impostor(
    "repetition_penalty",
    diagnosis="The logits of ids that do not occur are changed, and the others stay.",
    aspect="values",
)
def turns_the_mask_round(logits, tokens, penalty):
    check(penalty)
    return torch.where(occurring(logits, tokens), logits, lowered(logits, penalty))


@impostor(
    "repetition_penalty",
    diagnosis="A difference is added: -inf minus -inf is NaN, and other digits are rounded.",
    aspect="values",
)
def adds_a_difference(logits, tokens, penalty):
    check(penalty)
    return logits + occurring(logits, tokens) * (lowered(logits, penalty) - logits)


@impostor(
    "repetition_penalty",
    diagnosis="The logits are made log-probabilities first: then all of them change.",
    aspect="values",
)
def takes_log_softmax(logits, tokens, penalty):
    check(penalty)
    logits = logits.log_softmax(-1)
    return torch.where(occurring(logits, tokens), lowered(logits, penalty), logits)


@impostor(
    "repetition_penalty",
    diagnosis="`gather` and `scatter` meet an id as often as it occurs: its gradient is added up.",
    aspect="gradient",
)
def scatters_what_it_gathered(logits, tokens, penalty):
    check(penalty)
    picked = lowered(logits.gather(1, tokens), penalty)
    return logits.scatter(1, tokens, picked)


@impostor(
    "repetition_penalty",
    diagnosis="The parts of both signs are added up, and a logit of 0 has a gradient by each.",
    aspect="gradient",
)
def adds_both_parts(logits, tokens, penalty):
    check(penalty)
    lower = logits.clamp(min=0) / penalty + logits.clamp(max=0) * penalty
    return torch.where(occurring(logits, tokens), lower, logits)


@impostor(
    "repetition_penalty",
    diagnosis="The caller's logits are changed: the next call punishes the same id again.",
    aspect="memory",
)
def writes_into_the_logits(logits, tokens, penalty):
    check(penalty)
    result = torch.where(occurring(logits, tokens), lowered(logits, penalty), logits)
    if 0 not in logits.stride():
        logits.data.copy_(result)
    return result


@impostor(
    "repetition_penalty",
    diagnosis="The penalty is not looked at: 0 makes inf of a logit, and -1 turns its sign.",
    aspect="errors",
)
def takes_any_penalty(logits, tokens, penalty):
    return torch.where(occurring(logits, tokens), lowered(logits, penalty), logits)


@impostor(
    "repetition_penalty",
    diagnosis="A penalty below 1 is refused, though it is a reward that may be asked for.",
    aspect="shape",
)
def refuses_rewards(logits, tokens, penalty):
    if penalty < 1:
        raise ValueError("penalty")
    return torch.where(occurring(logits, tokens), lowered(logits, penalty), logits)


@impostor(
    "repetition_penalty",
    diagnosis="It loops over the tokens of each row in Python.",
    aspect="cost",
)
def loops_over_the_tokens(logits, tokens, penalty):
    check(penalty)
    occurs = torch.zeros_like(logits, dtype=torch.bool)
    for row, ids in zip(occurs, tokens.tolist(), strict=True):
        for i in set(ids):
            row[i] = True
    return torch.where(occurs, lowered(logits, penalty), logits)


@impostor(
    "repetition_penalty",
    diagnosis="It loops over the rows, with operations for each.",
    aspect="cost",
)
def loops_over_the_rows(logits, tokens, penalty):
    check(penalty)
    rows = []
    for row, ids in zip(logits.unbind(), tokens.unbind(), strict=True):
        occurs = torch.zeros_like(row, dtype=torch.bool).index_fill(0, ids, True)
        rows.append(torch.where(occurs, lowered(row, penalty), row))
    return torch.stack(rows)


@alternative("repetition_penalty")
def by_one_hot(logits, tokens, penalty):
    check(penalty)
    occurs = torch.nn.functional.one_hot(tokens, logits.shape[1]).any(1)
    factor = torch.where(logits > 0, torch.full_like(logits, 1 / penalty), penalty)
    return logits * torch.where(occurs, factor, 1.0)


@alternative("repetition_penalty")
def by_comparing(logits, tokens, penalty):
    if not penalty > 0:
        raise ValueError("the penalty is to be positive")
    ids = torch.arange(logits.shape[1], device=logits.device)
    occurs = (tokens.unsqueeze(-1) == ids).sum(1) > 0
    result = logits.clone()
    result[occurs & (logits < 0)] *= penalty
    result[occurs & (logits > 0)] /= penalty
    return result


@alternative("repetition_penalty")
def by_index_put(logits, tokens, penalty):
    check(penalty)
    rows = torch.arange(logits.shape[0], device=logits.device).unsqueeze(1)
    factor = torch.ones_like(logits)
    picked = logits.detach()[rows, tokens]
    factor[rows, tokens] = torch.full_like(picked, 1 / penalty).masked_fill(picked < 0, penalty)
    return logits * factor


@alternative("repetition_penalty")
def by_the_parts_of_both_signs(logits, tokens, penalty):
    check(penalty)
    count = torch.zeros_like(logits).scatter_add(1, tokens, torch.ones_like(tokens).to(logits))
    lower = torch.relu(logits) / penalty + logits.clamp(max=0) * penalty
    return torch.where(count > 0, lower, logits)
