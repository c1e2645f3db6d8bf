"""Wrong and right answers to attention/k01_scaled_dot_product_attention."""

import math

import torch

from dojo.impostors import alternative, impostor


def scores_of(q, k, scale):
    """The score of each key for each query."""
    return q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)


def everything(scores):
    """A mask that shows all keys."""
    return torch.ones_like(scores, dtype=torch.bool)


@impostor(
    "scaled_dot_product_attention",
    diagnosis="With a fill of -1e9 a query that sees nothing gets the mean of all values: it should"
    " get zeros.",
    aspect="values",
)
def takes_the_mean_where_nothing_is_seen(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    return scores.softmax(-1) @ v


@impostor(
    "scaled_dot_product_attention",
    diagnosis="nan_to_num on the result makes zeros, but the weights of NaN stay in the backward:"
    " the gradient of v is NaN.",
    aspect="gradient",
)
def replaces_nan_in_the_result(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return (scores.softmax(-1) @ v).nan_to_num(0.0)


@impostor(
    "scaled_dot_product_attention",
    diagnosis="A mask of -inf that is added gives NaN gradients where a query sees nothing, also"
    " behind nan_to_num: use masked_fill or where.",
    aspect="gradient",
)
def adds_a_mask_of_minus_infinity(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    if mask is not None:
        scores = scores + torch.zeros_like(mask, dtype=q.dtype).masked_fill(~mask, -torch.inf)
    return scores.softmax(-1).nan_to_num(0.0) @ v


@impostor(
    "scaled_dot_product_attention",
    diagnosis="-10,000 is no score that hides: where the visible ones are as low, the hidden keys"
    " get as much weight.",
    aspect="values",
)
def fills_with_minus_ten_thousand(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    mask = everything(scores) if mask is None else mask
    return (scores.masked_fill(~mask, -1e4).softmax(-1) * mask.any(-1, keepdim=True)) @ v


@impostor(
    "scaled_dot_product_attention",
    diagnosis="The softmax goes over the queries (dim=-2); each query weighs the keys (dim=-1).",
    aspect="values",
)
def takes_the_softmax_over_queries(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    mask = everything(scores) if mask is None else mask
    return scores.masked_fill(~mask, -torch.inf).softmax(-2).nan_to_num(0.0) @ v


def right_for_a_scale(q, k, v, mask, scale):
    """Attention with a scale that is given."""
    scores = scores_of(q, k, scale)
    mask = everything(scores) if mask is None else mask
    return scores.masked_fill(~mask, -torch.inf).softmax(-1).nan_to_num(0.0) @ v


@impostor(
    "scaled_dot_product_attention",
    diagnosis="Scores are divided by √E, of v; it is √D, of q and k.",
    aspect="values",
)
def scales_by_the_size_of_a_value(q, k, v, mask=None, scale=None):
    return right_for_a_scale(q, k, v, mask, v.shape[-1] ** -0.5 if scale is None else scale)


@impostor(
    "scaled_dot_product_attention",
    diagnosis="Scores are divided by the root of the number of keys; it is √D, the size of a key.",
    aspect="values",
)
def scales_by_the_number_of_keys(q, k, v, mask=None, scale=None):
    return right_for_a_scale(q, k, v, mask, k.shape[-2] ** -0.5 if scale is None else scale)


@impostor(
    "scaled_dot_product_attention", diagnosis="The division by √D is missing.", aspect="values"
)
def scales_by_nothing(q, k, v, mask=None, scale=None):
    return right_for_a_scale(q, k, v, mask, 1.0 if scale is None else scale)


@impostor(
    "scaled_dot_product_attention",
    diagnosis="`scale or ...` takes a scale of 0 for none: ask `scale is None`.",
    aspect="values",
)
def takes_zero_for_none(q, k, v, mask=None, scale=None):
    return right_for_a_scale(q, k, v, mask, scale or q.shape[-1] ** -0.5)


@impostor(
    "scaled_dot_product_attention",
    diagnosis="True in the mask is read as hide, as in MultiheadAttention; here it means see.",
    aspect="values",
)
def hides_what_is_true(q, k, v, mask=None, scale=None):
    return right_for_a_scale(q, k, v, None if mask is None else ~mask, scale)


@impostor(
    "scaled_dot_product_attention",
    diagnosis="The mask comes after the softmax: the weights that are left don't add up to 1.",
    aspect="values",
)
def masks_after_the_softmax(q, k, v, mask=None, scale=None):
    shares = scores_of(q, k, scale).softmax(-1)
    return (shares if mask is None else shares * mask) @ v


@impostor(
    "scaled_dot_product_attention",
    diagnosis="The mask comes after the softmax, and the rest is divided by its sum: that is 0 / 0"
    " where a hidden key has a much larger score.",
    aspect="values",
)
def divides_by_what_is_left(q, k, v, mask=None, scale=None):
    shares = scores_of(q, k, scale).softmax(-1)
    if mask is not None:
        shares = shares * mask
        shares = shares / shares.sum(-1, keepdim=True).clamp(min=1e-30)
    return shares @ v


@impostor(
    "scaled_dot_product_attention",
    diagnosis="Scores are multiplied by the mask: a hidden key has the score 0, and exp(0) is 1.",
    aspect="values",
)
def multiplies_scores_by_the_mask(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    return (scores if mask is None else scores * mask).softmax(-1) @ v


@impostor(
    "scaled_dot_product_attention",
    diagnosis="exp of a large score is inf: subtract the largest of each row, as softmax does.",
    aspect="values",
)
def takes_exp_of_the_scores(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    parts = scores.exp() * (1 if mask is None else mask)
    total = parts.sum(-1, keepdim=True)
    return parts @ v / torch.where(total == 0, 1, total)


@impostor(
    "scaled_dot_product_attention",
    diagnosis="It calls torch's own attention, which is what the kata makes.",
    aspect="structure",
)
def calls_torchs_own(q, k, v, mask=None, scale=None):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, scale=scale)


@alternative("scaled_dot_product_attention")
def with_the_smallest_number(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    if mask is None:
        return torch.softmax(scores, dim=-1) @ v
    scores = scores.masked_fill(mask.logical_not(), torch.finfo(q.dtype).min)
    return torch.softmax(scores, dim=-1).mul(mask) @ v


@alternative("scaled_dot_product_attention")
def with_nan_replaced_in_the_weights(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    if mask is not None:
        scores = torch.where(mask, scores, float("-inf"))
    return torch.matmul(scores.softmax(-1).nan_to_num(0.0), v)


@alternative("scaled_dot_product_attention")
def by_hand(q, k, v, mask=None, scale=None):
    root = abs(q.shape[-1] ** -0.5 if scale is None else scale) ** 0.5
    scores = torch.einsum("...qd,...kd->...qk", q * root, k * root)
    if scale is not None and scale < 0:
        scores = -scores
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    top = scores.amax(-1, keepdim=True).detach()
    parts = (scores - top.clamp(min=torch.finfo(q.dtype).min)).exp()
    total = parts.sum(-1, keepdim=True).clamp(min=torch.finfo(q.dtype).tiny)
    return torch.einsum("...qk,...ke->...qe", parts, v) / total


@alternative("scaled_dot_product_attention")
def query_by_query(q, k, v, mask=None, scale=None):
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    shape = (*q.shape[:-1], k.shape[-2])
    mask = q.new_ones(shape, dtype=torch.bool) if mask is None else mask.expand(shape)
    keys, values = k.flatten(0, -3) if k.dim() > 2 else k[None], v.reshape(-1, *v.shape[-2:])
    queries, seen = q.reshape(-1, *q.shape[-2:]), mask.reshape(-1, *mask.shape[-2:])
    rows = []
    for a, b, c, shown in zip(queries, keys, values, seen, strict=True):
        for one, these in zip(a, shown, strict=True):
            weights = (b[these] @ one * scale).softmax(0)  # of none it is empty, and the sum is 0
            rows.append((weights[:, None] * c[these]).sum(0))
    return torch.stack(rows).view(*q.shape[:-1], v.shape[-1])


@alternative("scaled_dot_product_attention")
def by_a_logarithm(q, k, v, mask=None, scale=None):
    scores = scores_of(q, k, scale)
    mask = everything(scores) if mask is None else mask.broadcast_to(scores.shape)
    seen = mask.any(-1, keepdim=True)
    scores = torch.where(mask | ~seen, scores, -torch.inf)
    return (scores - scores.logsumexp(-1, keepdim=True)).exp() @ v * seen
