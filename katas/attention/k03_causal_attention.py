"""Let each token look at itself and at the tokens before it, and never ahead.

A language model learns at all places at once to guess the next token, so no place may see what it
has to guess. When it writes, there are few new queries, and many keys that it remembers in a cache:
the queries are the last places then. GPT-2, Llama and every model like them attend in this way.
vLLM and Hugging Face's `generate` do so with a cache.

    q, k = torch.zeros(2, 1), torch.zeros(3, 1)
    v = tensor([[1.], [3.], [8.]])
    causal_attention(q, k, v)        ->  [[2.], [4.]]: the means of two values and of all three
    causal_attention(q[:1], k, v)    ->  [[4.]]: a single query is the last one

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
