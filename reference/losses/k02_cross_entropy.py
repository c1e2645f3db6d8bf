"""Measure how little probability a classifier gives to the right classes.

log_softmax gives the logarithm itself. log(softmax) is log(0) as soon as a probability is too small
for its dtype, and the gradient is lost with it. From the logarithms one picks: a product with a
one-hot matrix would compute 0 * (-inf), which is NaN.

Three numbers go wrong quietly. The mean divides by the places that count, else a batch with much
padding looks better than it is. The part of smoothing has to leave out the ignored places too,
which torch itself forgot for a while. And where no place counts, 0 / 0 is NaN: one batch without a
label would spoil the whole run. Here such a batch costs 0, and moves no weight.

In practice one calls `F.cross_entropy`; it gives NaN where no place counts.
"""

import torch

HINTS = (
    "Which dimension has the classes? And which operation gives log p without p?",
    "-100 is no index: put a class in its place to pick with, and leave out the result afterwards.",
    "`gather` picks the target's entry along dimension 1, if the target has that dimension too.",
    "The mean of -log p over dimension 1 is the part of smoothing; it has a mask as well.",
    "A sum of nothing is 0; divide it by at least 1, and keep -inf away from every product.",
)


def cross_entropy(
    logits: torch.Tensor,
    target: torch.Tensor,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """The mean of -log p[target], where p is the softmax of the logits of a place.

    Classes lie along dimension 1. With label_smoothing = ε, a place costs
    (1 - ε) * (-log p[target]) + ε * (the mean of -log p over all C classes). Places whose target is
    ignore_index do not count: neither in the sum, nor in the number that divides it.

    It is made of other operations: torch's own `cross_entropy` and `nll_loss`, under whatever name
    and by way of whatever layer, are forbidden, forward and backward. `log_softmax` is free.

    Args:
        logits: shape (N, C, ...), float32 or float64, any strides; stays as it is.
        target: int64, shape (N, ...), which is that of logits without dimension 1: at each place
            the number of a class or ignore_index; any strides; stays as it is.
        ignore_index: any int; it may be the number of a class, which does not count then.
        label_smoothing: from 0 to 1, both included.

    Returns:
        A new 0-d tensor of logits' dtype and device. Gradients reach logits.

    Raises:
        ValueError: target has another shape, also one that would broadcast or holds as many
            numbers; or label_smoothing is not from 0 to 1.

    Exactly:
        Where no place counts (all are ignored, or N is 0) the loss is 0, and `backward()` gives
        logits the gradient 0. C and the further sizes are at least 1.

        Logits may be as large as 1e30 in size: for [1e30, 1e30] each class costs 0.6931.

        Where label_smoothing is 0, logits may also be -inf, if a finite one stands beside it along
        dimension 1, and if it is not that of the target: at an ignored place it may be that of any
        class. Such a logit has the gradient 0.

        The result may be off by 1e-5 of itself plus 2e-6 in float32, gradients by 1e-4 of the
        largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing is from 0 to 1, not {label_smoothing}")
    places = logits.shape[:1] + logits.shape[2:]
    if target.shape != places:
        raise ValueError(f"target has shape {tuple(target.shape)}, not {tuple(places)}")
    is_ignored = target == ignore_index
    costs = -torch.log_softmax(logits, 1)
    picked = costs.gather(1, target.masked_fill(is_ignored, 0).unsqueeze(1)).squeeze(1)
    if label_smoothing:  # else a cost of inf would stand beside the factor 0
        picked = (1 - label_smoothing) * picked + label_smoothing * costs.mean(1)
    return picked.masked_fill(is_ignored, 0).sum() / (~is_ignored).sum().clamp(min=1)
