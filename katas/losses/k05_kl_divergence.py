"""Measure how far one distribution is from another one.

A small model learns from a large one by making its probabilities more like those of the large one:
so DistilBERT learned from BERT. Training from human feedback uses the same measure to hold a
language model near the one that it began with, as InstructGPT did. Words that must not come have
the logit -inf, and the measure has to stay right beside them.

    p, q = tensor([[0., 0.], [1., 0.]]), tensor([[0., 0.], [0., 1.]])
    kl_divergence(p, q)    ->  0.2311, the mean of 0 and 0.4621
    masked = tensor([0., 0., float("-inf")])
    kl_divergence(masked, tensor([0., 0., 1.]))    ->  0.8583: the last class counts for q alone

What holds for every kata stands in katas/README.md.
"""

import torch


def kl_divergence(p_logits: torch.Tensor, q_logits: torch.Tensor) -> torch.Tensor:
    """The Kullback-Leibler divergence KL(p || q): for each row a number, and of these the mean.

    p and q are the softmax of p_logits and q_logits along the last dimension. A row gives the sum
    over its C classes of p * (log p - log q): p weighs, and p's logarithm comes first. The two may
    not change places, as KL(q || p) is another number.

    It is made of other operations: torch's own `kl_div`, under whatever name and by way of
    whatever layer (`KLDivLoss`), and `torch.distributions` are forbidden, forward and backward.

    Args:
        p_logits: shape (..., C); float32 or float64, any strides; stays as it is.
        q_logits: p_logits' shape, dtype and device, any strides; stays as it is.

    Returns:
        A new 0-d tensor of the inputs' dtype and device: the sum over the classes, and its mean
        over all leading dimensions, of which there may be none. Gradients reach p_logits and
        q_logits.

    Raises:
        ValueError: the two shapes are not equal in each dimension, also where they would
            broadcast or hold as many numbers.

    Exactly:
        Finite logits may be as large as 10,000 in size. Only the gaps in a row count:
        [10000., 9999.] is computed as well as [1., 0.]. Where p is too small for its dtype, as for
        [0., -10000.], its term is 0.

        A logit may be -inf if a finite one stands in the same row. Where p_logits is -inf, the term
        is 0, whatever q_logits has there, -inf too. The gradient of an entry that is -inf is 0
        then, and those of all finite entries are right.

        Where q_logits is -inf, but p_logits is not, and p is at least 1e-6, the result is +inf.
        Gradients are not judged then. Smaller p at such a place are not judged at all.

        All sizes are 1 or more. The result may be off by 1e-5 of itself plus 2e-6 in float32,
        gradients by 1e-4 of the largest plus 1e-7; in float64 all of these are 1e-9.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
