"""Measure how many words a language model hesitates between, on average, at each place.

All tokens weigh the same, wherever they stand. A mean for each sequence first would give more
weight to the tokens of a short one, and a mean of several perplexities is larger than the
perplexity of all. So one sum and one number go into one quotient, and exp comes last.

Masked places are taken out before anything is computed. A product with the mask is not enough,
since NaN * 0 is NaN, and -100 is no index. With 16 bits 2.3 and 2.302 are the same number, so a
mean of logarithms needs float32.

In practice one calls `torchmetrics.functional.text.perplexity(logits, target, ignore_index=-100)`,
or `F.cross_entropy` and exp. The labels of a model are the inputs one place later: transformers
shifts them inside of its models, so whoever shifts them before does it twice.
"""

import torch
from torch.nn.functional import cross_entropy

HINTS = (
    "How many tokens count in the whole batch? That is the number that divides.",
    "`logits[mask]` has the rows of the tokens that count, and nothing of the others.",
    "Make float32 of 16-bit logits before the softmax; float64 stays float64.",
    "`F.cross_entropy` of rows and classes gives the mean of -log p; exp comes last.",
)


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
    if target.shape != logits.shape[:-1] or mask.shape != logits.shape[:-1]:
        shapes = [tuple(one.shape) for one in (logits, target, mask)]
        raise ValueError(f"logits, target and mask have the shapes {shapes}")
    rows = logits[mask]
    rows = rows.to(torch.promote_types(rows.dtype, torch.float32))
    return cross_entropy(rows, target[mask]).exp()
