"""Attend without a softmax, so that the cost grows with the length and not with its square.

Softmax needs a number for each query with each key. If the weight is a product of a function of the
query and the same function of the key, the keys and values can be summed up first, into one small
table that all queries read. "Transformers are RNNs" (Katharopoulos and others, 2020) has this form;
LoFTR, which is part of kornia, matches images with it, and the library flash-linear-attention has
many of its successors.

    q, k = tensor([[0.], [0.]]), tensor([[0.], [1.]])    # phi makes 1, 1 and 1, 2 of them
    v = tensor([[3.], [6.]])
    linear_attention(q, k, v)                 ->  [[5.], [5.]], (1 * 3 + 2 * 6) / (1 + 2)
    linear_attention(q, k, v, causal=True)    ->  [[3.], [5.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def linear_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False
) -> torch.Tensor:
    """For each query the mean of the values, weighted by the products phi(q)·phi(k).

    phi(x) is elu(x) + 1, for each number by itself: x + 1 where x is above 0, else exp(x). So it is
    always above 0. The weight of key j for query i is w[i, j] = phi(q[i])·phi(k[j]), the sum over
    the D features, and row i of the result is

        (sum over j of w[i, j] * v[j]) / (sum over j of w[i, j])

    Both sums go over all keys. With causal=True both go over the keys 0 to i alone: a query sees
    its own key and those before it.

    There is no softmax, no scale such as 1/sqrt(D), and no mask. Nothing is added to the sum of the
    weights, by which the row is divided.

    The T x T weights are never needed: phi(q[i]) stands in front of both sums, and what is left of
    these has a size that does not depend on T. "Exactly" says which size is too large.

    Args:
        q: shape (..., Q, D), a row for each query; float32 or float64, any strides; stays as it
            is. "..." is any number of dimensions, none too. All sizes are at least 1. The numbers
            are from -3 to 3.
        k: shape (..., K, D), a row for each key; dtype, device, leading dimensions and range of
            numbers are q's.
        v: shape (..., K, E), a row for each key; any finite numbers; dtype, device and leading
            dimensions are q's.
        causal: a Python bool. True: no query sees a later key.

    Returns:
        A new tensor of shape (..., Q, E), of q's dtype and on its device. Gradients reach q, k
        and v.

    Raises:
        ValueError: causal is True, and Q is not K. Without causal, Q and K may differ.

    Exactly:
        Memory: where Q = K and Q is at least 16·D·E, no operation makes a tensor of Q·K / 2
        elements or more for each index of "...", forward or backward, with causal and without. A
        mask counts like any tensor. Views and what `expand` gives count nothing. So (Q, D, E)
        elements are fine, and so is to work in parts of 64 tokens.

        With causal, later keys and values change nothing for a query, whatever finite numbers v
        holds there, and their gradient from it is exactly 0.

        The result and its gradients may be off by this part of their largest number, or of 1 if
        that is larger: 1e-4 in float32, 1e-9 in float64. Where q or k holds exactly 0, values are
        looked at, and gradients are not.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
