"""Compute attention block by block, so that the memory grows with the length and not its square.

32,000 tokens have a billion scores for each head. FlashAttention never holds them all: it goes
through blocks of keys, and corrects what it has so far when a larger score comes. It is the fast
path inside of torch's `scaled_dot_product_attention`, and vLLM takes it from the package flash-attn.
On a GPU it is faster too, since less has to be moved.

    q, k = tensor([[0.], [1.]]), tensor([[0.], [1.], [2.]])
    v = tensor([[1.], [2.], [6.]])
    flash_attention(q, k, v, block_size=2)         ->  [[3.], [4.5709]]
    flash_attention(q, k, v, 2, is_causal=True)    ->  [[1.5], [4.5709]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
