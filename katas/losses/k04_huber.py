"""Measure errors so that a few very large ones do not rule the training.

A squared error of 100 costs 10,000, so one wrong label can move all weights. The Huber loss is a
square near 0, which is smooth, and a straight line far away, so that no error pulls with more than
a fixed force. DQN is trained with it: Stable-Baselines3 calls `F.smooth_l1_loss`, which is the
Huber loss for delta = 1. Optax and Keras have it under its own name.

    prediction, target = tensor([1., 2., 4.]), tensor([1.5, 5., 1.])
    huber_loss(prediction, target, delta=2.0)   ->  2.7083, the mean of 0.125, 4 and 4
    after backward(), prediction.grad           ->  [-0.1667, -0.6667, 0.6667]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
