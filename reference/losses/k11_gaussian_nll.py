"""Train a model that says how sure it is: it predicts a mean and a variance.

A variance near 0 makes d² / v explode, so v has a floor. `clamp` gives it one, but its gradient is
0 below the floor: a variance that once fell there would stay there, however wrong the mean is. So
a copy is clamped while autograd does not look. Autograd knows it as a copy of var, with slope 1.

The copy matters too: without it the caller's variances would change. And all shapes are compared
first, since a variance of shape (n, 1) beside a mean of shape (n,) broadcasts to n × n entries.

In practice one calls `F.gaussian_nll_loss(mean, target, var)`. It takes more shapes of var: one
number for all, and mean's shape without its last dimension.
"""

import torch

HINTS = (
    "First without eps: the formula has a logarithm, a square and a division.",
    "Compare shapes before you compute: which two may var have for this mean?",
    "What is the slope of `clamp` below its minimum? And what should it be here?",
    "What happens under `torch.no_grad()` is not recorded.",
    "`v = var.clone()`, and then `v.clamp_(min=eps)` where autograd does not look.",
)


def gaussian_nll(
    mean: torch.Tensor, target: torch.Tensor, var: torch.Tensor, eps: float = 1e-6
) -> torch.Tensor:
    """The mean over all entries of (log v + (target - mean)² / v) / 2, with v = max(var, eps).

    This is the negative logarithm of the density of a normal distribution, without the constant
    log(2 * pi) / 2. mean and var are what a model predicts; target is what was measured.

    The floor eps holds for the number v alone: the gradient goes through to var as if nothing
    were raised. So with d = target - mean, an entry's slope for var is (1/v - d²/v²) / 2 over the
    number of entries, also where var is below eps. A variance of 0 beside a large error can grow
    again.

    It is made of other operations: torch's own `gaussian_nll_loss`, under whatever name and by way
    of whatever layer (`GaussianNLLLoss`), is forbidden, forward and backward.

    Args:
        mean: float32 or float64, any shape with one entry or more, 0-d too, any strides; stays as
            it is.
        target: mean's shape, dtype and device, any strides; stays as it is.
        var: the variances, 0 or more, of mean's dtype and device. It has mean's shape, or that
            with 1 as its last size: then it has one variance for each row. Any strides; stays as it
            is: its small numbers too.
        eps: a number above 0. What is judged: 1e-6 to 1.

    Returns:
        A new 0-d tensor of the inputs' dtype and device. Gradients reach mean, target and var.

    Raises:
        ValueError: mean and target are not of one shape, also where they would broadcast or hold as
            many numbers; or var has a shape other than these two, also one that would broadcast; or
            a number of var is below 0; or eps is 0 or less.

    Exactly:
        For mean of shape (2, 3), var has the shape (2, 3) or (2, 1). For (3,) it has (3,) or (1,),
        and for a 0-d mean it is 0-d. Where var has one number for a row, its gradient is the sum of
        the row's slopes. Where var equals eps, its slope is that of the formula too.

        Differences may be as large as 1,000 in size, also beside a variance of 0.

        The result may be off by 1e-5 of itself plus 2e-6 in float32, gradients by 1e-4 of the
        largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if mean.shape != target.shape:
        message = f"shapes {tuple(mean.shape)} and {tuple(target.shape)} are not equal"
        raise ValueError(message)
    if var.shape not in (mean.shape, (*mean.shape[:-1], 1)) or var.dim() != mean.dim():
        raise ValueError(f"var has shape {tuple(var.shape)} for {tuple(mean.shape)}")
    if eps <= 0 or (var < 0).any():
        raise ValueError("eps must be above 0, and var 0 or more")
    v = var.clone()
    with torch.no_grad():  # a number of v changes, and the slope of v for var stays 1
        v.clamp_(min=eps)
    return ((v.log() + (target - mean) ** 2 / v) / 2).mean()
