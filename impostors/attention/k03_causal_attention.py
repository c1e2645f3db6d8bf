"""Wrong and right answers to attention/k03_causal_attention."""

import math

import torch

from dojo.impostors import alternative, impostor


def scores_of(q, k):
    """The score of each key for each query; there are at least as many keys as queries."""
    if q.shape[-2] > k.shape[-2]:
        raise ValueError("There are more queries than keys.")
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])


def triangle_of(scores, offset=0):
    """Which keys each query sees; offset moves the diagonal."""
    queries, keys = scores.shape[-2:]
    ones = torch.ones(queries, keys, dtype=torch.bool, device=scores.device)
    return ones.tril(keys - queries + offset)


@impostor(
    "causal_attention",
    diagnosis="The triangle begins at the upper left, as torch's is_causal: with a cache the first"
    " new query sees the first key alone.",
    aspect="values",
)
def begins_at_the_upper_left(q, k, v):
    scores = scores_of(q, k)
    sees = torch.ones_like(scores, dtype=torch.bool).tril()
    return scores.masked_fill(~sees, -torch.inf).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="Later scores become 0 by tril, and 0 is a score like others: they need -inf.",
    aspect="values",
)
def keeps_the_lower_triangle_of_scores(q, k, v):
    scores = scores_of(q, k)
    return scores.tril(scores.shape[-1] - scores.shape[-2]).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="Every score that is 0 after tril is hidden: that hides a visible score of 0 too.",
    aspect="values",
)
def hides_each_score_of_zero(q, k, v):
    scores = scores_of(q, k)
    lower = scores.tril(scores.shape[-1] - scores.shape[-2])
    return scores.masked_fill(lower == 0, -1e9).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="The query's own key is hidden: the first row is -inf alone, and its softmax NaN.",
    aspect="values",
)
def hides_its_own_key(q, k, v):
    scores = scores_of(q, k)
    return scores.masked_fill(~triangle_of(scores, -1), -torch.inf).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="One later key is seen: the diagonal is moved by one place too many.",
    aspect="values",
)
def sees_the_next_key(q, k, v):
    scores = scores_of(q, k)
    return scores.masked_fill(~triangle_of(scores, 1), -torch.inf).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="The mask comes after the softmax, and the rest doesn't add up to 1 any more.",
    aspect="values",
)
def masks_after_the_softmax(q, k, v):
    scores = scores_of(q, k)
    return (scores.softmax(-1) * triangle_of(scores)) @ v


@impostor(
    "causal_attention",
    diagnosis="The mask comes after the softmax, and the rest is divided by its sum: that is 0 / 0"
    " where a later key has a much larger score.",
    aspect="values",
)
def divides_by_what_is_left(q, k, v):
    scores = scores_of(q, k)
    shares = scores.softmax(-1) * triangle_of(scores)
    return shares / shares.sum(-1, keepdim=True) @ v


@impostor("causal_attention", diagnosis="Nothing is hidden.", aspect="values")
def sees_everything(q, k, v):
    return scores_of(q, k).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="The upper triangle is seen: each query looks ahead, and not at what was before.",
    aspect="values",
)
def looks_ahead(q, k, v):
    scores = scores_of(q, k)
    return scores.masked_fill(triangle_of(scores, -1), -torch.inf).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="-10,000 is no score that hides: where the visible ones are as low, the later keys"
    " get as much weight.",
    aspect="values",
)
def fills_with_minus_ten_thousand(q, k, v):
    scores = scores_of(q, k)
    return scores.masked_fill(~triangle_of(scores), -1e4).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="It does not refuse more queries than keys.",
    aspect="errors",
)
def refuses_nothing(q, k, v):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~triangle_of(scores), -torch.inf).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="It refuses fewer queries than keys, which is what a cache gives.",
    aspect="shape",
)
def refuses_a_cache(q, k, v):
    if q.shape[-2] != k.shape[-2]:
        raise ValueError("There must be as many queries as keys.")
    scores = scores_of(q, k)
    return scores.masked_fill(~triangle_of(scores), -torch.inf).softmax(-1) @ v


@impostor(
    "causal_attention",
    diagnosis="It calls torch's own attention, which is what the kata makes.",
    aspect="structure",
)
def calls_torchs_own(q, k, v):
    sees = triangle_of(scores_of(q, k))
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=sees)


@alternative("causal_attention")
def by_an_added_mask(q, k, v):
    scores = scores_of(q, k)
    queries, keys = scores.shape[-2:]
    bias = torch.full((queries, keys), float("-inf"), dtype=q.dtype, device=q.device)
    return torch.softmax(scores + bias.triu(keys - queries + 1), dim=-1) @ v


@alternative("causal_attention")
def query_by_query(q, k, v):
    queries, keys = q.shape[-2], k.shape[-2]
    if keys < queries:
        raise ValueError("too many queries")
    rows = []
    for place in range(keys - queries, keys):
        one = q[..., place - keys + queries, :, None]
        weights = (k[..., : place + 1, :] @ one / q.shape[-1] ** 0.5).softmax(-2)
        rows.append((weights * v[..., : place + 1, :]).sum(-2))
    return torch.stack(rows, -2)


@alternative("causal_attention")
def by_positions_and_the_smallest_number(q, k, v):
    scores = scores_of(q, k)
    places = torch.arange(k.shape[-2], device=q.device)
    later = places > places[-q.shape[-2] :, None]
    scores = torch.where(later, torch.finfo(q.dtype).min, scores)
    parts = (scores - scores.amax(-1, keepdim=True)).exp()
    return torch.einsum("...qk,...ke->...qe", parts / parts.sum(-1, keepdim=True), v)


@alternative("causal_attention")
def as_the_last_rows_of_a_square(q, k, v):
    missing = k.shape[-2] - q.shape[-2]
    if missing < 0:
        raise ValueError(f"{-missing} queries too many")
    padded = torch.nn.functional.pad(q, (0, 0, missing, 0))
    scores = scores_of(padded, k)
    scores = scores.masked_fill(~triangle_of(scores), -torch.inf)
    weights = (scores - scores.logsumexp(-1, keepdim=True)).exp()
    return (weights @ v).narrow(-2, missing, q.shape[-2])
