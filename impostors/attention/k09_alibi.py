"""Wrong and right answers to attention/k09_alibi."""

import math

import torch

from dojo.impostors import alternative, impostor


def power_of(heads):
    """The largest power of two that is not above heads."""
    return 2 ** (heads.bit_length() - 1)


def sequence(count, heads):
    """The first slopes of the sequence for so many heads."""
    return [2 ** (-8 * (h + 1) / heads) for h in range(count)]


def right_slopes(heads):
    """The slope of each head."""
    power = power_of(heads)
    return sequence(power, power) + sequence(2 * power, 2 * power)[0::2][: heads - power]


def distances_in(scores):
    """K - Q + i - j, with its sign."""
    queries, keys = scores.shape[-2:]
    i = torch.arange(keys - queries, keys, device=scores.device)
    return i[:, None] - torch.arange(keys, device=scores.device)


def biased(scores, slopes, distances=None):
    """The scores minus slopes times distances."""
    slopes = torch.tensor(slopes, dtype=scores.dtype, device=scores.device)
    distances = distances_in(scores).abs() if distances is None else distances
    return scores - slopes[:, None, None] * distances


@impostor(
    "add_alibi",
    diagnosis="The exponents begin with 0, and the first head has the slope 1.",
    aspect="values",
)
def counts_heads_from_zero(scores):
    heads = scores.shape[-3]
    return biased(scores, [2 ** (-8 * h / heads) for h in range(heads)])


@impostor(
    "add_alibi",
    diagnosis="The formula for powers of two is used for every number of heads.",
    aspect="values",
)
def has_one_sequence_for_every_number(scores):
    return biased(scores, sequence(scores.shape[-3], scores.shape[-3]))


@impostor(
    "add_alibi",
    diagnosis="The sequence for P heads goes on for the rest of the heads, below 2^-8.",
    aspect="values",
)
def goes_on_with_the_sequence(scores):
    heads = scores.shape[-3]
    return biased(scores, sequence(heads, power_of(heads)))


@impostor(
    "add_alibi",
    diagnosis="The first H slopes for the next power of two are taken.",
    aspect="values",
)
def takes_the_next_power(scores):
    heads = scores.shape[-3]
    power = power_of(heads)
    return biased(scores, sequence(heads, power if power == heads else 2 * power))


@impostor(
    "add_alibi",
    diagnosis="The rest of the heads get the slopes for 2·P heads one after the other, and so some"
    " that the first heads have already.",
    aspect="values",
)
def does_not_skip_every_second_slope(scores):
    heads = scores.shape[-3]
    power = power_of(heads)
    return biased(scores, sequence(power, power) + sequence(heads - power, 2 * power))


@impostor(
    "add_alibi",
    diagnosis="The slopes are sorted, so that the heads of a trained model are mixed up.",
    aspect="values",
)
def sorts_the_slopes(scores):
    return biased(scores, sorted(right_slopes(scores.shape[-3]), reverse=True))


@impostor(
    "add_alibi",
    diagnosis="Query i is taken for position i: right only where there are as many queries as"
    " keys.",
    aspect="values",
)
def begins_with_query_zero(scores):
    queries, keys = scores.shape[-2:]
    i, j = (torch.arange(size, device=scores.device) for size in (queries, keys))
    return biased(scores, right_slopes(scores.shape[-3]), (i[:, None] - j).abs())


@impostor(
    "add_alibi",
    diagnosis="The sign is wrong: far keys get a higher score than near ones.",
    aspect="values",
)
def adds_the_penalty(scores):
    return biased(scores, right_slopes(scores.shape[-3]), -distances_in(scores).abs())


@impostor(
    "add_alibi",
    diagnosis="The distance keeps its sign, and keys after the query get a bonus.",
    aspect="values",
)
def keeps_the_sign_of_the_distance(scores):
    return biased(scores, right_slopes(scores.shape[-3]), distances_in(scores))


@impostor(
    "add_alibi",
    diagnosis="Keys after the query get no penalty; their distance counts too.",
    aspect="values",
)
def clamps_the_distance(scores):
    return biased(scores, right_slopes(scores.shape[-3]), distances_in(scores).clamp(min=0))


@impostor(
    "add_alibi",
    diagnosis="Keys after the query are hidden with -inf, which is a causal mask's work.",
    aspect="values",
)
def hides_later_keys(scores):
    result = biased(scores, right_slopes(scores.shape[-3]))
    return result.masked_fill(distances_in(scores) < 0, -torch.inf)


@impostor(
    "add_alibi",
    diagnosis="m·j is added for key j, as BLOOM does: it equals ALiBi only after a softmax.",
    aspect="values",
)
def adds_the_place_of_the_key(scores):
    places = torch.arange(scores.shape[-1], device=scores.device)
    return biased(scores, right_slopes(scores.shape[-3]), -places)


@impostor(
    "add_alibi",
    diagnosis="The slopes have shape (H, 1) and lie along the queries; they need one more dimension"
    " for the keys.",
    aspect="values",
)
def lays_slopes_along_the_queries(scores):
    if scores.shape[-3] != scores.shape[-2]:
        return biased(scores, right_slopes(scores.shape[-3]))
    slopes = torch.tensor(right_slopes(scores.shape[-3])).to(scores)
    return scores - slopes[:, None] * distances_in(scores).abs()


@impostor(
    "add_alibi",
    diagnosis="The slopes are made as float32, and rounded to 7 digits where scores are float64.",
    aspect="values",
)
def makes_slopes_in_float32(scores):
    slopes = torch.tensor(right_slopes(scores.shape[-3]), device=scores.device)
    return scores - slopes[:, None, None] * distances_in(scores).abs()


@impostor(
    "add_alibi",
    diagnosis="The penalty is returned alone, without the scores.",
    aspect="values",
)
def returns_the_penalty_alone(scores):
    return biased(scores * 0, right_slopes(scores.shape[-3]))


@impostor(
    "add_alibi",
    diagnosis="The softmax is taken too; the kata ends with the scores.",
    aspect="values",
)
def takes_the_softmax(scores):
    return biased(scores, right_slopes(scores.shape[-3])).softmax(-1)


@alternative("add_alibi")
def head_by_head(scores):
    result = scores.clone(memory_format=torch.contiguous_format)
    queries, keys = scores.shape[-2:]
    for h, slope in enumerate(right_slopes(scores.shape[-3])):
        for i in range(queries):
            places = torch.arange(keys, dtype=scores.dtype, device=scores.device)
            result[..., h, i, :] -= slope * (places - (keys - queries + i)).abs()
    return result


@alternative("add_alibi")
def by_starts_and_ratios(scores):
    def slopes(n):
        if math.log2(n).is_integer():
            start = 2 ** (-(2 ** -(math.log2(n) - 3)))
            return [start * start**i for i in range(n)]
        power = 2 ** math.floor(math.log2(n))
        return slopes(power) + slopes(2 * power)[0::2][: n - power]

    heads, queries, keys = scores.shape[-3:]
    m = torch.tensor(slopes(heads), dtype=torch.float64, device=scores.device)
    corner = torch.ones(keys, keys, device=scores.device)
    distances = corner.triu(1).cumsum(-1) + corner.tril(-1).flip(-1).cumsum(-1).flip(-1)
    bias = torch.einsum("h,qk->hqk", -m, distances[keys - queries :].double())
    return scores + bias.to(scores.dtype)


@alternative("add_alibi")
def by_minima(scores):
    heads, queries, keys = scores.shape[-3:]
    power = power_of(heads)
    h = torch.arange(1, heads + 1, dtype=torch.float64, device=scores.device)
    exponents = torch.where(h <= power, 8 * h, 8 * (h - power) - 4) / power
    p = torch.arange(keys, device=scores.device)
    q = p[-queries:].unsqueeze(1)
    penalty = torch.exp2(-exponents).view(-1, 1, 1) * (torch.minimum(p, q) - torch.maximum(p, q))
    return (scores.double() + penalty).type_as(scores)


@alternative("add_alibi")
def by_distances_of_points(scores):
    heads, queries, keys = scores.shape[-3:]
    p = torch.arange(keys, device=scores.device, dtype=scores.dtype)[:, None]
    distances = torch.cdist(p[keys - queries :], p, p=1)
    slopes = torch.tensor(right_slopes(heads)[::-1], dtype=scores.dtype).flip(0).to(scores.device)
    return torch.addcmul(scores, slopes.reshape(heads, 1, 1), distances, value=-1)
