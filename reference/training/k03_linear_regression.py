"""Fit a linear regression: in closed form, and by gradient descent.

The textbook's closed form solves xᵀx w = xᵀy. But the product xᵀx squares the condition number:
from 3000 it becomes 9 million, and float32 has 7 digits. `torch.linalg.lstsq` works on x itself, by
a QR decomposition, and loses 4 of them at most. The bias is the weight of a feature that is 1.

Gradient descent needs no decomposition, so it goes on where there are millions of weights. Both
gradients are taken from the same errors. y has to be (n,): with (n, 1), `predictions - y` becomes a
matrix of all differences, and nothing complains.

In practice one calls `torch.linalg.lstsq`, or `LinearRegression` in scikit-learn; and for gradient
descent `F.mse_loss`, `backward` and `torch.optim.SGD`.
"""

import torch

HINTS = (
    "The bias is the weight of one more feature, which is 1 in each sample.",
    "`torch.linalg.lstsq` takes a matrix as its second argument, and loses few digits.",
    "The gradient of the mean squared error is 2 / n times a sum: of error * x, and of error.",
    "Take both gradients from the same predictions, then move weight and bias.",
    "Compare y.shape with the shape of the predictions before you subtract.",
)


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
    return x @ weight + bias


def _expect_one_number_each(x: torch.Tensor, y: torch.Tensor) -> None:
    """Raise ValueError unless y has one number for each row of x."""
    if y.shape != x.shape[:1]:
        raise ValueError(f"y has the shape {tuple(y.shape)}; expected {tuple(x.shape[:1])}")


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
    _expect_one_number_each(x, y)
    with torch.no_grad():
        with_ones = torch.cat([x, torch.ones_like(x[:, :1])], 1)
        solution = torch.linalg.lstsq(with_ones, y.unsqueeze(1)).solution.squeeze(1)
    return solution[:-1], solution[-1]


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
    _expect_one_number_each(x, y)
    weight, bias = x.new_zeros(x.shape[1]), x.new_zeros(())
    with torch.no_grad():
        for _ in range(steps):
            slope = 2 / len(x) * (predict(x, weight, bias) - y)  # of the loss, for each prediction
            weight, bias = weight - lr * (x.T @ slope), bias - lr * slope.sum()
    return weight, bias
