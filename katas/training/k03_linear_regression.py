"""Fit a linear regression: in closed form, and by gradient descent.

A linear model predicts a number as a weighted sum of features. It is the smallest model that can be
trained, and the one that tells whether features are any good: a linear layer on the frozen features
of CLIP or DINO is fitted to rate them. `LinearRegression` in scikit-learn fits in closed form, and
`SGDRegressor` in small steps.

    x, y = tensor([[0.], [1.], [2.]]), tensor([1., 3., 5.])
    fit_lstsq(x, y)                              ->  [2.], 1.
    fit_gradient_descent(x, y, lr=0.1, steps=1)  ->  [0.8667], 0.6
    predict(x, tensor([2.]), tensor(1.))         ->  [1., 3., 5.]

What holds for every kata stands in katas/README.md.
"""

import torch


def predict(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The predictions of a linear model: for each row of x, its product with weight, plus bias.

    Args:
        x: shape (n, d), one row for each sample, n at least 0 and d at least 1; float32 or float64,
            any strides.
        weight: shape (d,), x's dtype and device.
        bias: a 0-d tensor, x's dtype and device.

    Returns:
        A new tensor of shape (n,), with x's dtype and device. Gradients reach x, weight and bias.
    """
    raise NotImplementedError


def fit_lstsq(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The weight and the bias for which the predictions have the least sum of squared errors.

    Args:
        x: shape (n, d), float32 or float64, any strides. n > d >= 1, and no column is a
            combination of the rest of the columns and a column of ones: there is one best answer.
        y: shape (n,), x's dtype and device: what is to be predicted.

    Returns:
        weight of shape (d,) and bias, a 0-d tensor, with x's dtype and device. They may be parts
        of one tensor.

    Raises:
        ValueError: y has another shape than (n,), such as (n, 1).

    Exactly:
        Columns of x may be nearly alike, or far from 0. [x, 1] is x with a column of ones: its
        condition number is at most 3000, and no error of the best fit is above 1/1000 of the
        largest number of y; or it is at most 20, with errors of any size.

        float32: each number is right within 1 % of the largest one of weight and bias, and for
        condition numbers up to 20 within 0.01 %. float64: within 1e-8 of it.

        The fit is not tracked by autograd: also where x or y requires grad, the results do not,
        and no .grad is filled.
    """
    raise NotImplementedError


def fit_gradient_descent(
    x: torch.Tensor, y: torch.Tensor, lr: float, steps: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The weight and the bias after some steps of gradient descent, which begins from zeros.

    The loss is the mean squared error over all samples, the mean of (predictions - y)². In each
    step, weight and bias both move by -lr times its gradient, which is taken before either moves.

    Args:
        x: shape (n, d), n and d at least 1; float32 or float64, any strides.
        y: shape (n,), x's dtype and device: what is to be predicted.
        lr: the learning rate, above 0, and so small that no step makes the loss larger.
        steps: how many steps are taken; 0 too.

    Returns:
        weight of shape (d,) and bias, a 0-d tensor, with x's dtype and device. They may be parts
        of one tensor.

    Raises:
        ValueError: y has another shape than (n,), such as (n, 1); also for 0 steps.

    Exactly:
        Nothing is drawn at random. float32 is right within 1e-4 of the largest number of weight and
        bias, float64 within 1e-9.

        The fit is not tracked by autograd: also where x or y requires grad, the results do not,
        and no .grad is filled.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
