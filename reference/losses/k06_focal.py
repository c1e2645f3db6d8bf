"""Weigh the entries of a loss, so that the many easy ones do not hide the few hard ones.

1 - sigmoid(x) is sigmoid(-x). So with z = x for the target 1, and z = -x for 0, both factors come
from z: log p_t is logsigmoid(z), and (1 - p_t)^gamma is exp(gamma * logsigmoid(-z)). No logarithm
of 0 is left, and no power of 0, whose slope is inf for a gamma below 1. inf times the slope of the
sigmoid, which is 0 there, would be NaN.

In practice one calls `torchvision.ops.sigmoid_focal_loss(..., reduction="mean")`. RetinaNet takes
the sum instead, over the number of objects. There a negative alpha means no weights; here it raises
ValueError, and None has that meaning.
"""

import torch
from torch.nn.functional import logsigmoid

HINTS = (
    "What is p_t for a target of 0? Write it as a sigmoid too.",
    "`logsigmoid` is log(sigmoid(x)) without a logarithm of 0.",
    "The slope of f ** 0.5 is inf at f = 0. A power is also exp(gamma * log f).",
    "`if alpha:` is False for 0 too: ask whether alpha is None.",
    "alpha belongs to the target 1, and 1 - alpha to the target 0.",
)


def sigmoid_focal_loss(
    logits: torch.Tensor,
    target: torch.Tensor,
    gamma: float = 2.0,
    alpha: float | None = 0.25,
) -> torch.Tensor:
    """The mean over all entries of -alpha_t * (1 - p_t)^gamma * log p_t.

    p_t is the probability that the logit gives to the right class: sigmoid(logit) where target is
    1, and 1 - sigmoid(logit) where it is 0. The factor (1 - p_t)^gamma makes an entry count less,
    the better it is. With gamma = 0 it is 1 everywhere.

    alpha_t weighs the two classes: it is alpha where target is 1, and 1 - alpha where it is 0. With
    alpha = None it is 1 everywhere.

    Args:
        logits: float32 or float64, any shape with one entry or more, 0-d too, any strides; stays as
            it is.
        target: logits' shape, dtype and device, any strides; each number is 0 or 1; stays as it is.
        gamma: a number of 0 or more, whole or not. What is judged: 0 to 5.
        alpha: a number from 0 to 1, both included, or None.

    Returns:
        A new 0-d tensor of logits' dtype and device. Its gradient reaches logits, by way of p_t in
        the factor and in the logarithm.

    Raises:
        ValueError: the two shapes are not equal in each dimension, also where they would
            broadcast or hold as many numbers; or gamma is below 0; or alpha is below 0 or above 1.

    Exactly:
        The mean goes over all entries of both classes. An alpha of 0 is no None: entries whose
        target is 1 then give 0, but they still count.

        Logits may be as large as 10,000 in size: the result and the gradient are finite and right,
        for every gamma. Where p_t is 1 in its dtype, the gradient is 0. The curve has no corner: at
        the logit 0 the gradient is that of the formula.

        The gradient of target is not judged: it may be tracked or not, and whatever comes there is
        right. The result may be off by 1e-5 of itself plus 2e-6 in float32, gradients by 1e-3 of
        the largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if logits.shape != target.shape:
        message = f"shapes {tuple(logits.shape)} and {tuple(target.shape)} are not equal"
        raise ValueError(message)
    if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
        raise ValueError(f"gamma is {gamma} and alpha is {alpha}")
    z = torch.where(target == 1, logits, -logits)  # p_t is sigmoid(z), and 1 - p_t sigmoid(-z)
    loss = -torch.exp(gamma * logsigmoid(-z)) * logsigmoid(z)
    if alpha is not None:
        loss = loss * (alpha * target + (1 - alpha) * (1 - target))
    return loss.mean()
