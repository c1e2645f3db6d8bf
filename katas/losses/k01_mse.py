"""Measure how far predictions are from their targets, by the squares of the differences.

The mean of squares is the loss of a network that predicts numbers: a large error costs much more
than a small one. Image generators that work by diffusion are trained with it (`diffusers` calls
`F.mse_loss` on the noise), and so are the critics of Stable-Baselines3. The two shapes must be
equal: (n, 1) and (n,) would silently give n × n differences, and the network learns the mean.

    mse_loss(tensor([1., 2., 4.]), tensor([1., 4., 3.]))           ->  1.6667
    mse_loss(tensor([1., 2., 4.]), tensor([1., 4., 3.]), "none")   ->  [0., 4., 1.]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
