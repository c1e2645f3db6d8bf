"""Store the weight of a linear layer in int8, with one scale for each row.

The largest number of a row becomes 127 or -127, so that the row uses all of int8, and no number is
off by more than half a scale. -128 is left out: then each number has its negative, and zero stays
exactly zero. A row of zeros would have the scale 0, and 0 / 0 is NaN, so that its scale is 1.

The scale belongs to an output, so it can be multiplied in after the product: that is out_features
numbers, where `weight * scale` would be a whole matrix. Buffers move and are saved like
Parameters, but no optimizer finds them, and `double()` converts only those that are floats.

In practice one calls `quantize_(model, Int8WeightOnlyConfig())` of torchao, or loads a model with
`load_in_8bit` of bitsandbytes; their kernels multiply with int8 directly.
"""

import torch

HINTS = (
    "The largest |w| of a row should become 127. What is then the scale of that row?",
    "`weight.abs().amax(1)` has a number for each row; `[:, None]` sets it beside the row.",
    "Round, and then convert: `.to(torch.int8)` alone cuts off what is behind the point.",
    "`register_buffer` keeps a tensor that is saved and moved, and not trained.",
    "(x @ weight.to(x.dtype).T) * scale: torch multiplies no float by an int8 matrix.",
)


def quantize_per_channel(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Round each row of a matrix to whole numbers from -127 to 127, times a scale of its own.

    The scale of a row is its largest |w| divided by 127, and the whole numbers are w / scale,
    rounded to the nearest. So int8 * scale is w, up to half a scale.

    Args:
        weight: shape (out, in), float32 or float64, any strides. In each row the largest |w| is
            0, or from 1e-30 to 1e30.

    Returns:
        two new tensors in a tuple: the whole numbers, int8, of shape (out, in), and the scales, of
        shape (out,) and of weight's dtype.

    Exactly:
        A row of zeros has the scale 1 and zeros. Where w / scale is within 1e-3 of a half, such as
        2.5, both neighbours are right.
    """
    scale = weight.abs().amax(1) / 127
    scale = torch.where(scale == 0, 1.0, scale)
    return (weight / scale[:, None]).round().to(torch.int8), scale


class Int8Linear(torch.nn.Module):
    """A linear layer whose weight is stored in int8, made of a linear layer that is trained.

    All of torch's layers and functions may be used.

    Attributes:
        weight: a buffer, int8, of shape (out_features, in_features).
        scale: a buffer, a number for each row of weight: shape (out_features,).
        bias: a buffer, of shape (out_features,), or None if the linear layer has no bias.
    """

    def __init__(self, linear: torch.nn.Linear) -> None:
        """Quantize the weight of linear as `quantize_per_channel` does, and copy its bias.

        Args:
            linear: a `torch.nn.Linear`, with a bias or without one, float32 or float64, whose
                weight is as `quantize_per_channel` takes it. It stays as it is, and nothing is
                shared with it: what is written into it later is not seen here.

        Exactly:
            There are no Parameters. The keys of the state_dict are `weight`, `scale` and, if there
            is one, `bias`. The scale and the bias have the dtype of linear, and all buffers lie on
            its device. They are no part of autograd's graph: none requires grad.

            `to(dtype)`, such as `double()`, converts scale and bias, and leaves weight int8.
        """
        super().__init__()
        weight, scale = quantize_per_channel(linear.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        bias = linear.bias
        self.register_buffer("bias", None if bias is None else bias.detach().clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x·Wᵀ + bias, where row i of W is weight[i] * scale[i].

        Args:
            x: shape (..., in_features), any strides, of the dtype of scale. There may be any number
                of other dimensions, none too.

        Returns:
            A new tensor of shape (..., out_features), of x's dtype and on its device. The gradient
            reaches x.

        Exactly:
            A result may be off by 1e-4 of its largest number in float32, and by 1e-9 in float64,
            and so may a gradient. x is not rounded. Each call uses what the buffers hold then,
            whether they were loaded, copied, moved, converted or exchanged. In train and in eval
            mode it does the same, and a call changes nothing.
        """
        result = (x @ self.weight.to(x.dtype).T) * self.scale
        return result if self.bias is None else result + self.bias
