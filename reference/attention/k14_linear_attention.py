"""Attend without a softmax, so that the cost grows with the length and not with its square.

phi(q)·phi(k) * v is a product of three, and it does not matter which two are multiplied first. With
the queries first there is a T x T table; with keys and values first there is a D x E table, the
sum of the outer products of phi(k[j]) and v[j]. The sum of the weights is read off in the same way,
from the sum of phi(k[j]). With causal both become running sums, and each query reads its own: that
is a recurrent network, whose state is the table.

The running sums of all tokens at once take T·D·E numbers. Fast kernels work in chunks of some 64
tokens: inside of a chunk with the small square table, and with one state for all that was before.

In practice one calls `fla.ops.linear_attn.chunk_linear_attn` of flash-linear-attention. There is
none in torch itself.
"""

import torch

HINTS = (
    "Write out the sum for one query and one column of v. What of it does not depend on the key?",
    "The sum over j of phi(k[j]) times v[j], as an outer product, has the shape (D, E).",
    "What is divided by is a product too: phi(q[i]) with the sum of the phi(k[j]).",
    "With causal the sums become `cumsum` along the tokens, and both of them do.",
    "`k[..., :, :, None] * v[..., :, None, :]` has the outer product of each token: T, D, E.",
)


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
    queries, keys = torch.nn.functional.elu(q) + 1, torch.nn.functional.elu(k) + 1
    if not causal:
        table, total = keys.mT @ v, keys.sum(-2).unsqueeze(-1)
        return (queries @ table) / (queries @ total)
    if q.shape[-2] != k.shape[-2]:
        raise ValueError(f"causal needs as many queries as keys: {q.shape[-2]}, {k.shape[-2]}")
    tables = (keys.unsqueeze(-1) * v.unsqueeze(-2)).cumsum(-3)
    sums = (queries.unsqueeze(-2) @ tables).squeeze(-2)
    return sums / (queries * keys.cumsum(-2)).sum(-1, keepdim=True)
