"""Measure how wrong answers to yes-or-no questions are, from numbers of any size.

A logit is the answer to one question: far above 0 for a sure yes, far below 0 for a sure no. This
loss trains models that give several labels to one image, and detectors: torchvision's Faster R-CNN
asks of each box whether it holds an object. Where a yes is rare, pos_weight makes it count more, as
YOLOv5 does for classes.

    logits, target = tensor([2., -1., 0.]), tensor([1., 0., 1.])
    bce_with_logits(logits, target)                         ->  0.3778
    bce_with_logits(logits, target, tensor(3.))             ->  0.9245
    bce_with_logits(tensor([-1000., 0.]), tensor([1., 0.5]))  ->  500.3466

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
