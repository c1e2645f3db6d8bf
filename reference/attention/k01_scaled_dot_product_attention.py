"""Give each query the mean of the values, weighted by how well it fits their keys.

A sum of D products grows as the square root of D, where its terms are as large as 1. Large scores
make a softmax that gives all weight to one key, and whose gradient is 0: so scores are divided by
sqrt(D).

exp(-inf) is exactly 0, so a hidden key gets the score -inf. A row of -inf alone is another matter:
its softmax is 0 / 0. Here such a row gets scores of 0, and its weights are set to 0 behind the
softmax. A NaN that is replaced afterwards can come back in the backward, as 0 * NaN.

In practice one calls `F.scaled_dot_product_attention`, which never makes the matrix of all scores.
"""

import torch

HINTS = (
    "Which shapes have q and k, and which product of matrices gives a score for each pair?",
    "Softmax along the keys, the last dimension of the scores. How does it give a key exactly 0?",
    "0 is a number too: ask `scale is None`.",
    "The softmax of -inf alone is NaN. What can you put in such a row before, and what after?",
    "`~mask.any(-1, keepdim=True)` finds the queries that see nothing.",
)


def scaled_dot_product_attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: torch.Tensor | None = None,
    scale: float | None = None,
) -> torch.Tensor:
    """For each query the mean of the rows of v, weighted by softmax(scale * q @ k transposed).

    The score of a query and a key is their product q·k, times scale. For each query, the softmax
    over all keys makes weights of its scores. The result is the sum of the rows of v, each times
    the weight of its key.

    It is made of other operations, softmax among them: torch's own attention, under whatever name
    (`scaled_dot_product_attention`, `MultiheadAttention`, the transformer layers, `flex_attention`
    and what lies below them) is forbidden, forward and backward.

    Args:
        q: shape (..., Q, D), a row for each query; float32 or float64, any strides; stays as it
            is. "..." is any number of dimensions, none too. All sizes are at least 1.
        k: shape (..., K, D), a row for each key; dtype, device and leading dimensions are q's.
        v: shape (..., K, E), a row for each key; dtype, device and leading dimensions are q's.
        mask: bool, on q's device, of a shape that broadcasts to (..., Q, K), with fewer dimensions
            too: torch compares shapes from the last dimension, so beside q of shape (B, H, Q, D)
            one of shape (H, Q, K) has a mask for each head. True: the query sees the key. None:
            every query sees every key.
        scale: the number that all scores are multiplied by; None stands for 1 / sqrt(D). Any other
            number counts as it is, 0 and numbers below 0 too.

    Returns:
        A new tensor of shape (..., Q, E), of q's dtype and on its device. Gradients reach q, k
        and v.

    Exactly:
        A key that a query does not see has the weight 0: that key and its value change nothing
        for this query, whatever finite numbers they hold, and their gradient from it is exactly 0.

        A query that sees nothing gets zeros. All gradients from its result are 0, never NaN.

        The result and its gradients may be off by this part of their largest number, or of 1 if
        that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up to
        10,000 in size. Where a query sees scores beyond 100 in size, 1 % is enough for the result,
        and gradients need only be finite.
    """
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = q @ k.mT * scale
    if mask is None:
        return scores.softmax(-1) @ v
    sees_nothing = ~mask.any(-1, keepdim=True)
    hidden = scores.masked_fill(~mask, -torch.inf).masked_fill(sees_nothing, 0)
    return hidden.softmax(-1).masked_fill(sees_nothing, 0) @ v
