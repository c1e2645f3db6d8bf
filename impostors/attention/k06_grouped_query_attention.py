"""Wrong and right answers to attention/k06_grouped_query_attention."""

import math

import torch

from dojo.impostors import alternative, impostor


def shares(q, k):
    """How many heads of queries share a head of keys."""
    heads, groups = q.shape[1], k.shape[1]
    if heads % groups:
        raise ValueError(f"{groups} does not divide {heads}")
    return heads // groups


def weights_of(scores, mask):
    """The softmax over the keys that are seen."""
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -torch.inf).softmax(-1).nan_to_num(0.0)


def attend(q, k, v, mask, scale=None):
    """Attention where each head has its own keys."""
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    return weights_of(q @ k.transpose(-2, -1) * scale, mask) @ v


@impostor(
    "grouped_query_attention",
    diagnosis="`repeat` puts the copies one after the other: head h reads key head h mod G, and"
    " neighbours share none.",
    aspect="values",
)
def repeats_all_heads(q, k, v, mask=None):
    times = shares(q, k)
    return attend(q, k.repeat(1, times, 1, 1), v.repeat(1, times, 1, 1), mask)


@impostor(
    "grouped_query_attention",
    diagnosis="The keys are repeated along the sequence, dim=2, and then cut into heads; the heads"
    " are dim=1.",
    aspect="values",
)
def repeats_along_the_sequence(q, k, v, mask=None):
    times, (batch, heads, _, _) = shares(q, k), q.shape
    k, v = (one.repeat_interleave(times, 2).view(batch, heads, one.shape[2], -1) for one in (k, v))
    return attend(q, k, v, mask)


@impostor(
    "grouped_query_attention",
    diagnosis="The queries are averaged over their group: G heads come back, not H.",
    aspect="shape",
)
def averages_the_queries(q, k, v, mask=None):
    batch, _, queries, size = q.shape
    shares(q, k)
    means = q.reshape(batch, k.shape[1], -1, queries, size).mean(2)
    if mask is not None and mask.dim() > 2 and mask.shape[-3] > 1:
        mask = mask.unflatten(-3, (k.shape[1], -1)).any(-3)
    return attend(means, k, v, mask)


@impostor(
    "grouped_query_attention",
    diagnosis="The queries are averaged over their group, so that its heads give one and the same"
    " result.",
    aspect="values",
)
def gives_a_group_one_result(q, k, v, mask=None):
    times = shares(q, k)
    means = q.unflatten(1, (k.shape[1], times)).mean(2)
    means, k, v = (one.repeat_interleave(times, 1) for one in (means, k, v))
    return attend(means, k, v, mask)


@impostor(
    "grouped_query_attention",
    diagnosis="Every head reads the first key head, which is right for G = 1 alone.",
    aspect="values",
)
def reads_the_first_head(q, k, v, mask=None):
    shares(q, k)
    return attend(q, k[:, :1], v[:, :1], mask)


@impostor(
    "grouped_query_attention",
    diagnosis="The keys are repeated, and the values are in another order: key head h // r goes"
    " with value head h mod G.",
    aspect="values",
)
def repeats_values_in_another_order(q, k, v, mask=None):
    times = shares(q, k)
    return attend(q, k.repeat_interleave(times, 1), v.repeat(1, times, 1, 1), mask)


@impostor(
    "grouped_query_attention",
    diagnosis="The heads come back as (r, G) and not as (G, r): each result is at another head.",
    aspect="values",
)
def returns_heads_in_another_order(q, k, v, mask=None):
    times = shares(q, k)
    result = attend(q, k.repeat_interleave(times, 1), v.repeat_interleave(times, 1), mask)
    return result.unflatten(1, (k.shape[1], times)).transpose(1, 2).flatten(1, 2)


@impostor(
    "grouped_query_attention",
    diagnosis="All heads of a group get the mask of its first head; each has its own.",
    aspect="values",
)
def gives_a_group_one_mask(q, k, v, mask=None):
    times = shares(q, k)
    if mask is not None:
        shape = (*q.shape[:-1], k.shape[-2])
        mask = mask.expand(shape)[:, ::times].repeat_interleave(times, 1)
    return attend(q, k.repeat_interleave(times, 1), v.repeat_interleave(times, 1), mask)


@impostor(
    "grouped_query_attention",
    diagnosis="True in the mask is read as hide; here it means see.",
    aspect="values",
)
def hides_what_is_true(q, k, v, mask=None):
    times = shares(q, k)
    mask = None if mask is None else ~mask
    return attend(q, k.repeat_interleave(times, 1), v.repeat_interleave(times, 1), mask)


@impostor(
    "grouped_query_attention",
    diagnosis="The division by √D is missing.",
    aspect="values",
)
def scales_by_nothing(q, k, v, mask=None):
    times = shares(q, k)
    return attend(q, k.repeat_interleave(times, 1), v.repeat_interleave(times, 1), mask, 1.0)


@impostor(
    "grouped_query_attention",
    diagnosis="With a fill of -1e9 a query that sees nothing gets the mean of all values: it should"
    " get zeros.",
    aspect="values",
)
def takes_the_mean_where_nothing_is_seen(q, k, v, mask=None):
    k, v = (one.repeat_interleave(shares(q, k), 1) for one in (k, v))
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    return scores.softmax(-1) @ v


@impostor(
    "grouped_query_attention",
    diagnosis="nan_to_num on the result makes zeros, but the weights of NaN stay in the backward.",
    aspect="gradient",
)
def replaces_nan_in_the_result(q, k, v, mask=None):
    times = shares(q, k)
    k, v = (one.repeat_interleave(times, 1) for one in (k, v))
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return (scores.softmax(-1) @ v).nan_to_num(0.0)


@impostor(
    "grouped_query_attention",
    diagnosis="Only the first head of a group sends its gradient to the keys: the others read a"
    " detached copy.",
    aspect="gradient",
)
def detaches_the_copies(q, k, v, mask=None):
    times = shares(q, k)
    k, v = (torch.stack([one, *[one.detach()] * (times - 1)], 2).flatten(1, 2) for one in (k, v))
    return attend(q, k, v, mask)


@impostor(
    "grouped_query_attention",
    diagnosis="Heads that cannot be shared evenly are not refused: some key head is read more often"
    " than the others.",
    aspect="errors",
)
def refuses_nothing(q, k, v, mask=None):
    own = torch.arange(q.shape[1], device=q.device) * k.shape[1] // q.shape[1]
    return attend(q, k[:, own], v[:, own], mask)


@impostor(
    "grouped_query_attention",
    diagnosis="It calls torch's own attention, which is what the kata makes.",
    aspect="structure",
)
def calls_torchs_own(q, k, v, mask=None):
    shares(q, k)
    mask = None if mask is None else mask.expand(*q.shape[:-1], k.shape[-2])
    own = torch.nn.functional.scaled_dot_product_attention
    return own(q, k, v, mask, enable_gqa=True)


@alternative("grouped_query_attention")
def by_repeat_interleave(q, k, v, mask=None):
    times = shares(q, k)
    k, v = k.repeat_interleave(times, dim=1), v.repeat_interleave(times, dim=1)
    scores = q @ k.transpose(2, 3) / math.sqrt(q.size(-1))
    if mask is None:
        return torch.softmax(scores, dim=-1) @ v
    scores = scores.masked_fill(mask.logical_not(), torch.finfo(q.dtype).min)
    return torch.softmax(scores, dim=-1).mul(mask) @ v


@alternative("grouped_query_attention")
def by_expanded_copies(q, k, v, mask=None):
    times = shares(q, k)
    k, v = (
        one[:, :, None].expand(-1, -1, times, -1, -1).reshape(len(q), -1, *one.shape[2:])
        for one in (k, v)
    )
    scores = torch.matmul(q, k.transpose(2, 3)) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, float("-inf"))
    return torch.matmul(scores.softmax(-1).nan_to_num(0.0), v)


@alternative("grouped_query_attention")
def by_queries_in_groups(q, k, v, mask=None):
    times, (batch, heads, queries, size) = shares(q, k), q.shape
    rows = q.reshape(batch, -1, times, queries, size)
    scores = (rows @ k[:, :, None].mT).reshape(batch, heads, queries, -1) / size**0.5
    weights = weights_of(scores, mask).unflatten(1, (-1, times))
    return (weights @ v[:, :, None]).flatten(1, 2)


@alternative("grouped_query_attention")
def by_five_dimensions(q, k, v, mask=None):
    times, (batch, heads, queries, size) = shares(q, k), q.shape
    groups, keys = k.shape[1:3]
    split = q.reshape(batch, groups, times, queries, size)
    scores = torch.einsum("bgrqd,bgkd->bgrqk", split, k) / size**0.5
    if mask is None:
        mask = torch.ones((), dtype=torch.bool, device=q.device)
    mask = mask.broadcast_to(batch, heads, queries, keys).reshape(scores.shape)
    seen = mask.any(-1, keepdim=True)
    scores = torch.where(mask | ~seen, scores, -torch.inf)
    weights = (scores - scores.logsumexp(-1, keepdim=True)).exp() * seen
    return torch.einsum("bgrqk,bgke->bgrqe", weights, v).reshape(batch, heads, queries, -1)


@alternative("grouped_query_attention")
def head_by_head(q, k, v, mask=None):
    times = shares(q, k)
    shape = (*q.shape[:3], k.shape[2])
    mask = q.new_ones(shape, dtype=torch.bool) if mask is None else mask.expand(shape)
    heads = [
        attend(q[:, h], k[:, h // times], v[:, h // times], mask[:, h]) for h in range(q.shape[1])
    ]
    return torch.stack(heads, 1)


@alternative("grouped_query_attention")
def refuses_by_its_own_error(q, k, v, mask=None):
    class Uneven(ValueError):
        pass

    heads, groups = q.size(1), k.size(1)
    if groups * (heads // groups) != heads:
        raise Uneven
    own = [h * groups // heads for h in range(heads)]
    return attend(q, k[:, own], v[:, own], mask)
