"""Let each token look at itself and at the tokens before it, and never ahead.

`tril` puts its diagonal into the upper left corner. With Q = K that is right, and so a wrong corner
shows only when a cache is there: a single query would see the first key alone. The offset K - Q
moves the diagonal to the lower right corner.

The mask comes before the softmax. Weights that are set to 0 afterwards no longer add up to 1, and
the largest score of the future would still take part in them. Each query sees at least its own
key, so no row is -inf alone.

In practice one calls `F.scaled_dot_product_attention(q, k, v, is_causal=True)`. Its triangle begins
in the upper left corner: with a cache one leaves `is_causal` out for a single query, or takes
`torch.nn.attention.bias.causal_lower_right`.
"""

import torch

HINTS = (
    "Draw the scores for Q = 2 and K = 4 as a table: which places does each of the two rows see?",
    "`tril` takes a diagonal: 0 begins at the upper left. By how much is yours moved?",
    "Hidden scores become -inf before the softmax; 0 would be a score like others.",
    "`torch.ones(Q, K, dtype=torch.bool, device=q.device).tril(K - Q)` says what is seen.",
)


def causal_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Attention in which a query sees its own place and the places before it, and none after it.

    There are K places, each with a key and a value. The queries stand at the last Q of them: query
    i of 0 to Q - 1 stands at place K - Q + i, and sees the keys 0 to K - Q + i. If Q is K, that is
    the lower triangle with its diagonal. If Q is 1, the query is the newest token and sees all.

    The rest is as in k01: the scores of a query are q·k / sqrt(D), the softmax over the keys that
    it sees makes weights of them, and the result is the weighted sum of their values.

    It is made of other operations, softmax among them: torch's own attention, under whatever name
    (`scaled_dot_product_attention`, `MultiheadAttention`, the transformer layers, `flex_attention`
    and what lies below them) is forbidden, forward and backward.

    Args:
        q: shape (..., Q, D), a row for each query; float32 or float64, any strides; stays as it
            is. "..." is any number of dimensions, none too. All sizes are at least 1.
        k: shape (..., K, D), a row for each key; dtype, device and leading dimensions are q's.
        v: shape (..., K, E), a row for each key; dtype, device and leading dimensions are q's.

    Returns:
        A new tensor of shape (..., Q, E), of q's dtype and on its device. Gradients reach q, k
        and v.

    Raises:
        ValueError: Q is larger than K.

    Exactly:
        Later keys and values change nothing for a query, whatever finite numbers they hold, and
        their gradient from it is exactly 0.

        The result and its gradients may be off by this part of their largest number, or of 1 if
        that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up to
        10,000 in size. Where a query sees scores beyond 100 in size, 1 % is enough for the result,
        and gradients need only be finite.
    """
    queries, keys = q.shape[-2], k.shape[-2]
    if queries > keys:
        raise ValueError(f"{queries} queries need as many keys; there are {keys}.")
    sees = torch.ones(queries, keys, dtype=torch.bool, device=q.device).tril(keys - queries)
    scores = q @ k.mT * q.shape[-1] ** -0.5
    return scores.masked_fill(~sees, -torch.inf).softmax(-1) @ v
