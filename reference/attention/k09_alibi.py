"""Add to the scores of attention a penalty that grows with the distance: ALiBi.

A model with such penalties can read longer texts than it was trained on: a distance of 5000 is a
larger penalty, and no position that it has never seen. Heads with large slopes look at their
neighbours, those with small ones at the whole text.

The slopes for 2·P heads have those for P heads as every second one, so the rest of the heads get
those that lie between them. Since the penalty does not depend on the data, it has no gradient: that
of scores goes through unchanged.

Many programs add m·j, which is the same for causal attention: rows then differ by a constant, which
softmax takes away. In practice one hands the penalty to `F.scaled_dot_product_attention` as
`attn_mask`, or as a `score_mod` to `torch.nn.attention.flex_attention`.
"""

import torch

HINTS = (
    "Positions of the queries: K - Q + i. Subtract all keys from all queries by broadcasting.",
    "Slopes have the shape (H, 1, 1): each head has one, for all queries and keys.",
    "For H = 12, P is 8. `2 ** (H.bit_length() - 1)` is P.",
    "The slopes for 2·P heads are 2^(-4/P), 2^(-8/P), 2^(-12/P), ...: take every second one.",
    "A Python float times whole numbers gives float32. Which dtype do float64 scores need?",
)


def add_alibi(scores: torch.Tensor) -> torch.Tensor:
    """scores - m·distance, where m is the slope of a head.

    The queries stand at the last Q of K positions: query i has the position K - Q + i, and key j
    has the position j. Their distance is |K - Q + i - j|, for keys after the query too.

    The slopes m for H heads, h from 0: where H is a power of two (1, 2, 4, 8, ...), head h has

        m = 2^(-8·(h + 1)/H)

    If it is none, P is the largest power of two below H. The first P heads have the slopes for P
    heads. The others have every second slope for 2·P heads, from the first one on:
    2^(-4/P), 2^(-12/P), 2^(-20/P), ...

    Args:
        scores: shape (..., H, Q, K), all sizes at least 1 and Q at most K; float32 or float64, any
            strides, finite; stays as it is.

    Returns:
        A new tensor of scores' shape, dtype and device. Gradients reach scores.

    Exactly:
        The numbers themselves count, not only the softmax of them: the query's own position gets
        exactly its score. Each is within 0.0001 of the largest number of the result, or of 1 where
        that is smaller; in float64 within 0.000000001 of it, so slopes and penalties have to be
        float64 there.

        For 3 heads the slopes are 2^-4, 2^-8 and 2^-2, in this order: they are not sorted.
    """
    heads, queries, keys = scores.shape[-3:]
    power = 2 ** (heads.bit_length() - 1)
    exponents = [-8 * (h + 1) / power for h in range(power)]
    exponents += [-4 * (2 * h + 1) / power for h in range(heads - power)]
    slopes = 2 ** scores.new_tensor(exponents)
    places = torch.arange(keys, device=scores.device)
    distances = (places[keys - queries :, None] - places).abs()
    return scores - slopes[:, None, None] * distances
