"""Wrong and right answers to generation/k04_top_k."""

import torch

from dojo.impostors import alternative, impostor

LOW = -torch.inf


def check(k):
    """Raise ValueError where k is too small."""
    if k < 1:
        raise ValueError("k")


def smallest(logits, k):
    """The k-th largest entry of each row."""
    return logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]


@impostor(
    "top_k_filter",
    diagnosis="`<=` hides the k-th largest itself; hide what is smaller than it.",
    aspect="values",
)
def hides_the_kth(logits, k):
    check(k)
    if k >= logits.shape[-1]:
        return logits.clone()
    return logits.masked_fill(logits <= smallest(logits, k), LOW)


@impostor(
    "top_k_filter",
    diagnosis="It cuts at sorted[k], so that one more than k stays.",
    aspect="values",
)
def keeps_one_more(logits, k):
    check(k)
    return logits.masked_fill(logits < smallest(logits, k + 1), LOW)


@impostor(
    "top_k_filter",
    diagnosis="What is hidden becomes 0, which is an ordinary logit.",
    aspect="values",
)
def hides_by_zero(logits, k):
    check(k)
    return logits.masked_fill((logits < smallest(logits, k)) & logits.isfinite(), 0)


@impostor(
    "top_k_filter",
    diagnosis="What is hidden becomes the smallest finite number, and not -inf.",
    aspect="values",
)
def hides_by_the_smallest_number(logits, k):
    check(k)
    lowest = torch.finfo(logits.dtype).min
    return logits.masked_fill((logits < smallest(logits, k)) & logits.isfinite(), lowest)


@impostor(
    "top_k_filter",
    diagnosis="The threshold is that of the first row; each row has its own.",
    aspect="values",
)
def takes_the_threshold_of_the_first_row(logits, k):
    check(k)
    rows = logits.reshape(-1, logits.shape[-1])
    return logits.masked_fill(logits < smallest(rows[0], k), LOW)


@impostor(
    "top_k_filter",
    diagnosis="The k largest of the whole batch stay; each row has k of its own.",
    aspect="values",
)
def takes_the_batch_for_a_row(logits, k):
    check(k)
    return logits.masked_fill(logits < smallest(logits.flatten(), k), LOW)


@impostor(
    "top_k_filter",
    diagnosis="The k largest are hidden; they are to stay.",
    aspect="values",
)
def hides_the_largest(logits, k):
    check(k)
    if k >= logits.shape[-1]:
        return logits.clone()
    return logits.masked_fill(logits >= smallest(logits, k), LOW)


@impostor(
    "top_k_filter",
    diagnosis="The k smallest stay, since the sort is an ascending one.",
    aspect="values",
)
def sorts_the_wrong_way(logits, k):
    check(k)
    k = min(k, logits.shape[-1])
    return logits.masked_fill(logits > logits.sort(-1).values[..., k - 1 : k], LOW)


@impostor(
    "top_k_filter",
    diagnosis="`topk` raises where k is larger than V: cut k at V first.",
    aspect="shape",
)
def asks_for_more_than_there_are(logits, k):
    check(k)
    return logits.masked_fill(logits < logits.topk(k, dim=-1).values[..., -1:], LOW)


@impostor(
    "top_k_filter",
    diagnosis="Only the k largest come back; all V places are asked for.",
    aspect="shape",
)
def returns_only_the_largest(logits, k):
    check(k)
    return logits.topk(min(k, logits.shape[-1]), dim=-1).values


@impostor(
    "top_k_filter",
    diagnosis="The logits come back in sorted order; each belongs to the token at its place.",
    aspect="values",
)
def leaves_them_sorted(logits, k):
    check(k)
    result = logits.sort(-1, descending=True).values
    return torch.cat([result[..., :k], torch.full_like(result[..., k:], LOW)], -1)


@impostor(
    "top_k_filter",
    diagnosis="Probabilities come back; the logits are asked for.",
    aspect="values",
)
def returns_probabilities(logits, k):
    check(k)
    return logits.masked_fill(logits < smallest(logits, k), LOW).softmax(-1)


@impostor(
    "top_k_filter",
    diagnosis="A product with the mask and -inf gives NaN: 0 * inf.",
    aspect="values",
)
def multiplies_by_a_mask(logits, k):
    check(k)
    keep = (logits >= smallest(logits, k)).to(logits.dtype)
    return logits * keep + LOW * (1 - keep)


@impostor(
    "top_k_filter",
    diagnosis="Where nothing is hidden the caller's own tensor comes back.",
    aspect="memory",
)
def returns_its_input(logits, k):
    check(k)
    return (
        logits if k >= logits.shape[-1] else logits.masked_fill(logits < smallest(logits, k), LOW)
    )


@impostor(
    "top_k_filter",
    diagnosis="The caller's logits are overwritten with -inf.",
    aspect="memory",
)
def writes_into_the_logits(logits, k):
    check(k)
    hidden = logits < smallest(logits, k)
    if 0 not in logits.stride():
        logits.data[hidden] = LOW
    return logits.masked_fill(hidden, LOW)


@impostor(
    "top_k_filter",
    diagnosis="-inf is added to what is hidden, so that it gets a gradient of 1.",
    aspect="gradient",
)
def adds_minus_inf(logits, k):
    check(k)
    bias = torch.zeros_like(logits).masked_fill(logits < smallest(logits, k), LOW)
    return logits + bias.detach()


@impostor(
    "top_k_filter",
    diagnosis="k is not looked at: with k = 0 a row has nothing left to draw.",
    aspect="errors",
)
def takes_no_entry_at_all(logits, k):
    return logits.masked_fill(logits < smallest(logits, max(k, 1)), LOW)


@impostor(
    "top_k_filter",
    diagnosis="Entries are dropped where one equal to them came before: too few of them stay.",
    aspect="values",
)
def counts_equal_ones_once(logits, k):
    check(k)
    rows = logits.reshape(-1, logits.shape[-1])
    result = torch.full_like(rows, LOW)
    for row, place in zip(rows, result, strict=True):
        for value in row.unique().flip(0)[:k]:
            index = (row == value).nonzero()[0, 0]
            place[index] = row[index]
    return result.view(logits.shape)


@alternative("top_k_filter")
def by_scatter(logits, k):
    check(k)
    top = logits.topk(min(k, logits.shape[-1]), dim=-1)
    return torch.full_like(logits, LOW).scatter(-1, top.indices, top.values)


@alternative("top_k_filter")
def by_a_sorted_threshold(logits, k):
    if k <= 0:
        raise ValueError(f"{k} is not positive")
    order = torch.sort(logits, dim=-1, descending=True)[0]
    last = order[..., min(k, order.shape[-1]) - 1].unsqueeze(-1)
    return torch.where(logits >= last, logits, LOW)


@alternative("top_k_filter")
def by_ranks(logits, k):
    check(k)
    ranks = logits.argsort(dim=-1, descending=True, stable=True).argsort(-1)
    result = logits.clone()
    result[ranks >= k] = LOW
    return result


@alternative("top_k_filter")
def row_by_row(logits, k):
    check(k)
    rows = []
    for row in logits.reshape(-1, logits.shape[-1]).unbind():
        stays = row.argsort()[-k:]
        mask = torch.ones(row.shape, dtype=torch.bool, device=row.device)
        mask[stays] = False
        rows.append(row.masked_fill(mask, LOW))
    return torch.stack(rows).view(logits.shape)


@alternative("top_k_filter")
def by_kthvalue(logits, k):
    check(k)
    size = logits.shape[-1]
    if k >= size:
        return logits.clone()
    last = logits.float() if logits.dtype == torch.float16 else logits
    last = last.kthvalue(size - k + 1, dim=-1, keepdim=True).values.to(logits.dtype)
    return torch.where(logits < last, torch.full_like(logits, LOW), logits)
