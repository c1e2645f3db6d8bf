"""Add to the scores of attention a penalty that grows with the distance: ALiBi.

ALiBi gives a model the order of its tokens without an embedding of positions: each head sees far
tokens less than near ones, and each head has a slope of its own. BLOOM and MPT are made with it,
and Hugging Face's transformers builds it in `build_alibi_tensor`.

    scores = torch.zeros(2, 1, 3)     # 2 heads, 1 query, 3 keys; the query stands at the last key
    add_alibi(scores)    ->  [[[-0.1250, -0.0625, 0.]], [[-0.0078, -0.0039, 0.]]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
