"""Give each query the mean of the values, weighted by how well it fits their keys.

A query says what a token looks for, a key what another token has, and a value what it gives. All
of GPT, Llama, BERT and ViT are built around this function, which came with the paper "Attention Is
All You Need". Hugging Face's transformers calls torch's own under the name "sdpa".

    q, k = tensor([[0., 0.], [4., 0.]]), tensor([[1., 0.], [0., 1.]])
    v = tensor([[10.], [20.]])
    scaled_dot_product_attention(q, k, v)          ->  [[15.], [10.5581]]
    mask = tensor([[True, False], [False, False]])
    scaled_dot_product_attention(q, k, v, mask)    ->  [[10.], [0.]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
