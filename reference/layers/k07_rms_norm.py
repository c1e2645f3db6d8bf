"""Scale each row of features to the mean square 1.

The mean is taken along the last dimension only, and keeps that dimension, so that each row is
divided by its own number. eps stands under the root: it keeps the gradient of the root finite
where a row is zero.

In 16 bits, 300² is inf in float16, and each further rounding costs a digit in bfloat16. So squares,
root and quotient are computed in float32. float64 is wide enough already.

In practice one calls `torch.nn.RMSNorm` or `F.rms_norm(x, (dim,), weight, eps)`, which does all of
it in one kernel.
"""

import torch

HINTS = (
    "A mean square is a number for each row: which dimension does it take, and is it kept?",
    "300 squared is inf in float16: in which dtype do you compute, and in which do you return?",
    "eps belongs under the root, together with the mean of the squares.",
    "`wide / torch.sqrt((wide**2).mean(-1, keepdim=True) + eps)`; x.float() is narrow for float64.",
)


class RMSNorm(torch.nn.Module):
    """A layer that divides each row by its root mean square, and scales its features.

    It is made of other operations: torch's own norm layers (`rms_norm`, `layer_norm` and the
    like), under whatever name, are forbidden, forward and backward.
    """

    def __init__(self, dim: int, eps: float = 1e-6) -> None:
        """Make the parameter `weight`, of shape (dim,), which holds ones.

        Args:
            dim: the size of a row, at least 1.
            eps: what is added to the mean of the squares, a number above 0.

        Exactly:
            `weight` is float32 and requires grad. There is no other parameter and no buffer. The
            state_dict loads from and into `torch.nn.RMSNorm(dim, eps)`. Nothing is drawn.
        """
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x / sqrt(mean of x² + eps) * weight, with the mean along the last dimension.

        Args:
            x: shape (..., dim), any strides, of weight's dtype: float32, or float64, float16 or
                bfloat16 after `double()`, `half()` or `bfloat16()`. There may be any number of
                other dimensions, none too, and their sizes may be 0. It stays as it is.

        Returns:
            A new tensor of x's shape, dtype and device. Gradients reach x and weight.

        Exactly:
            A row of zeros gives zeros and a finite gradient. float64 makes no detour by float32.

            float16 and bfloat16: the numbers of x may be as large as 60,000, so compute in
            float32, up to the division at least. The result has x's own dtype; it may be rounded
            to that before it is multiplied by weight, or afterwards. Numbers above 0.001 may be
            off by 1.2 * torch.finfo(dtype).eps of themselves, which is room for two roundings.
            Gradients may be off by 5 % of the largest one, or by 0.05.

            Each call uses the weight that the layer holds then, whether it was trained, loaded,
            moved, converted, or exchanged (`norm.weight = nn.Parameter(...)`). It stays as it is.
            In train and in eval mode the result is the same.
        """
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        mean_square = (wide**2).mean(-1, keepdim=True)
        normed = wide / torch.sqrt(mean_square + self.eps)
        return (normed * self.weight).to(x.dtype)
