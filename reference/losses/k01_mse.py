"""Measure how far predictions are from their targets, by the squares of the differences.

Broadcasting is what makes this short function dangerous. A network's last layer gives (n, 1), the
data set gives (n,), and their difference is n × n: each prediction minus each target. The loss goes
down, no error is raised, and the network learns to predict the mean of all targets. So the shapes
are compared first, and not the counts: (2, 3) and (3, 2) hold as many numbers.

The difference is taken before the square. p² - 2pt + t² is the same on paper, but of two large
numbers that are close to each other it has no digit left.

In practice one calls `F.mse_loss`, which warns about shapes that broadcast, and computes on.
"""

import torch

HINTS = (
    "What is the shape of prediction - target where prediction is (3, 1) and target is (3,)?",
    "Compare the two shapes themselves, before you compute, and raise ValueError.",
    "`mean()` and `sum()` without a dimension go over all entries.",
    "After the three strings that are known comes one more `raise ValueError`.",
)


def mse_loss(
    prediction: torch.Tensor, target: torch.Tensor, reduction: str = "mean"
) -> torch.Tensor:
    """The squared differences (prediction - target)²: their mean, their sum, or each one.

    It is made of other operations: torch's own `mse_loss`, under whatever name and by way of
    whatever layer (`MSELoss`), is forbidden, forward and backward.

    Args:
        prediction: float32 or float64, any shape, 0-d too, any strides; stays as it is.
        target: prediction's shape, dtype and device, any strides; stays as it is.
        reduction: "mean" for the mean over all entries, "sum" for their sum, "none" for the
            squares themselves.

    Returns:
        A new tensor of the inputs' dtype and device: 0-d for "mean" and "sum", of prediction's
        shape for "none". Gradients reach prediction and target.

    Raises:
        ValueError: the two shapes are not equal in each dimension, also where they would
            broadcast or hold as many numbers; or reduction is any other string.

    Exactly:
        Both inputs may be empty for "sum", which is 0 then, and for "none". The mean of nothing
        is not judged.

        Differences may be as large as 1e15 in size. Two large numbers that are close to each
        other keep their difference: 1000.5 and 1000.25 give 0.0625.

        The result may be off by 1e-5 of itself plus 2e-6 in float32, gradients by 1e-4 of the
        largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if prediction.shape != target.shape:
        message = f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} are not equal"
        raise ValueError(message)
    squares = (prediction - target) ** 2
    if reduction == "mean":
        return squares.mean()
    if reduction == "sum":
        return squares.sum()
    if reduction == "none":
        return squares
    raise ValueError(f"reduction is mean, sum or none, not {reduction!r}")
