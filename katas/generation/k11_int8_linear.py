"""Store the weight of a linear layer in int8, with one scale for each row.

A number of float32 takes four bytes, and one of int8 takes one. What a model reads for each new
token is mostly weights, so a quarter of the bytes is up to four times the speed, and a model four
times as large fits. One scale for a whole matrix would lose the small rows beside a large one, so
that each row (the "channel" of one output) has its own. LLM.int8() in bitsandbytes, torchao's
int8 weight-only mode and `quantize_per_channel` of torch itself store weights this way.

    quantize_per_channel(tensor([[1.27, -0.5, 0.256], [0., 0., 0.]]))
        ->  [[127, -50, 26], [0, 0, 0]], [0.01, 1.]    for 0.256 stands 26 * 0.01
    linear = torch.nn.Linear(3, 2, bias=False)         # with that weight in it
    Int8Linear(linear)(tensor([1., 0., 10.]))  ->  [3.87, 0.]    linear itself: [3.83, 0.]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


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
        raise NotImplementedError

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
        raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
