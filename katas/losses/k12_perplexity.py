"""Measure how many words a language model hesitates between, on average, at each place.

A model that gives each right token the probability 1/4 has the perplexity 4: it is as unsure as
between 4 equal choices. Sequences of one batch have different lengths, and padding must not count.
Language models are compared by this number, in the paper on GPT-2 and in llama.cpp, which measures
what quantization costs. torchmetrics and torcheval have it as `Perplexity`.

    logits = tensor([[[2., 0.], [0., 0.]], [[0., 1.], [0., 0.]]])
    target = tensor([[0, 1], [0, -100]])                         # -100 is padding
    mask = tensor([[True, True], [True, False]])
    perplexity(logits, target, mask)   ->  2.0363, exp of (0.1269 + 0.6931 + 1.3133) / 3

What holds for every kata stands in katas/README.md.
"""

import torch


def perplexity(logits: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """exp of the mean of -log p[target] over all tokens that count.

    p is the softmax of the logits along their last dimension. The logits and the target of a place
    belong together: logits[b, t] judges target[b, t], so nothing is shifted here. A token counts
    where mask is True. The sum of -log p over all tokens that count, in all sequences, is divided
    by their number, and exp comes last.

    Args:
        logits: shape (B, T, V), float32, float64, float16 or bfloat16, each size 1 or more, any
            strides; stays as it is. Where a token counts, they are finite and at most 1,000 in
            size.
        target: shape (B, T), int64, on logits' device: where a token counts, a number from 0 to
            V - 1; any strides; stays as it is.
        mask: shape (B, T), bool, on logits' device; any strides; stays as it is.

    Returns:
        A new 0-d tensor on logits' device: of float64 for float64 logits, else of float32.

    Raises:
        ValueError: target or mask does not have the shape of logits without the last dimension,
            also where it would broadcast or holds as many numbers.

    Exactly:
        float16 and bfloat16 logits are made float32 first, and no step is computed in 16 bits.

        Where mask is False, target may hold any int64, such as -100, and logits may hold NaN or
        inf: none of it is seen in the result.

        If no token counts, the result is NaN: a measure of nothing must not look perfect. If the
        mean is too large for exp in the dtype of the result (from 89 on in float32, from 710 on in
        float64), it is inf.

        The result may be off by 1e-4 of itself in float32, and by 1e-9 in float64. No gradient is
        asked for, and no input requires grad.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
