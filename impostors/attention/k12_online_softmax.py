"""Wrong and right answers to attention/k12_online_softmax."""

import functools
import math

import torch

from dojo.impostors import alternative, impostor


def around(block, m):
    """The sum of exp(block - m) along the last dimension; 0 is taken for a maximum of -inf."""
    return (block - m.masked_fill(m == -torch.inf, 0.0).unsqueeze(-1)).exp().sum(-1)


def factor(old, new):
    """What a sum around the old maximum is multiplied by, to be one around the new one."""
    return (old - new.masked_fill(new == -torch.inf, 0.0)).exp()


def of_block(block):
    """The maximum of a block, and the sum around it."""
    m = block.amax(-1)
    return m, around(block, m)


def begun_with(number, blocks):
    """Right, where the maximum is not below the number that it begins with."""
    m = s = None
    for block in blocks:
        old = torch.full_like(block[..., 0], number) if m is None else m
        m = torch.maximum(old, block.amax(-1))
        s = (0 if s is None else s * factor(old, m)) + around(block, m)
    return m, s


@impostor(
    "online_softmax",
    diagnosis="The sum so far is kept as it is when the maximum grows: it has to shrink by"
    " exp(old m - new m).",
    aspect="values",
)
def does_not_rescale(blocks):
    m = s = None
    for block in blocks:
        top = block.amax(-1)
        m = top if m is None else torch.maximum(m, top)
        s = around(block, m) + (0 if s is None else s)
    return m, s


@impostor(
    "online_softmax",
    diagnosis="The factor is inverted: exp(new m - old m) makes the sum grow where it has to"
    " shrink.",
    aspect="values",
)
def inverts_the_factor(blocks):
    m = s = None
    for block in blocks:
        new = block.amax(-1) if m is None else torch.maximum(m, block.amax(-1))
        s = around(block, new) + (0 if s is None else s * factor(new, m))
        m = new
    return m, s


@impostor(
    "online_softmax",
    diagnosis="Each block is summed around its own maximum, and these sums cannot be added.",
    aspect="values",
)
def adds_sums_around_several_maxima(blocks):
    maxima, sums = zip(*map(of_block, blocks), strict=True)
    return functools.reduce(torch.maximum, maxima), sum(sums)


@impostor(
    "online_softmax",
    diagnosis="-inf - (-inf) is NaN: a first block that is -inf alone spoils its row.",
    aspect="values",
)
def subtracts_minus_infinity(blocks):
    m = s = None
    for block in blocks:
        new = block.amax(-1) if m is None else torch.maximum(m, block.amax(-1))
        added = (block - new[..., None]).exp().sum(-1)
        s = added if s is None else s * (m - new).exp() + added
        m = new
    return m, s


@impostor(
    "online_softmax",
    diagnosis="m begins with 0: where all numbers are below it, 0 is taken for the maximum.",
    aspect="values",
)
def begins_with_zero(blocks):
    return begun_with(0.0, blocks)


@impostor(
    "online_softmax",
    diagnosis="m begins with -10,000, which is not below all numbers.",
    aspect="values",
)
def begins_with_minus_ten_thousand(blocks):
    return begun_with(-1e4, blocks)


@impostor(
    "online_softmax",
    diagnosis="m begins with the smallest finite number: a row of -inf alone should have m = -inf.",
    aspect="values",
)
def begins_with_the_smallest_number(blocks):
    return begun_with(torch.finfo(torch.float32).min, blocks)


@impostor(
    "online_softmax",
    diagnosis="s is read off the logarithm of a sum: beside 1e30 it has no digit left.",
    aspect="values",
)
def reads_the_sum_off_a_logarithm(blocks):
    m = total = None
    for block in blocks:
        m = block.amax(-1) if m is None else torch.maximum(m, block.amax(-1))
        own = block.logsumexp(-1)
        total = own if total is None else torch.logaddexp(total, own)
    return m, (total - m.masked_fill(m == -torch.inf, 0.0)).exp()


@impostor(
    "online_softmax",
    diagnosis="It goes through the blocks twice, first for the maximum: a generator gives them"
    " once.",
    aspect="values",
)
def goes_through_them_twice(blocks):
    m = functools.reduce(torch.maximum, [block.amax(-1) for block in blocks])
    return m, sum((around(block, m) for block in blocks), torch.zeros_like(m))


@impostor(
    "online_softmax",
    diagnosis="All blocks are put together: that needs memory for the whole row.",
    aspect="memory",
)
def puts_them_together(blocks):
    return of_block(torch.cat(list(blocks), -1))


@impostor(
    "online_softmax",
    diagnosis="The blocks go, but something as large is kept of each.",
    aspect="memory",
)
def keeps_what_it_makes_of_each(blocks):
    m, kept = None, []
    for block in blocks:
        top = block.amax(-1)
        m = top if m is None else torch.maximum(m, top)
        kept.append((block + 0.0, top))
    return m, sum(around(copy, m) for copy, _ in kept)


@impostor(
    "online_softmax",
    diagnosis="The sum around the last maximum is not taken along the last dimension only.",
    aspect="shape",
)
def sums_over_all(blocks):
    m = s = None
    for block in blocks:
        new = block.max() if m is None else torch.maximum(m, block.max())
        s = around(block.flatten(), new) + (0 if s is None else s * factor(m, new))
        m = new
    return m, s


@alternative("online_softmax")
def by_merging_pairs(blocks):
    def merged(one, other):
        m = torch.maximum(one[0], other[0])
        return m, one[1] * factor(one[0], m) + other[1] * factor(other[0], m)

    return functools.reduce(merged, map(of_block, blocks))


@alternative("online_softmax")
def with_the_sum_as_a_weighted_entry(blocks):
    m = s = None
    for block in blocks:
        weights = torch.ones_like(block)
        if m is not None:
            block = torch.cat([block, m[..., None]], -1)
            weights = torch.cat([weights, s[..., None]], -1)
        m = block.max(-1).values
        gaps = torch.where(block == -torch.inf, -torch.inf, block - m[..., None])
        s = (gaps.exp() * weights).sum(-1)
    return m, s


@alternative("online_softmax")
def number_by_number_in_lists(blocks):
    m = s = None
    for block in blocks:
        rows = block.reshape(-1, block.shape[-1]).tolist()
        if m is None:
            m, s = [-math.inf] * len(rows), [0.0] * len(rows)
        for n, row in enumerate(rows):
            for x in row:
                if x > m[n]:
                    s[n], m[n] = s[n] * math.exp(m[n] - x) + 1, x
                elif x > -math.inf:
                    s[n] += math.exp(x - m[n])
        like = block[..., 0]
    return tuple(
        torch.tensor(one, dtype=like.dtype, device=like.device).reshape(like.shape)
        for one in (m, s)
    )


@alternative("online_softmax")
def in_place_with_nan_to_num(blocks):
    blocks = iter(blocks)
    first = next(blocks)
    m = torch.full(first.shape[:-1], -torch.inf, dtype=first.dtype, device=first.device)
    s = torch.zeros_like(m)
    while first is not None:
        old = m.clone()
        torch.maximum(m, first.max(dim=-1)[0], out=m)
        s.mul_(torch.nan_to_num(torch.exp(old - m)))
        s.add_(torch.nan_to_num(torch.exp(first - m.unsqueeze(-1))).sum(-1))
        first = next(blocks, None)
    return m, s
