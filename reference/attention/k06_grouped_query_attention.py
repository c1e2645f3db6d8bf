"""Let several heads of queries share one head of keys and values.

`repeat` and `expand` put the copies of all heads one after the other, so that head h would read key
head h mod G. Neighbours have to share: each key head stands r times in a row, which is
`repeat_interleave`. The two are the same for G = 1 and for G = H, so only a real group shows the
mistake, and a trained checkpoint then gives nonsense.

Nothing need be repeated, though. The r heads of a group have the same keys, so that their queries
are just more rows of one product: (B, G, r * Q, D) with (B, G, K, D). The gradient of a key then
sums over the group by itself.

In practice one calls `F.scaled_dot_product_attention(q, k, v, mask, enable_gqa=True)`.
"""

import torch

HINTS = (
    "With 6 query heads and 2 key heads: which three of them read key head 0?",
    "Repeat each key head r times in a row, or let the r heads of a group be rows of one product.",
    "`repeat_interleave` gives 0, 0, 1, 1, and `repeat` gives 0, 1, 0, 1.",
    "Without a copy: q as (B, G, r * Q, D), and the scores back as (B, H, Q, K) for the mask.",
    "The softmax of -inf alone is NaN. What can you put in such a row before, and what after?",
)


def grouped_query_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Attention for H heads of queries with G heads of keys and values: neighbours share one.

    With r = H / G, the query heads 0 to r - 1 read key head 0, the next r read key head 1, and so
    on: query head h reads key head h // r, and the value head of that number.

    For each query head the rest is as in k01: the scores of a query are q·k / sqrt(D), the softmax
    over the keys that it sees makes weights of them, and the result is the weighted sum of the
    values. With G = H each head has keys of its own, with G = 1 all heads share the same ones.

    It is made of other operations, softmax among them: torch's own attention, under whatever name
    (`scaled_dot_product_attention`, `MultiheadAttention`, the transformer layers, `flex_attention`
    and what lies below them) is forbidden, forward and backward.

    Args:
        q: shape (B, H, Q, D), a row for each query; float32 or float64, any strides; stays as it
            is. All sizes are at least 1.
        k: shape (B, G, K, D), a row for each key; dtype and device are q's.
        v: shape (B, G, K, E), a row for each key; dtype and device are q's.
        mask: bool, on q's device, of a shape that broadcasts to (B, H, Q, K), with fewer dimensions
            too. It may be another one for each query head, as with shape (H, Q, K). True: the query
            sees the key. None: every query sees every key.

    Returns:
        A new tensor of shape (B, H, Q, E), of q's dtype and on its device. Gradients reach q, k and
        v. That of a key head is the sum over the query heads that read it.

    Raises:
        ValueError: H is no whole multiple of G, as with 4 and 3, or 2 and 4.

    Exactly:
        Whether k and v are repeated on the way is up to you.

        A key that a query does not see has the weight 0: that key and its value change nothing
        for this query, whatever finite numbers they hold, and their gradient from it is exactly 0.

        A query that sees nothing gets zeros. All gradients from its result are 0, never NaN.

        The result and its gradients may be off by this part of their largest number, or of 1 if
        that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up to
        10,000 in size. Beyond some hundreds the result is right within 1 %, and gradients are
        finite.
    """
    batch, heads, queries, size = q.shape
    groups, keys = k.shape[1:3]
    if heads % groups:
        raise ValueError(f"{groups} heads of keys cannot be shared by {heads} heads of queries.")
    rows = q.reshape(batch, groups, -1, size)  # the queries of a group, head by head
    scores = (rows @ k.mT * size**-0.5).view(batch, heads, queries, keys)
    if mask is None:
        weights = scores.softmax(-1)
    else:
        sees_nothing = ~mask.any(-1, keepdim=True)
        scores = scores.masked_fill(~mask, -torch.inf).masked_fill(sees_nothing, 0)
        weights = scores.softmax(-1).masked_fill(sees_nothing, 0)
    result = weights.view(batch, groups, -1, keys) @ v
    return result.view(batch, heads, queries, -1)
