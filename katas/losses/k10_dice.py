"""Measure how well two areas overlap, so that a small object counts as much as a large one.

A tumour may fill one percent of a scan. A cross entropy over all pixels is then small for a model
that finds nothing. The Dice coefficient compares the area that both have in common with the sizes
of the two areas: 1 is a perfect match, and 0 is no overlap. V-Net made a loss of it for medical
scans. MONAI has it as `DiceLoss`, and nnU-Net trains with it together with the cross entropy.

    logits = tensor([[2., -1., 0.], [-3., 1., -2.]])
    target = tensor([[1., 0., 0.], [0., 0., 0.]])         # the second sample has no object
    dice_loss(logits, target)              ->  0.3582, the mean of 0.2433 and 0.4730
    dice_loss(logits, target, smooth=0.1)  ->  0.6114

What holds for every kata stands in katas/README.md.
"""

import torch


def dice_loss(logits: torch.Tensor, target: torch.Tensor, smooth: float = 1.0) -> torch.Tensor:
    """1 minus the mean over the samples of their Dice coefficients.

    With p = sigmoid(logits), and s = smooth, the coefficient of one sample is

        (2 * sum(p * target) + s) / (sum(p) + sum(target) + s)

    Each sum goes over all numbers of this sample: over all dimensions but the first, channels too.
    There is one ratio for each sample, and the mean of these ratios is taken at the end.

    Args:
        logits: shape (N, ...) with two dimensions or more, float32 or float64, each size 1 or more,
            any strides; stays as it is. Logits may be as large as 10,000 in size.
        target: logits' shape, dtype and device, any strides; each number is 0 or 1; stays as it is.
        smooth: a number above 0. What is judged: 1e-4 to 100.

    Returns:
        A new 0-d tensor of logits' dtype and device. Its gradient reaches logits, through the sums
        above and below the line.

    Raises:
        ValueError: the two shapes are not equal in each dimension, also where they would
            broadcast or hold as many numbers; or smooth is 0 or less.

    Exactly:
        A sample without a single 1 in its target counts like every other one: its coefficient is
        s / (sum(p) + s), which is 1 where all p are 0.

        p is not rounded to 0 or 1, and no number is squared. The sigmoid is smooth, at 0 too: its
        slope there is 1/4.

        The gradient of target is not judged: it may be tracked or not, and whatever comes there is
        right.

        The result may be off by 1e-5 of itself plus 2e-6 in float32, gradients by 1e-4 of the
        largest plus 1e-7; in float64 all of these are 1e-9.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
