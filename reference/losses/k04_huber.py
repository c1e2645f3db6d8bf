"""Measure errors so that a few very large ones do not rule the training.

The line begins where the square ends: minus delta / 2 makes the values meet at delta, and the
factor delta makes the slopes meet. So the slope is d, held between -delta and delta.

`torch.where` takes one of two numbers and leaves the other alone, on the way back too. A product
with a mask does not: the square of 1e30 is inf in float32, and 0 * inf is NaN.

In practice one calls `F.huber_loss`. `F.smooth_l1_loss` is the same divided by its beta, which
nobody sees as long as beta is 1.
"""

import torch

HINTS = (
    "Which of the two formulas holds is a question of |d|, for each entry by itself.",
    "At |d| = delta both formulas must give delta² / 2. Does yours?",
    "`torch.where(condition, a, b)` takes one of two. A product with a mask makes NaN of 0 * inf.",
    "Compare the two shapes, and look at delta, before you compute.",
)


def huber_loss(prediction: torch.Tensor, target: torch.Tensor, delta: float = 1.0) -> torch.Tensor:
    """The mean over all entries of a loss that is a square near 0 and a straight line far away.

    With d = prediction - target, an entry gives d² / 2 where |d| is at most delta. Elsewhere it
    gives delta * (|d| - delta / 2). At |d| = delta the two have the same value and the same slope.

    It is made of other operations: torch's own `huber_loss` and `smooth_l1_loss`, under whatever
    name and by way of whatever layer (`HuberLoss`), are forbidden, forward and backward.

    Args:
        prediction: float32 or float64, any shape with one entry or more, 0-d too, any strides;
            stays as it is.
        target: prediction's shape, dtype and device, any strides; stays as it is.
        delta: a number above 0, where the square becomes a line. What is judged: 0.01 to 100.

    Returns:
        A new 0-d tensor of the inputs' dtype and device. Gradients reach prediction and target.
        With n entries, that of prediction is d / n where |d| is at most delta, and delta / n with
        the sign of d elsewhere; that of target is its negative.

    Raises:
        ValueError: the two shapes are not equal in each dimension, also where they would
            broadcast or hold as many numbers; or delta is 0 or less.

    Exactly:
        Differences may be as large as 1e30 in size. The square of such a one is inf in float32,
        but the result and all gradients are finite and right.

        The result may be off by 1e-5 of itself plus 2e-6 in float32, gradients by 1e-4 of the
        largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if prediction.shape != target.shape:
        message = f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} are not equal"
        raise ValueError(message)
    if delta <= 0:
        raise ValueError(f"delta is {delta}; it must be above 0")
    d = prediction - target
    size = d.abs()
    return torch.where(size <= delta, d**2 / 2, delta * (size - delta / 2)).mean()
