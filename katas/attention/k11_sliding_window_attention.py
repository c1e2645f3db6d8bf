"""Let each token look at the last few tokens only, so that a long text stays cheap.

With a window of 4,096 tokens the work and the memory grow with the length of the text, and no
longer with its square. What is further back still arrives, by way of the tokens between: each layer
looks one window further. Longformer came with it, Mistral 7B has it in each layer, and Gemma 2 in
every second one.

    q, k = torch.zeros(4, 1), torch.zeros(4, 1)
    v = tensor([[1.], [3.], [8.], [6.]])
    sliding_window_attention(q, k, v, 2)        ->  [[1.], [2.], [5.5], [7.]]: means of two
    sliding_window_attention(q[:1], k, v, 3)    ->  [[5.6667]]: a single query is the last one

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
