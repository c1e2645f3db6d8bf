"""Wrong and right answers to attention/k14_linear_attention."""

import torch
from torch.nn import functional

from dojo.impostors import alternative, impostor


def phi(x):
    """elu(x) + 1."""
    return functional.elu(x) + 1


def refuse(q, k, causal):
    """With causal there are as many queries as keys."""
    if causal and q.shape[-2] != k.shape[-2]:
        raise ValueError("causal needs Q = K")


def tables_of(k, v):
    """The outer products of each token: (…, T, D, E)."""
    return k[..., :, :, None] * v[..., :, None, :]


def mixed(q, k, v, causal):
    """Right, for queries and keys of which phi is taken already."""
    refuse(q, k, causal)
    if causal:
        above = torch.einsum("...td,...tde->...te", q, tables_of(k, v).cumsum(-3))
        below = (q * k.cumsum(-2)).sum(-1, keepdim=True)
    else:
        above = q @ (k.transpose(-2, -1) @ v)
        below = (q * k.sum(-2, keepdim=True)).sum(-1, keepdim=True)
    return above, below


@impostor(
    "linear_attention",
    diagnosis="With causal the sum of the weights still goes over all keys: what a query is divided"
    " by depends on later tokens.",
    aspect="values",
)
def divides_by_the_sum_over_all_keys(q, k, v, causal=False):
    above, _ = mixed(phi(q), phi(k), v, causal)
    return above / (phi(q) * phi(k).sum(-2, keepdim=True)).sum(-1, keepdim=True)


@impostor(
    "linear_attention",
    diagnosis="Nothing is divided: the result is a sum that grows with the number of keys.",
    aspect="values",
)
def divides_by_nothing(q, k, v, causal=False):
    above, _ = mixed(phi(q), phi(k), v, causal)
    return above


@impostor(
    "linear_attention",
    diagnosis="The running sums go along the features, where they should go along the tokens.",
    aspect="values",
)
def sums_along_the_features(q, k, v, causal=False):
    if not causal:
        above, below = mixed(phi(q), phi(k), v, causal)
        return above / below
    refuse(q, k, causal)
    tables = tables_of(phi(k), v).cumsum(-2)
    below = (phi(q) * phi(k).cumsum(-1)).sum(-1, keepdim=True)
    return (phi(q).unsqueeze(-2) @ tables).squeeze(-2) / below


@impostor(
    "linear_attention",
    diagnosis="The running sums go along the dimension before the tokens, such as the heads.",
    aspect="values",
)
def sums_along_the_heads(q, k, v, causal=False):
    if not causal or q.dim() == 2:
        above, below = mixed(phi(q), phi(k), v, causal)
        return above / below
    refuse(q, k, causal)
    tables = tables_of(phi(k), v).cumsum(-4)
    below = (phi(q) * phi(k).cumsum(-3)).sum(-1, keepdim=True)
    return (phi(q).unsqueeze(-2) @ tables).squeeze(-2) / below


@impostor(
    "linear_attention",
    diagnosis="The 1 is missing: elu alone is below 0 for half of the numbers, and so are weights.",
    aspect="values",
)
def forgets_the_one(q, k, v, causal=False):
    above, below = mixed(functional.elu(q), functional.elu(k), v, causal)
    return above / below


@impostor(
    "linear_attention",
    diagnosis="phi is taken of the keys alone.",
    aspect="values",
)
def leaves_the_queries(q, k, v, causal=False):
    above, below = mixed(q, phi(k), v, causal)
    return above / below


@impostor(
    "linear_attention",
    diagnosis="phi(k) is divided by its sum over the tokens, feature by feature; it is the result"
    " of a query that is divided, by the sum of its weights.",
    aspect="values",
)
def divides_each_feature(q, k, v, causal=False):
    refuse(q, k, causal)
    keys = phi(k)
    if causal:
        tables = tables_of(keys, v).cumsum(-3) / keys.cumsum(-2).unsqueeze(-1)
        return (phi(q).unsqueeze(-2) @ tables).squeeze(-2)
    return phi(q) @ ((keys / keys.sum(-2, keepdim=True)).mT @ v)


@impostor(
    "linear_attention",
    diagnosis="phi is relu(x) + 1 here, which is 1 for all numbers below 0.",
    aspect="values",
)
def takes_relu(q, k, v, causal=False):
    above, below = mixed(q.relu() + 1, k.relu() + 1, v, causal)
    return above / below


@impostor(
    "linear_attention",
    diagnosis="The queries are divided by sqrt(D) first, as for a softmax.",
    aspect="values",
)
def scales_the_queries(q, k, v, causal=False):
    above, below = mixed(phi(q * q.shape[-1] ** -0.5), phi(k), v, causal)
    return above / below


@impostor(
    "linear_attention",
    diagnosis="The query's own token is left out: the state is read before the token is added.",
    aspect="values",
)
def reads_the_state_too_early(q, k, v, causal=False):
    if not causal:
        above, below = mixed(phi(q), phi(k), v, causal)
        return above / below
    refuse(q, k, causal)
    table, total = 0 * tables_of(k, v)[..., 0, :, :], torch.zeros_like(k[..., 0, :])
    rows = []
    for i in range(k.shape[-2]):
        query, key = phi(q[..., i, :]), phi(k[..., i, :])
        below = (query * total).sum(-1, keepdim=True)
        rows.append((query.unsqueeze(-2) @ table).squeeze(-2) / below)
        table = table + key.unsqueeze(-1) * v[..., i, None, :]
        total = total + key
    return torch.stack(rows, -2)


@impostor(
    "linear_attention",
    diagnosis="causal is ignored.",
    aspect="values",
)
def ignores_causal(q, k, v, causal=False):
    refuse(q, k, causal)
    above, below = mixed(phi(q), phi(k), v, False)
    return above / below


@impostor(
    "linear_attention",
    diagnosis="A small number is added to the sum of the weights: that sum is never 0, and in"
    " float64 the number shows.",
    aspect="values",
)
def adds_an_epsilon(q, k, v, causal=False):
    above, below = mixed(phi(q), phi(k), v, causal)
    return above / (below + 1e-6)


@impostor(
    "linear_attention",
    diagnosis="What comes later is summed up and then taken off again: large later values wipe out"
    " the digits of the earlier ones.",
    aspect="values",
)
def takes_later_tokens_off_again(q, k, v, causal=False):
    if not causal:
        above, below = mixed(phi(q), phi(k), v, causal)
        return above / below
    refuse(q, k, causal)
    v1 = torch.cat([v, torch.ones_like(v[..., :1])], -1)
    tables = tables_of(phi(k), v1)
    later = tables.flip(-3).cumsum(-3).flip(-3) - tables
    both = torch.einsum("...td,...tde->...te", phi(q), tables.sum(-3, keepdim=True) - later)
    return both[..., :-1] / both[..., -1:]


@impostor(
    "linear_attention",
    diagnosis="No gradient goes through the sum of the weights: it was made a constant.",
    aspect="gradient",
)
def divides_by_a_constant(q, k, v, causal=False):
    above, below = mixed(phi(q), phi(k), v, causal)
    return above / below.detach()


@impostor(
    "linear_attention",
    diagnosis="All weights of all queries are made, as a table of T x T numbers.",
    aspect="memory",
)
def makes_all_weights(q, k, v, causal=False):
    refuse(q, k, causal)
    weights = phi(q) @ phi(k).mT
    weights = weights.tril() if causal else weights
    return weights @ v / weights.sum(-1, keepdim=True)


@impostor(
    "linear_attention",
    diagnosis="The tables of all keys are made for each query: right, with far more numbers than"
    " the square of the length.",
    aspect="memory",
)
def makes_a_table_for_each_query(q, k, v, causal=False):
    refuse(q, k, causal)
    triples = torch.einsum("...id,...jd,...je->...ije", phi(q), phi(k), v)
    weights = torch.einsum("...id,...jd->...ij", phi(q), phi(k))
    if causal:
        sees = torch.ones_like(weights).tril()
        triples, weights = torch.where(sees.bool()[..., None], triples, 0), weights * sees
    return triples.sum(-2) / weights.sum(-1, keepdim=True)


@impostor(
    "linear_attention",
    diagnosis="With causal, fewer or more queries than keys are not refused.",
    aspect="errors",
)
def refuses_nothing(q, k, v, causal=False):
    queries, keys = q.shape[-2], k.shape[-2]
    if causal and queries != keys:
        weights = (phi(q) @ phi(k).mT).tril(keys - queries)
        return weights @ v / weights.sum(-1, keepdim=True)
    above, below = mixed(phi(q), phi(k), v, causal)
    return above / below


@impostor(
    "linear_attention",
    diagnosis="Different numbers of queries and keys are refused without causal, too.",
    aspect="type",
)
def refuses_without_causal(q, k, v, causal=False):
    refuse(q, k, True)
    above, below = mixed(phi(q), phi(k), v, causal)
    return above / below


@impostor(
    "linear_attention",
    diagnosis="Parts of 64 tokens see nothing of the parts before them.",
    aspect="values",
)
def forgets_earlier_parts(q, k, v, causal=False):
    refuse(q, k, causal)
    if not causal:
        above, below = mixed(phi(q), phi(k), v, causal)
        return above / below
    rows = []
    for query, key, value in zip(*(one.split(64, -2) for one in (q, k, v)), strict=True):
        weights = (phi(query) @ phi(key).mT).tril()
        rows.append(weights @ value / weights.sum(-1, keepdim=True))
    return torch.cat(rows, -2)


@alternative("linear_attention")
def token_by_token(q, k, v, causal=False):
    x, y = torch.where(q > 0, q + 1, q.exp()), torch.where(k > 0, k + 1, k.exp())
    if not causal:
        v1 = functional.pad(v, (0, 1), value=1.0)  # the last column counts the weights
        both = x @ torch.einsum("...kd,...ke->...de", y, v1)
        return both[..., :-1] / both[..., -1:]
    if q.size(-2) != k.size(-2):
        raise ValueError(f"{q.size(-2)} != {k.size(-2)}")
    table = total = 0
    rows = []
    for query, key, value in zip(x.unbind(-2), y.unbind(-2), v.unbind(-2), strict=True):
        table = table + key.unsqueeze(-1) * value.unsqueeze(-2)
        total = total + key
        row = (query.unsqueeze(-1) * table).sum(-2)
        rows.append(row / (query * total).sum(-1, keepdim=True))
    return torch.stack(rows, -2)


@alternative("linear_attention")
def in_chunks(q, k, v, causal=False, size=64):
    refuse(q, k, causal)
    x, y = phi(q), phi(k)
    v1 = torch.cat([v, v.new_ones(*v.shape[:-1], 1)], -1)
    if not causal:
        *leading, queries, _ = x.shape
        flat = [one.reshape(-1, *one.shape[-2:]) for one in (x, y, v1)]
        both = torch.bmm(flat[0], torch.bmm(flat[1].transpose(1, 2), flat[2]))
        both = both.view(*leading, queries, -1)
        return both[..., :-1] / both[..., -1:]
    state = x.new_zeros(*x.shape[:-2], x.shape[-1], v1.shape[-1])
    parts = []
    for a, b, c in zip(*(one.split(size, -2) for one in (x, y, v1)), strict=True):
        parts.append(a @ state + (a @ b.mT).tril() @ c)
        state = state + b.mT @ c
    both = torch.cat(parts, -2)
    return both[..., :-1] / both[..., -1:]


@alternative("linear_attention")
def by_doubling(q, k, v, causal=False):
    refuse(q, k, causal)
    queries, keys = (one.clamp(max=0).exp() + one.clamp(min=0) for one in (q, k))
    tables, totals = tables_of(keys, v), keys
    if causal:
        step = 1
        while step < k.shape[-2]:  # after it, each place has the sum of twice as many tokens
            tables = tables + functional.pad(tables, (0, 0, 0, 0, step, 0))[..., :-step, :, :]
            totals = totals + functional.pad(totals, (0, 0, step, 0))[..., :-step, :]
            step *= 2
    else:
        tables, totals = tables.sum(-3, keepdim=True), totals.sum(-2, keepdim=True)
    above = (queries[..., None, :] @ tables)[..., 0, :]
    return above / torch.linalg.vecdot(queries, totals).unsqueeze(-1)


class Recomputed(torch.autograd.Function):
    """Row sums of phi(q)·phi(k) * v over the keys 0 to i, of which no state is kept."""

    @staticmethod
    def forward(ctx, x, y, v):
        ctx.save_for_backward(x, y, v)
        return Recomputed.running(x, y, v)

    @staticmethod
    def running(x, y, v):
        state = x.new_zeros(*x.shape[:-2], x.shape[-1], v.shape[-1])
        rows = torch.empty_like(v)
        for i in range(x.shape[-2]):
            state += y[..., i, :, None] * v[..., i, None, :]
            rows[..., i, :] = (x[..., i, None, :] @ state)[..., 0, :]
        return rows

    @staticmethod
    def backward(ctx, g):
        x, y, v = ctx.saved_tensors
        turned = [one.flip(-2) for one in (x, y, v, g)]
        of_x = Recomputed.running(g, v, y)
        of_y = Recomputed.running(turned[2], turned[3], turned[0]).flip(-2)
        of_v = Recomputed.running(turned[1], turned[0], turned[3]).flip(-2)
        return of_x, of_y, of_v


@alternative("linear_attention")
def with_a_backward_of_its_own(q, k, v, causal=False):
    refuse(q, k, causal)
    x, y = phi(q), phi(k)
    if not causal:
        above, below = mixed(x, y, v, False)
        return above.div(below)
    both = Recomputed.apply(x, y, torch.cat([v, torch.ones_like(v[..., :1])], -1).contiguous())
    return both[..., :-1] / both[..., -1:]
