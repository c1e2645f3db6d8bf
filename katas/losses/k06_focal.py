"""Weigh the entries of a loss, so that the many easy ones do not hide the few hard ones.

An object detector judges some 100,000 places of an image, and nearly all of them are empty. Each of
these costs little, but together they drown the objects. The focal loss multiplies the cross entropy
of an entry with a factor that is small where the prediction is already good. It was made for
RetinaNet, whose code in torchvision calls `torchvision.ops.sigmoid_focal_loss`. Deformable DETR and
SAM (Segment Anything) are trained with it too.

    logits, target = tensor([-1., 2., 0.5]), tensor([1., 0., 0.])
    sigmoid_focal_loss(logits, target)                             ->  0.5654
    sigmoid_focal_loss(logits, target, gamma=0.0, alpha=None)      ->  1.4714, the cross entropy

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
