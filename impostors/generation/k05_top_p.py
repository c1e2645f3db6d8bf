"""Wrong and right answers to generation/k05_top_p."""

import torch

from dojo.impostors import alternative, impostor

LOW = -torch.inf


def check(p):
    """Raise ValueError where p is no probability."""
    if p < 0 or p > 1:
        raise ValueError("p")


def in_order(logits, p):
    """For each row in sorted order whether an entry goes, and which entry that is."""
    values, order = logits.sort(dim=-1, descending=True)
    share = values.softmax(-1)
    goes = share.cumsum(-1) - share >= p
    goes[..., 0] = False
    return goes & (p < 1), order


def hidden(logits, goes, order):
    """The logits, with -inf where one goes."""
    return logits.masked_fill(goes.scatter(-1, order, goes), LOW)


@impostor(
    "top_p_filter",
    diagnosis="The token that makes the sum cross p is hidden, since its own share is in the sum.",
    aspect="values",
)
def hides_the_crossing_token(logits, p):
    check(p)
    if p == 1:
        return logits.clone()
    values, order = logits.sort(dim=-1, descending=True)
    goes = values.softmax(-1).cumsum(-1) > p
    goes[..., 0] = False
    return hidden(logits, goes, order)


@impostor(
    "top_p_filter",
    diagnosis="With p = 0 nothing is left of a row, and its softmax is NaN: one token stays.",
    aspect="values",
)
def empties_a_row(logits, p):
    check(p)
    if p == 1:
        return logits.clone()
    values, order = logits.sort(dim=-1, descending=True)
    share = values.softmax(-1)
    return hidden(logits, share.cumsum(-1) - share >= p, order)


@impostor(
    "top_p_filter",
    diagnosis="With p = 1 the last tokens are hidden where a rounded sum is 1 before they came.",
    aspect="values",
)
def drops_the_tail(logits, p):
    check(p)
    values, order = logits.sort(dim=-1, descending=True)
    share = values.softmax(-1)
    goes = share.cumsum(-1) - share >= p
    goes[..., 0] = False
    return hidden(logits, goes, order)


@impostor(
    "top_p_filter",
    diagnosis="With p = 1 tokens of the probability 0 are hidden, as in an ascending sum.",
    aspect="values",
)
def drops_what_has_no_probability(logits, p):
    check(p)
    values, order = logits.sort(dim=-1)
    goes = values.softmax(-1).cumsum(-1) <= 1 - p
    goes[..., -1] = False
    return hidden(logits, goes, order)


@impostor(
    "top_p_filter",
    diagnosis="The mask is not taken back from the sorted order to the places of the tokens.",
    aspect="values",
)
def leaves_the_mask_sorted(logits, p):
    check(p)
    return logits.masked_fill(in_order(logits, p)[0], LOW)


@impostor(
    "top_p_filter",
    diagnosis="The mask is gathered by the order; `scatter` is the way back from it.",
    aspect="values",
)
def gathers_the_mask(logits, p):
    check(p)
    goes, order = in_order(logits, p)
    return logits.masked_fill(goes.gather(-1, order), LOW)


@impostor(
    "top_p_filter",
    diagnosis="The logits come back in sorted order; each belongs to the token at its place.",
    aspect="values",
)
def returns_them_sorted(logits, p):
    check(p)
    if p == 1:
        return logits.clone()
    goes, order = in_order(logits, p)
    return logits.gather(-1, order).masked_fill(goes, LOW)


@impostor(
    "top_p_filter",
    diagnosis="The logits themselves are added up; their probabilities are to be.",
    aspect="values",
)
def adds_up_logits(logits, p):
    check(p)
    if p == 1:
        return logits.clone()
    values, order = logits.sort(dim=-1, descending=True)
    goes = values.cumsum(-1) - values >= p
    goes[..., 0] = False
    return hidden(logits, goes, order)


@impostor(
    "top_p_filter",
    diagnosis="One number of tokens, that of the first row, is used for all rows.",
    aspect="values",
)
def cuts_all_rows_alike(logits, p):
    check(p)
    goes, order = in_order(logits, p)
    first = goes.reshape(-1, goes.shape[-1])[0]
    return hidden(logits, first.expand(goes.shape).contiguous(), order)


@impostor(
    "top_p_filter",
    diagnosis="p is asked of the whole batch; the probabilities of each row add up to 1.",
    aspect="values",
)
def takes_the_batch_for_a_row(logits, p):
    check(p)
    flat = logits.flatten()
    return hidden(flat, *in_order(flat, p)).view(logits.shape)


@impostor(
    "top_p_filter",
    diagnosis="The sum begins with the least probable token.",
    aspect="values",
)
def begins_with_the_least_probable(logits, p):
    check(p)
    if p == 1:
        return logits.clone()
    values, order = logits.sort(dim=-1)
    share = values.softmax(-1)
    goes = share.cumsum(-1) - share >= p
    goes[..., 0] = False
    return hidden(logits, goes, order)


@impostor(
    "top_p_filter",
    diagnosis="A token stays if its own probability is p or more; the sum has to be.",
    aspect="values",
)
def compares_each_probability(logits, p):
    check(p)
    share = logits.softmax(-1)
    goes = (share < p) & (share < share.amax(-1, keepdim=True)) & (p < 1)
    return logits.masked_fill(goes, LOW)


@impostor(
    "top_p_filter",
    diagnosis="What is hidden becomes 0, which is an ordinary logit.",
    aspect="values",
)
def hides_by_zero(logits, p):
    check(p)
    goes, order = in_order(logits, p)
    return logits.masked_fill(goes.scatter(-1, order, goes) & logits.isfinite(), 0)


@impostor(
    "top_p_filter",
    diagnosis="Probabilities come back; the logits are asked for.",
    aspect="values",
)
def returns_probabilities(logits, p):
    check(p)
    return hidden(logits, *in_order(logits, p)).softmax(-1)


@impostor(
    "top_p_filter",
    diagnosis="The logits come back as log-probabilities: what stays is to be the same number.",
    aspect="values",
)
def returns_log_probabilities(logits, p):
    check(p)
    return hidden(logits.log_softmax(-1), *in_order(logits, p))


@impostor(
    "top_p_filter",
    diagnosis="All tokens as probable as the last that is needed stay, more than the sum needs.",
    aspect="values",
)
def keeps_all_equal_ones(logits, p):
    check(p)
    goes, order = in_order(logits, p)
    smallest = logits.gather(-1, order).masked_fill(goes, torch.inf).amin(-1, keepdim=True)
    return logits.masked_fill(logits < smallest, LOW)


@impostor(
    "top_p_filter",
    diagnosis="This is min-p: each token is compared with p times the most probable one.",
    aspect="values",
)
def filters_by_min_p(logits, p):
    check(p)
    probs = logits.softmax(-1)
    goes = (probs < p * probs.amax(-1, keepdim=True)) & (p < 1)
    return logits.masked_fill(goes, -torch.inf)


@impostor(
    "top_p_filter",
    diagnosis="From the small end tokens go up to p; they may go up to 1 - p.",
    aspect="values",
)
def hides_as_much_as_p(logits, p):
    check(p)
    values, order = logits.sort(-1)
    goes = (values.softmax(-1).cumsum(-1) <= p) & (p < 1)
    goes[..., -1] = False
    return hidden(logits, goes, order)


@impostor(
    "top_p_filter",
    diagnosis="The caller's logits are overwritten with -inf.",
    aspect="memory",
)
def writes_into_the_logits(logits, p):
    check(p)
    result = hidden(logits, *in_order(logits, p))
    if 0 not in logits.stride():
        logits.data.copy_(result)
    return result


@impostor(
    "top_p_filter",
    diagnosis="With p = 1 the caller's own tensor comes back, and no new one.",
    aspect="memory",
)
def returns_its_input(logits, p):
    check(p)
    return logits if p == 1 else hidden(logits, *in_order(logits, p))


@impostor(
    "top_p_filter",
    diagnosis="-inf is added to what is hidden, so that it gets a gradient of 1.",
    aspect="gradient",
)
def adds_minus_inf(logits, p):
    check(p)
    return logits + hidden(torch.zeros_like(logits), *in_order(logits.detach(), p))


@impostor(
    "top_p_filter",
    diagnosis="p is not looked at: -0.1 and 1.1 are no probabilities.",
    aspect="errors",
)
def takes_any_p(logits, p):
    return hidden(logits, *in_order(logits, min(max(p, 0), 1)))


@alternative("top_p_filter")
def shifts_the_mask(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    if p == 1:
        return logits * 1
    values, order = torch.sort(logits, descending=True)
    goes = values.softmax(dim=-1).cumsum(dim=-1) > p
    goes[..., 1:] = goes[..., :-1].clone()
    goes[..., 0] = False
    mask = torch.zeros_like(logits, dtype=torch.bool).scatter_(-1, order, goes)
    return torch.where(mask, torch.tensor(LOW, dtype=logits.dtype, device=logits.device), logits)


@alternative("top_p_filter")
def from_the_small_end(logits, p):
    check(p)
    if p == 1:
        return logits.clone()
    values, order = logits.sort(descending=False)
    goes = values.double().softmax(-1).cumsum(-1) <= 1 - p
    goes[..., -1:] = False
    result = logits.clone()
    result[goes.scatter(-1, order, goes)] = LOW
    return result


@alternative("top_p_filter")
def row_by_row(logits, p):
    check(p)
    rows = []
    for row in logits.reshape(-1, logits.shape[-1]).unbind():
        share, total, stays = row.detach().softmax(-1).tolist(), 0.0, []
        for i in row.argsort(descending=True).tolist():
            if stays and total >= p and p < 1:
                break
            stays.append(i)
            total += share[i]
        index = torch.tensor(stays, device=row.device)
        rows.append(torch.full_like(row, LOW).index_copy(0, index, row[index]))
    return torch.stack(rows).view(logits.shape)


@alternative("top_p_filter")
def by_ranks(logits, p):
    check(p)
    size = logits.shape[-1]
    order = logits.argsort(dim=-1, descending=True, stable=True)
    ranks = order.argsort(dim=-1)
    below = logits.softmax(-1).gather(-1, order).cumsum(-1) < p
    count = (below.sum(-1, keepdim=True) + 1).clamp(max=size) if p < 1 else size
    return logits.masked_fill(ranks >= count, LOW)


@alternative("top_p_filter")
def gathers_by_the_inverse(logits, p):
    check(p)
    values, order = logits.sort(-1, descending=True)
    sums = values.detach().softmax(-1).cumsum(-1)
    before = torch.nn.functional.pad(sums[..., :-1], (1, 0), value=-1.0)
    values = values.masked_fill((before >= p) & (p != 1), LOW)
    return values.gather(-1, order.argsort(-1))
