"""Let several heads of queries share one head of keys and values.

A model that writes text keeps the keys and values of all earlier tokens, and reads them again for
each new one. With fewer heads of keys than of queries there is less to keep and to read. Llama 3 8B
has 32 heads of queries and 8 of keys; Mistral and Qwen do the same. With a single head of keys it
is called multi-query attention, as in Falcon 7B. vLLM and Hugging Face's transformers call it GQA.

    q = torch.zeros(1, 4, 1, 8)                         # 4 heads, each with one query
    k = torch.zeros(1, 2, 1, 8)                         # 2 heads, each with one key
    v = torch.tensor([10., 20.]).view(1, 2, 1, 1)
    grouped_query_attention(q, k, v).flatten()    ->    [10., 10., 20., 20.]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
