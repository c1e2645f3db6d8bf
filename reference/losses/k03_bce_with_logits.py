"""Measure how wrong answers to yes-or-no questions are, from numbers of any size.

sigmoid(-1000) is 0 in any dtype, and log(0) is -inf. To clamp it makes the loss finite, but kills
the gradient just where the network is most wrong. So log and sigmoid are taken in one step:
-log(sigmoid(x)) is log(1 + exp(-x)), which is -x for an x far below 0.

max(x, 0) - x * y + log1p(exp(-|x|)) is right in value. Its parts have corners at 0, and autograd
takes some slope at each of them: together they give 0 or 1 where 0.5 is right. Many last layers
begin with logits of exactly 0. PyTorch's own loss had this mistake in its first version.

In practice one calls `F.binary_cross_entropy_with_logits`.
"""

import torch
from torch.nn.functional import logsigmoid

HINTS = (
    "What is log(sigmoid(-1000)), on paper and in torch?",
    "1 - sigmoid(x) is sigmoid(-x): no difference is needed.",
    "`torch.nn.functional` has log and sigmoid in one step, with the right slope everywhere.",
    "pos_weight is a factor of the part with y, before the two parts are added.",
    "Compare the shapes of logits and target first: (n, 1) and (n,) broadcast to n × n.",
)


def bce_with_logits(
    logits: torch.Tensor, target: torch.Tensor, pos_weight: torch.Tensor | None = None
) -> torch.Tensor:
    """The mean of -w * y * log(sigmoid(x)) - (1 - y) * log(sigmoid(-x)), over all entries.

    x is an entry of logits, y that of target in the same place, and w that of pos_weight.

    It is made of other operations: torch's own `binary_cross_entropy`,
    `binary_cross_entropy_with_logits`, `soft_margin_loss` and `multilabel_soft_margin_loss`, under
    whatever name and by way of whatever layer, are forbidden, forward and backward. `logsigmoid`
    and `softplus` are free.

    Args:
        logits: float32 or float64, any shape, 0-d too, any strides; stays as it is.
        target: logits' shape, dtype and device: from 0 to 1, and any number between.
        pos_weight: the factor of the first part alone, at least 0: logits' dtype and device, 0-d or
            of a shape that broadcasts to that of logits. None stands for 1.

    Returns:
        A new 0-d tensor of logits' dtype and device. Gradients reach logits, target and pos_weight.

    Raises:
        ValueError: logits and target have shapes that are not equal in each dimension, also where
            they would broadcast or hold as many numbers.

    Exactly:
        Logits may be as large as 1e30 in size: the loss and all gradients are finite and right.
        -1000 with the target 1 costs 1000, and has a gradient.

        The curve is smooth, at 0 too. For n entries, the gradient of a logit of 0 is (0.5 - y) / n
        if there is no pos_weight.

        Each size is at least 1. The result may be off by 1e-5 of itself plus 2e-6 in float32,
        gradients by 1e-4 of the largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if logits.shape != target.shape:
        shapes = f"{tuple(logits.shape)} and {tuple(target.shape)}"
        raise ValueError(f"logits and target have the shapes {shapes}")
    yes, no = target * logsigmoid(logits), (1 - target) * logsigmoid(-logits)
    if pos_weight is not None:
        yes = yes * pos_weight
    return -(yes + no).mean()
