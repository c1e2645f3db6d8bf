"""Let each token look at the last few tokens only, so that a long text stays cheap.

A band that is cut out of all Q * K scores is right, but nothing is saved. Here the queries are cut
into blocks of the length of a window. All queries of a block together see at most 2 * window - 1
keys, and `unfold` gives these for each block, as a view. So there are Q * (2 * window - 1) scores,
of which the mask hides about half.

The rows of zeros in front of the first key have the score 0, which is a score like others: they
have to be hidden too.

In practice one calls `flex_attention` with a mask of blocks, or flash-attn's `flash_attn_func` with
its `window_size`.
"""

import torch
from torch.nn.functional import pad

HINTS = (
    "Draw the scores for Q = K = 5 and window = 2 as a table: which places of each row are seen?",
    "The scores of one query are (window,) numbers: which keys have to stand beside that query?",
    "`k.unfold(-2, window, 1)` has all windows of keys, as a view; put window - 1 rows in front.",
    "Rows that you put in front are no keys: hide them by -inf before the softmax.",
)


def sliding_window_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int
) -> torch.Tensor:
    """Causal attention in which a query sees the last window places, its own place among them.

    As in k03 there are K places, each with a key and a value, and the queries stand at the last Q
    of them: query i stands at place p = K - Q + i. It sees the keys p - window + 1 to p. The first
    places have fewer keys behind them; they see those that there are. With a window of K or more,
    this is k03.

    The rest is as in k01: the scores of a query are q·k / sqrt(D), the softmax over the keys that
    it sees makes weights of them, and the result is the weighted sum of their values.

    The memory grows with the length, and not with its square: see below.

    It is made of other operations, softmax among them: torch's own attention, under whatever name
    (`scaled_dot_product_attention`, `MultiheadAttention`, the transformer layers, `flex_attention`
    and what lies below them) is forbidden, forward and backward.

    Args:
        q: shape (..., Q, D), a row for each query; float32 or float64, any strides; stays as it
            is. "..." is any number of dimensions, none too. All sizes are at least 1.
        k: shape (..., K, D), a row for each key; dtype, device and leading dimensions are q's.
        v: shape (..., K, E), a row for each key; dtype, device and leading dimensions are q's.
        window: how many keys a query sees, its own included; it may be larger than K.

    Returns:
        A new tensor of shape (..., Q, E), of q's dtype and on its device. Gradients reach q, k
        and v.

    Raises:
        ValueError: window is less than 1, or Q is larger than K.

    Exactly:
        Where Q = K, and K is at least 16 * window * (D + E), every tensor that an operation makes
        has fewer than Q * K / 2 elements for each index of "...", in the call and in its backward.
        Masks and tensors of positions count too; a view counts as the memory that it lies in.

        Keys and values outside the window change nothing for a query, whatever finite numbers they
        hold, and their gradient from it is exactly 0.

        The result and its gradients may be off by this part of their largest number, or of 1 if
        that is larger: 1e-4 in float32, 1e-9 in float64. Scores, hidden ones too, may be up to
        10,000 in size. Where a query sees scores beyond 100 in size, 1 % is enough for the result,
        and gradients need only be finite.
    """
    queries, keys, size = q.shape[-2], k.shape[-2], q.shape[-1]
    if window < 1 or queries > keys:
        raise ValueError(f"window is {window}, for {queries} queries and {keys} keys.")
    window = min(window, keys)
    spare = -queries % window  # queries that fill the last block
    q = pad(q, (0, 0, 0, spare)).unflatten(-2, (-1, window))
    k, v = (
        pad(one, (0, 0, window - 1, spare))[..., keys - queries :, :].unfold(
            -2, 2 * window - 1, window
        )
        for one in (k, v)
    )
    begins = torch.arange(keys - queries, keys, window, device=q.device)[:, None, None]
    query = torch.arange(window, device=q.device)[:, None]
    key = torch.arange(1 - window, window, device=q.device)  # place in the block
    sees = (key <= query) & (key > query - window) & (begins + key >= 0)
    weights = (q @ k * size**-0.5).masked_fill(~sees, -torch.inf).softmax(-1)
    return (weights @ v.mT).flatten(-3, -2)[..., :queries, :]
