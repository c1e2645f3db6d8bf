"""Compute attention block by block, so that the memory grows with the length and not its square.

For each query there are three things so far: the maximum, the sum of exp(score - maximum), and the
sum of the same times the values. When a block brings a larger maximum, both sums are taken around
it by one factor, exp(old - new), as in k12. The division comes last, once.

A block of later keys is -inf alone for a query. Its maximum so far stays then, since it sees key 0
in any case and the first block comes first: so -inf is never subtracted from -inf. The maximum is
detached: it cancels out of the result, and so it has no gradient. What is written in place is new,
and no backward needs its old numbers.

Autograd keeps the weights of each block for the backward here, which are as many as all scores. The
real kernels keep the maximum and the sum alone, and compute the scores again in the backward: a
`torch.autograd.Function`, or `torch.utils.checkpoint` around a block, would do so.

In practice one calls `F.scaled_dot_product_attention`, or `flash_attn_func` of the package
flash-attn.
"""

import torch

HINTS = (
    "Write a loop over blocks of keys, with the scores of one block at a time: (Q, block_size).",
    "Keep for each query the maximum, the sum of weights, and the sum of weights times values.",
    "When the maximum grows, both sums have to shrink by exp(old - new). Divide only at the end.",
    "The mask of a block compares places in the whole row: the block begins at start, not at 0.",
)


def flash_attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    block_size: int = 64,
    is_causal: bool = False,
) -> torch.Tensor:
    """Attention that never holds the scores of all queries with all keys.

    The result is that of k01, with the scale 1 / sqrt(D) and no mask; with is_causal, it is that of
    k03. What is new is the memory: no tensor of Q * K elements is made. Take block_size keys at a
    time, and keep for each query the maximum so far, the sum so far (k12) and the result so far.
    Other ways that keep to the memory are right too, such as some queries at a time.

    It is made of other operations, softmax among them: torch's own attention, under whatever name
    (`scaled_dot_product_attention`, `MultiheadAttention`, the transformer layers, `flex_attention`
    and what lies below them) is forbidden, forward and backward.

    Args:
        q: shape (..., Q, D), a row for each query; float32 or float64, any strides; stays as it
            is. "..." is any number of dimensions, none too. All sizes are at least 1.
        k: shape (..., K, D), a row for each key; dtype, device and leading dimensions are q's.
        v: shape (..., K, E), a row for each key; dtype, device and leading dimensions are q's.
        block_size: how many keys, or queries, you may take at a time; at least 1. Q and K need not
            be multiples of it, and it may be larger than both. The result does not depend on it.
        is_causal: whether query i sees only the keys 0 to K - Q + i. If not, it sees all keys.

    Returns:
        A new tensor of shape (..., Q, E), of q's dtype and on its device. Gradients reach q, k
        and v.

    Raises:
        ValueError: is_causal is True, and Q is larger than K.

    Exactly:
        No operation makes a tensor of more than 2 * (Q + K) * (block_size + D + E) elements for
        each index of "...", in the call or in its backward. Masks and tensors of positions count
        too; a view counts as the memory that it lies in. How much autograd keeps in all is not
        looked at.

        With is_causal, later keys and values change nothing for a query, whatever finite numbers
        they hold, and their gradient from it is exactly 0.

        The result and its gradients may be off by this part of their largest number, or of 1 if
        that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up to
        10,000 in size. Where a query sees scores beyond 100 in size, 1 % is enough for the result,
        and gradients need only be finite.
    """
    queries, keys = q.shape[-2], k.shape[-2]
    if is_causal and queries > keys:
        raise ValueError(f"{queries} queries need as many keys; there are {keys}.")
    place = torch.arange(keys, device=q.device)
    own = place[-queries:, None]
    q = q * q.shape[-1] ** -0.5
    largest = q.new_full((*q.shape[:-1], 1), -torch.inf)
    total = torch.zeros_like(largest)
    result = q.new_zeros((*q.shape[:-1], v.shape[-1]))
    blocks = k.mT.split(block_size, -1), v.split(block_size, -2), place.split(block_size)
    for some_keys, some_values, their_places in zip(*blocks, strict=True):
        scores = q @ some_keys
        if is_causal:
            scores.masked_fill_(their_places > own, -torch.inf)
        new = torch.maximum(largest, scores.detach().amax(-1, keepdim=True))
        weights, factor = scores.sub_(new).exp_(), (largest - new).exp()
        total.mul_(factor).add_(weights.sum(-1, keepdim=True))
        result.mul_(factor).add_(weights @ some_values)
        largest = new
    return result / total
