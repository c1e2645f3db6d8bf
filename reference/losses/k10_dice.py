"""Measure how well two areas overlap, so that a small object counts as much as a large one.

A mean over pixels forgets how large the object is; a ratio of areas does not. So it matters where
the mean is taken. One ratio for the whole batch adds up the areas first, and a large object hides a
small one in another sample. For one sample, or for equal areas, both ways give the same.

smooth stands above and below the line, so that 0 / 0 becomes s / s = 1: nothing was to be found,
and nothing was found. Below alone it would give 0 there, the worst value.

In practice one calls `monai.losses.DiceLoss(sigmoid=True)`, which takes a ratio for each channel,
and whose `smooth_nr` and `smooth_dr` are 1e-5. `DiceLoss(mode="binary")` of
segmentation_models_pytorch takes one ratio for the whole batch.
"""

import torch

HINTS = (
    "What is the coefficient of one sample? Compute it before you take any mean.",
    "`flatten(1)` leaves the first dimension, and makes one of all the rest.",
    "smooth is added above and below the line, once for each sample.",
    "1 - ratio.mean() for N ratios. `torch.sigmoid` is right for large logits too.",
)


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
    if logits.shape != target.shape:
        message = f"shapes {tuple(logits.shape)} and {tuple(target.shape)} are not equal"
        raise ValueError(message)
    if smooth <= 0:
        raise ValueError(f"smooth is {smooth}, and must be above 0")
    p, wanted = torch.sigmoid(logits).flatten(1), target.flatten(1)
    common = (p * wanted).sum(1)
    ratio = (2 * common + smooth) / (p.sum(1) + wanted.sum(1) + smooth)
    return 1 - ratio.mean()
