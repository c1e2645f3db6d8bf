"""Wrong and right answers to attention/k13_flash_attention."""

import math

import torch

from dojo.impostors import alternative, impostor


def refuse(q, k, is_causal):
    """Raise if there are more queries than places."""
    if is_causal and q.shape[-2] > k.shape[-2]:
        raise ValueError("There are more queries than keys.")


def mask_of(q, k, is_causal, start=0, stop=None):
    """Which of the keys from start to stop each query sees."""
    refuse(q, k, is_causal)
    queries, keys = q.shape[-2], k.shape[-2]
    key = torch.arange(start, keys if stop is None else min(stop, keys), device=q.device)
    own = torch.arange(keys - queries, keys, device=q.device).unsqueeze(-1)
    return key <= own if is_causal else (key < keys).expand(queries, -1)


def right(s, o, factor):
    """Both sums, around the new maximum."""
    return s * factor, o * factor


def block_by_block(q, k, v, block_size, is_causal, change=right, mask=None):
    """Right, if ``change`` is, and ``mask`` says what is seen of the keys from start to stop."""
    refuse(q, k, is_causal)
    keys = k.shape[-2]
    m = torch.full_like(q[..., :1], -torch.inf)
    s, o = torch.zeros_like(m), q.new_zeros((*q.shape[:-1], v.shape[-1]))
    for start in range(0, keys, block_size):
        stop = min(start + block_size, keys)
        scores = q @ k[..., start:stop, :].mT / math.sqrt(q.shape[-1])
        sees = mask_of(q, k, is_causal, start, stop) if mask is None else mask(start, stop)
        scores = scores.masked_fill(~sees, -torch.inf)
        new = torch.maximum(m, scores.amax(-1, keepdim=True))
        weights = (scores - new).exp()
        s, o = change(s, o, (m - new).exp())
        s, o, m = s + weights.sum(-1, keepdim=True), o + weights @ v[..., start:stop, :], new
    return o / s


@impostor(
    "flash_attention",
    diagnosis="The sum of values is not rescaled when the maximum grows; only that of the weights"
    " is.",
    aspect="values",
)
def does_not_rescale_the_values(q, k, v, block_size=64, is_causal=False):
    return block_by_block(q, k, v, block_size, is_causal, lambda s, o, f: (s * f, o))


@impostor(
    "flash_attention",
    diagnosis="Neither of the sums is rescaled when the maximum grows.",
    aspect="values",
)
def rescales_nothing(q, k, v, block_size=64, is_causal=False):
    return block_by_block(q, k, v, block_size, is_causal, lambda s, o, f: (s, o))


@impostor(
    "flash_attention",
    diagnosis="The last block is dropped where it is shorter than block_size.",
    aspect="values",
)
def drops_the_last_block(q, k, v, block_size=64, is_causal=False):
    mask = mask_of(q, k, is_causal)
    whole = max(k.shape[-2] // block_size * block_size, min(block_size, k.shape[-2]))

    def sees(start, stop):
        return mask[:, start:stop] & (torch.arange(start, stop, device=q.device) < whole)

    return block_by_block(q, k, v, block_size, is_causal, mask=sees)


@impostor(
    "flash_attention",
    diagnosis="The last block is filled up with zeros, and these keys of score 0 take a share.",
    aspect="values",
)
def fills_up_the_last_block(q, k, v, block_size=64, is_causal=False):
    keys = k.shape[-2]
    mask = mask_of(q, k, is_causal)
    more = -keys % block_size
    k, v = (torch.nn.functional.pad(one, (0, 0, 0, more)) for one in (k, v))
    mask = torch.nn.functional.pad(mask, (0, more), value=True)
    return block_by_block(q, k, v, block_size, False, mask=lambda start, stop: mask[:, start:stop])


@impostor(
    "flash_attention",
    diagnosis="Each block has a softmax of its own, and these results are added.",
    aspect="values",
)
def adds_softmaxes_of_blocks(q, k, v, block_size=64, is_causal=False):
    result = 0.0
    for start in range(0, k.shape[-2], block_size):
        block = slice(start, start + block_size)
        scores = q @ k[..., block, :].mT / math.sqrt(q.shape[-1])
        sees = mask_of(q, k, is_causal, start, start + block_size)
        shares = scores.masked_fill(~sees, -1e9).softmax(-1) * sees
        result = result + shares @ v[..., block, :]
    return result


@impostor(
    "flash_attention",
    diagnosis="The softmax of a block that a query does not see is NaN, and NaN times a weight of 0"
    " stays NaN.",
    aspect="values",
)
def takes_the_softmax_of_a_hidden_block(q, k, v, block_size=64, is_causal=False):
    logs, results = [], []
    for start in range(0, k.shape[-2], block_size):
        block = slice(start, start + block_size)
        scores = q @ k[..., block, :].mT / math.sqrt(q.shape[-1])
        sees = mask_of(q, k, is_causal, start, start + block_size)
        scores = scores.masked_fill(~sees, -torch.inf)
        logs.append(scores.logsumexp(-1, keepdim=True))
        results.append(scores.softmax(-1) @ v[..., block, :])
    shares = torch.cat(logs, -1).softmax(-1)
    return sum(shares[..., n, None] * one for n, one in enumerate(results))


@impostor(
    "flash_attention",
    diagnosis="The mask of a block counts its keys from 0, and not from where the block begins.",
    aspect="values",
)
def counts_keys_from_the_block(q, k, v, block_size=64, is_causal=False):
    return block_by_block(
        q,
        k,
        v,
        block_size,
        is_causal,
        mask=lambda start, stop: mask_of(q, k, is_causal)[:, : stop - start],
    )


@impostor(
    "flash_attention",
    diagnosis="The triangle begins at the upper left: it lacks K - Q.",
    aspect="values",
)
def begins_at_the_upper_left(q, k, v, block_size=64, is_causal=False):
    refuse(q, k, is_causal)

    def sees(start, stop):
        key = torch.arange(start, stop, device=q.device)
        own = torch.arange(q.shape[-2], device=q.device).unsqueeze(-1)
        return key <= own if is_causal else key <= key + own

    return block_by_block(q, k, v, block_size, is_causal, mask=sees)


@impostor(
    "flash_attention",
    diagnosis="A block is seen whole if its first key is seen: inside of it nothing is hidden.",
    aspect="values",
)
def hides_whole_blocks_only(q, k, v, block_size=64, is_causal=False):
    return block_by_block(
        q,
        k,
        v,
        block_size,
        is_causal,
        mask=lambda start, stop: mask_of(q, k, is_causal)[:, start : start + 1].expand(
            -1, stop - start
        ),
    )


@impostor(
    "flash_attention",
    diagnosis="The maximum begins with 0: where all scores are far below it, all weights are 0, and"
    " 0 / 0 is NaN.",
    aspect="values",
)
def begins_with_zero(q, k, v, block_size=64, is_causal=False):
    s = o = 0.0
    m = torch.zeros_like(q[..., :1])
    for start in range(0, k.shape[-2], block_size):
        block = slice(start, start + block_size)
        sees = mask_of(q, k, is_causal, start, start + block_size)
        scores = q @ k[..., block, :].mT / math.sqrt(q.shape[-1])
        scores = scores.masked_fill(~sees, -torch.inf)
        new = torch.maximum(m, scores.amax(-1, keepdim=True))
        weights, factor = (scores - new).exp(), (m - new).exp()
        s, o, m = (
            s * factor + weights.sum(-1, keepdim=True),
            o * factor + weights @ v[..., block, :],
            new,
        )
    return o / s


@impostor(
    "flash_attention",
    diagnosis="The maximum is left out: exp of a score of 10,000 is inf.",
    aspect="values",
)
def leaves_the_maximum_out(q, k, v, block_size=64, is_causal=False):
    s = o = 0.0
    for start in range(0, k.shape[-2], block_size):
        block = slice(start, start + block_size)
        sees = mask_of(q, k, is_causal, start, start + block_size)
        weights = (q @ k[..., block, :].mT / math.sqrt(q.shape[-1])).exp() * sees
        s, o = s + weights.sum(-1, keepdim=True), o + weights @ v[..., block, :]
    return o / s


@impostor(
    "flash_attention",
    diagnosis="All scores are made at once, in one tensor of Q * K.",
    aspect="memory",
)
def makes_all_scores(q, k, v, block_size=64, is_causal=False):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.masked_fill(~mask_of(q, k, is_causal), -torch.inf).softmax(-1) @ v


@impostor(
    "flash_attention",
    diagnosis="The scores come in blocks, but the mask is made for all of them at once.",
    aspect="memory",
)
def makes_the_whole_mask(q, k, v, block_size=64, is_causal=False):
    if not is_causal:
        return block_by_block(q, k, v, block_size, is_causal)
    mask = mask_of(q, k, is_causal)
    return block_by_block(
        q, k, v, block_size, is_causal, mask=lambda start, stop: mask[:, start:stop]
    )


@impostor(
    "flash_attention",
    diagnosis="block_size is ignored: the blocks always have 64 keys.",
    aspect="memory",
)
def takes_blocks_of_64(q, k, v, block_size=64, is_causal=False):
    return block_by_block(q, k, v, 64, is_causal)


class InOnePiece(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, block_size, is_causal):
        ctx.save_for_backward(q, k, v)
        ctx.is_causal = is_causal
        return block_by_block(q, k, v, block_size, is_causal)

    @staticmethod
    def backward(ctx, weights):
        q, k, v = ctx.saved_tensors
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        shares = scores.masked_fill(~mask_of(q, k, ctx.is_causal), -torch.inf).softmax(-1)
        of_shares = weights @ v.mT
        of_scores = shares * (of_shares - (shares * of_shares).sum(-1, keepdim=True))
        of_scores = of_scores / math.sqrt(q.shape[-1])
        return of_scores @ k, of_scores.mT @ q, shares.mT @ weights, None, None


@impostor(
    "flash_attention",
    diagnosis="The forward goes block by block, but the backward makes all weights at once.",
    aspect="memory",
)
def goes_backward_in_one_piece(q, k, v, block_size=64, is_causal=False):
    return InOnePiece.apply(q, k, v, block_size, is_causal)


@impostor(
    "flash_attention",
    diagnosis="It does not refuse more queries than keys where is_causal is True.",
    aspect="errors",
)
def refuses_nothing(q, k, v, block_size=64, is_causal=False):
    if q.shape[-2] <= k.shape[-2]:
        return block_by_block(q, k, v, block_size, is_causal)
    return (
        torch.full((*q.shape[:-1], v.shape[-1]), torch.nan)
        if is_causal
        else block_by_block(q, k, v, block_size, False)
    )


@impostor(
    "flash_attention",
    diagnosis="It refuses more queries than keys where is_causal is False, too.",
    aspect="shape",
)
def refuses_many_queries(q, k, v, block_size=64, is_causal=False):
    refuse(q, k, True)
    return block_by_block(q, k, v, block_size, is_causal)


@impostor(
    "flash_attention",
    diagnosis="It calls torch's own attention for some queries at a time.",
    aspect="structure",
)
def calls_torchs_own(q, k, v, block_size=64, is_causal=False):
    results = []
    for one, sees in rows_of(q, k, is_causal):
        results.append(torch.nn.functional.scaled_dot_product_attention(one, k, v, attn_mask=sees))
    return torch.cat(results, -2)


def rows_of(q, k, is_causal):
    """Each query with what it sees."""
    refuse(q, k, is_causal)
    key = torch.arange(k.shape[-2], device=q.device)
    for n in range(q.shape[-2]):
        place = k.shape[-2] - q.shape[-2] + n if is_causal else k.shape[-2]
        yield q[..., n : n + 1, :], (key <= place).expand(1, -1)


@alternative("flash_attention")
def query_by_query(q, k, v, block_size=64, is_causal=False):
    results = []
    for one, sees in rows_of(q, k, is_causal):
        scores = one @ k.mT / math.sqrt(q.shape[-1])
        results.append(scores.masked_fill(~sees, -torch.inf).softmax(-1) @ v)
    return torch.cat(results, dim=-2)


@alternative("flash_attention")
def in_tiles_without_the_blocks_above_the_diagonal(q, k, v, block_size=64, is_causal=False):
    offset = k.shape[-2] - q.shape[-2]
    if is_causal and offset < 0:
        raise ValueError("Q > K")
    q, results = q / math.sqrt(q.shape[-1]), []
    for first, rows in zip(range(0, q.shape[-2], block_size), q.split(block_size, -2), strict=True):
        m, s, o = torch.tensor(-torch.inf, dtype=q.dtype, device=q.device), 0.0, 0.0
        for start in range(0, k.shape[-2], block_size):
            if is_causal and start > offset + first + rows.shape[-2] - 1:
                break
            scores = torch.einsum("...qd,...kd->...qk", rows, k[..., start : start + block_size, :])
            if is_causal:
                ones = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device)
                later = ones.triu(offset + first - start + 1)
                scores = torch.where(later, torch.finfo(q.dtype).min, scores)
            new = torch.maximum(m, scores.max(-1, keepdim=True).values)
            parts = torch.exp(scores - new)
            s = s * torch.exp(m - new) + parts.sum(-1, keepdim=True)
            o = o * torch.exp(m - new) + parts @ v[..., start : start + block_size, :]
            m = new
        results.append(o / s)
    return torch.cat(results, -2)


@alternative("flash_attention")
def by_merging_logarithms(q, k, v, block_size=64, is_causal=False):
    total = result = None
    for start in range(0, k.shape[-2], block_size):
        block = slice(start, start + block_size)
        sees = mask_of(q, k, is_causal, start, start + block_size)
        scores = q @ k[..., block, :].mT * q.shape[-1] ** -0.5
        scores = scores.masked_fill(~sees, -1e30)
        own, part = scores.logsumexp(-1, keepdim=True), scores.softmax(-1) @ v[..., block, :]
        if total is None:
            total, result = own, part
        else:
            share = torch.sigmoid(own - total)
            result = result * (1 - share) + part * share
            total = torch.logaddexp(total, own)
    return result


class FlashAttention(torch.autograd.Function):
    """The forward keeps the logarithm of each sum, and the backward computes the scores again."""

    @staticmethod
    def scores(q, k, is_causal, start, block_size):
        sees = mask_of(q, k, is_causal, start, start + block_size)
        scores = q @ k[..., start : start + block_size, :].mT / math.sqrt(q.shape[-1])
        return scores.masked_fill(~sees, -torch.inf)

    @staticmethod
    def forward(ctx, q, k, v, block_size, is_causal):
        m = torch.full_like(q[..., :1], -torch.inf)
        s, o = torch.zeros_like(m), q.new_zeros((*q.shape[:-1], v.shape[-1]))
        for start in range(0, k.shape[-2], block_size):
            scores = FlashAttention.scores(q, k, is_causal, start, block_size)
            new = torch.maximum(m, scores.amax(-1, keepdim=True))
            weights = (scores - new).exp_()
            s.mul_((m - new).exp()).add_(weights.sum(-1, keepdim=True))
            o.mul_((m - new).exp()).add_(weights @ v[..., start : start + block_size, :])
            m = new
        o.div_(s)
        ctx.save_for_backward(q, k, v, o, m, s)
        ctx.block_size, ctx.is_causal = block_size, is_causal
        return o

    @staticmethod
    def backward(ctx, weights):
        q, k, v, o, m, s = ctx.saved_tensors
        shift = (weights * o).sum(-1, keepdim=True)
        of_q, of_k, of_v = torch.zeros_like(q), [], []
        for start in range(0, k.shape[-2], ctx.block_size):
            block = slice(start, start + ctx.block_size)
            scores = FlashAttention.scores(q, k, ctx.is_causal, start, ctx.block_size)
            shares = (scores - m).exp() / s
            of_v.append(shares.mT @ weights)
            of_scores = shares * (weights @ v[..., block, :].mT - shift) / math.sqrt(q.shape[-1])
            of_q = of_q + of_scores @ k[..., block, :]
            of_k.append(of_scores.mT @ q)
        return of_q, torch.cat(of_k, -2), torch.cat(of_v, -2), None, None


@alternative("flash_attention")
def by_a_function_of_autograd(q, k, v, block_size=64, is_causal=False):
    return FlashAttention.apply(q, k, v, block_size, is_causal)
