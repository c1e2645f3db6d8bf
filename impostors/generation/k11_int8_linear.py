"""Wrong and right answers to generation/k11_int8_linear."""

import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor


def quantized(weight, scale):
    """The whole numbers for a scale that may be for all rows, and the scale."""
    return (weight / scale[:, None]).round().clamp(-127, 127).to(torch.int8), scale


def right(weight):
    """The whole numbers and the scales."""
    scale = weight.abs().amax(1) / 127
    return quantized(weight, torch.where(scale == 0, 1.0, scale))


class Sound(nn.Module):
    """What most of the layers below share: they differ from it in one place."""

    def __init__(self, linear):
        super().__init__()
        weight, scale = right(linear.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        bias = None if linear.bias is None else linear.bias.detach().clone()
        self.register_buffer("bias", bias)

    def matrix(self):
        return self.weight * self.scale[:, None]

    def forward(self, x):
        return functional.linear(x, self.matrix(), self.bias)


# ---------------------------------------------------------------- quantize_per_channel


@impostor(
    "quantize_per_channel",
    diagnosis="One scale is used for all rows: small rows lose their digits beside a large one.",
    aspect="values",
)
def one_scale_for_all(weight):
    scale = weight.abs().amax() / 127
    return quantized(weight, scale.expand(len(weight)).clone())


@impostor(
    "quantize_per_channel",
    diagnosis="One scale is returned for the whole matrix: a number, and not one for each row.",
    aspect="shape",
)
def a_single_scale(weight):
    scale = weight.abs().max() / 127
    return (weight / scale).round().to(torch.int8), scale


@impostor(
    "quantize_per_channel",
    diagnosis="The scales are those of the columns: `amax(0)` goes through the rows.",
    aspect="shape",
)
def a_scale_per_column(weight):
    scale = weight.abs().amax(0) / 127
    scale = torch.where(scale == 0, 1.0, scale)
    return (weight / scale).round().to(torch.int8), scale


@impostor(
    "quantize_per_channel",
    diagnosis="keepdim=True leaves the scale with the shape (out, 1).",
    aspect="shape",
)
def keeps_a_dimension(weight):
    rows, scale = right(weight)
    return rows, scale[:, None]


@impostor(
    "quantize_per_channel",
    diagnosis="It divides by 128, so that the largest number of a row does not fit into int8.",
    aspect="values",
)
def divides_by_128(weight):
    scale = weight.abs().amax(1) / 128
    scale = torch.where(scale == 0, 1.0, scale)
    return (weight / scale[:, None]).round().clamp(-128, 127).to(torch.int8), scale


@impostor(
    "quantize_per_channel",
    diagnosis="`.to(torch.int8)` alone cuts off what is behind the point: round first.",
    aspect="values",
)
def cuts_off(weight):
    _, scale = right(weight)
    return (weight / scale[:, None] * (1 + 1e-6)).to(torch.int8), scale


@impostor(
    "quantize_per_channel",
    diagnosis="floor rounds down, also where the next whole number is nearer.",
    aspect="values",
)
def rounds_down(weight):
    _, scale = right(weight)
    return (weight / scale[:, None] + 1e-4).floor().to(torch.int8), scale


@impostor(
    "quantize_per_channel",
    diagnosis="A row of zeros gets the scale 0, and 0 / 0 is NaN.",
    aspect="values",
)
def forgets_zeros(weight):
    scale = weight.abs().amax(1) / 127
    return (weight / scale[:, None]).round().nan_to_num().to(torch.int8), scale


@impostor(
    "quantize_per_channel",
    diagnosis="The scale is clamped at 1e-8, which rows of smaller numbers do not survive.",
    aspect="values",
)
def clamps_the_scale(weight):
    scale = weight.abs().amax(1) / 127
    return quantized(weight, torch.where(scale == 0, 1.0, scale.clamp(min=1e-8)))


@impostor(
    "quantize_per_channel",
    diagnosis="The largest w is taken, and not the largest |w|.",
    aspect="values",
)
def forgets_the_sign(weight):
    scale = weight.amax(1) / 127
    return quantized(weight, torch.where(scale == 0, 1.0, scale))


@impostor(
    "quantize_per_channel",
    diagnosis="The range from the smallest to the largest w is divided by 255, as for uint8 with a"
    " zero point.",
    aspect="values",
)
def takes_the_range(weight):
    scale = (weight.amax(1) - weight.amin(1)) / 255
    return quantized(weight, torch.where(scale == 0, 1.0, scale))


@impostor(
    "quantize_per_channel",
    diagnosis="127 / largest is returned: that is one divided by the scale.",
    aspect="values",
)
def returns_the_inverse(weight):
    rows, scale = right(weight)
    return rows, torch.where(weight.abs().amax(1) == 0, scale, 1 / scale)


@impostor(
    "quantize_per_channel",
    diagnosis="The whole numbers are floats still: nothing is saved.",
    aspect="dtype",
)
def stays_in_float(weight):
    rows, scale = right(weight)
    return rows.to(weight.dtype), scale


@impostor(
    "quantize_per_channel",
    diagnosis="The scale is float32, whatever the dtype of weight is.",
    aspect="dtype",
)
def scales_in_float32(weight):
    rows, scale = right(weight)
    return rows, scale.float()


@impostor(
    "quantize_per_channel",
    diagnosis="The scale comes first, and then the whole numbers: the order is the other one.",
    aspect="shape",
)
def swaps_its_results(weight):
    return right(weight)[::-1]


# ---------------------------------------------------------------- what a layer holds


@impostor(
    "Int8Linear",
    diagnosis="The weight is kept as a Parameter of floats: nothing is saved.",
    aspect="type",
)
class KeepsAParameter(nn.Linear):
    def __init__(self, linear):
        super().__init__(linear.in_features, linear.out_features, linear.bias is not None)
        self.load_state_dict(linear.state_dict())
        self.weight.data, scale = (
            right(self.weight.data)[0].to(self.weight),
            right(linear.weight)[1],
        )
        self.register_buffer("scale", scale.detach())

    def forward(self, x):
        return functional.linear(x, self.weight * self.scale[:, None], self.bias)


@impostor(
    "Int8Linear",
    diagnosis="The bias is a Parameter; it is a buffer, as all that is kept here.",
    aspect="type",
)
class TrainsTheBias(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        if self.bias is not None:
            bias = self.bias
            del self.bias
            self.bias = nn.Parameter(bias)


@impostor(
    "Int8Linear",
    diagnosis="Weight and scale are plain attributes: they are neither saved nor moved.",
    aspect="type",
)
class HasPlainAttributes(Sound):
    def __init__(self, linear):
        nn.Module.__init__(self)
        self.weight, self.scale = right(linear.weight.detach())
        self.bias = None if linear.bias is None else linear.bias.detach().clone()


@impostor(
    "Int8Linear",
    diagnosis="The whole numbers are kept in floats.",
    aspect="type",
)
class KeepsFloats(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        self.weight = self.weight.to(self.scale.dtype)


@impostor(
    "Int8Linear",
    diagnosis="The given layer is kept as a part, with all of its float weights.",
    aspect="type",
)
class KeepsTheLayer(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        self.linear = linear


@impostor(
    "Int8Linear",
    diagnosis="The scale is kept as (out, 1); it is (out,).",
    aspect="type",
)
class KeepsAColumn(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        self.scale = self.scale[:, None]

    def matrix(self):
        return self.weight * self.scale


@impostor(
    "Int8Linear",
    diagnosis="The bias is the memory of linear's: what is trained there changes it here.",
    aspect="memory",
)
class SharesTheBias(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        self.bias = None if linear.bias is None else linear.bias.detach()


@impostor(
    "Int8Linear",
    diagnosis="The scale is computed with grad, and keeps the whole graph of linear's weight.",
    aspect="values",
)
class KeepsTheGraph(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        self.scale = right(linear.weight)[1]


@impostor(
    "Int8Linear",
    diagnosis="Without a bias in linear there is no attribute bias at all.",
    aspect="structure",
)
class ForgetsTheAttribute(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        if linear.bias is None:
            del self.bias

    def forward(self, x):
        return functional.linear(x, self.matrix(), getattr(self, "bias", None))


@impostor(
    "Int8Linear",
    diagnosis="The weight of linear is replaced by what is left after rounding.",
    aspect="memory",
)
class WritesIntoLinear(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        linear.weight.data.copy_(self.matrix())


@impostor(
    "Int8Linear",
    diagnosis="The buffers are made in float32, whatever the dtype of linear is.",
    aspect="dtype",
)
class IsMadeInFloat32(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        self.float()


@impostor(
    "Int8Linear",
    diagnosis="The layer is made on the CPU, wherever linear lies.",
    aspect="device",
)
class IsMadeOnTheCPU(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        self.cpu()


# ---------------------------------------------------------------- forward


@impostor(
    "Int8Linear",
    diagnosis="The scale is forgotten: the whole numbers are used as they are.",
    aspect="values",
)
class ForgetsTheScale(Sound):
    def matrix(self):
        return self.weight.to(self.scale.dtype)


@impostor("Int8Linear", diagnosis="The bias is never added.", aspect="values")
class ForgetsTheBias(Sound):
    def forward(self, x):
        return functional.linear(x, self.matrix())


@impostor(
    "Int8Linear",
    diagnosis="The bias is added before the scale, and is multiplied by it.",
    aspect="values",
)
class ScalesTheBias(Sound):
    def forward(self, x):
        return functional.linear(x, self.weight.to(x.dtype), self.bias) * self.scale


@impostor(
    "Int8Linear",
    diagnosis="`weight * scale` without `[:, None]` multiplies the columns, or does not fit.",
    aspect="type",
)
class ScalesTheColumns(Sound):
    def matrix(self):
        return self.weight * self.scale


@impostor(
    "Int8Linear",
    diagnosis="x is rounded to whole numbers, as the weight is; x stays as it is.",
    aspect="values",
)
class RoundsX(Sound):
    def forward(self, x):
        return super().forward(x + (x.round() - x).detach())


@impostor(
    "Int8Linear",
    diagnosis="float times int8 matrix: torch converts none of them by itself.",
    aspect="type",
)
class MultipliesInt8(Sound):
    def forward(self, x):
        result = x @ self.weight.T * self.scale
        return result if self.bias is None else result + self.bias


@impostor(
    "Int8Linear",
    diagnosis="The matrix of floats is computed once and kept: what is loaded later is not seen.",
    aspect="values",
)
class KeepsTheMatrix(Sound):
    def __init__(self, linear):
        super().__init__(linear)
        self.register_buffer("kept", super().matrix(), persistent=False)

    def matrix(self):
        return self.kept


@impostor(
    "Int8Linear",
    diagnosis="The product is computed under no_grad, so that no gradient reaches x.",
    aspect="gradient",
)
class TracksNothing(Sound):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


# ---------------------------------------------------------------- right answers


@alternative("quantize_per_channel")
def row_by_row(weight):
    rows = torch.zeros(weight.shape, dtype=torch.int8, device=weight.device)
    scales = torch.ones(len(weight), dtype=weight.dtype, device=weight.device)
    for i, row in enumerate(weight):
        largest = torch.linalg.vector_norm(row, ord=float("inf"))
        if largest > 0:
            scales[i] = largest / 127
            rows[i] = torch.round(row * (127 / largest)).to(torch.int8)
    return rows, scales


@alternative("quantize_per_channel")
def half_away_from_zero(weight):
    scale = torch.maximum(weight.amax(1), -weight.amin(1)).div(127)
    scale[scale == 0] = 1
    whole = torch.trunc(weight / scale.unsqueeze(1) + 0.5 * weight.sign())
    return [whole.char(), scale][0].contiguous(), scale


@alternative("quantize_per_channel")
def in_float64(weight):
    wide = weight.double()
    scale = wide.abs().max(dim=1, keepdim=True).values / 127
    scale = scale.masked_fill(scale == 0, 1)
    rows = torch.clamp(torch.round(wide / scale), -127, 127).type(torch.int8)
    return rows, scale.squeeze(1).to(weight.dtype)


@alternative("Int8Linear")
class ByTheMatrix(Sound):
    pass


@alternative("Int8Linear")
class ScalesAfterwards(Sound):
    def forward(self, x):
        result = torch.einsum("...i,oi->...o", x, self.weight.to(x.dtype)).mul(self.scale)
        return result if self.bias is None else torch.add(result, self.bias)


@alternative("Int8Linear")
class BlockByBlock(nn.Module):
    """It converts a few rows at a time, so that the matrix of floats is never there."""

    def __init__(self, linear):
        super().__init__()
        with torch.no_grad():
            weight, scale = right(linear.weight)
            self.weight, self.scale = nn.Buffer(weight), nn.Buffer(scale)
            self.bias = None if linear.bias is None else nn.Buffer(linear.bias + 0)

    def forward(self, x):
        parts = []
        for start in range(0, len(self.weight), 2):
            rows, scale = self.weight[start : start + 2], self.scale[start : start + 2]
            parts.append(x.matmul((rows.to(x.dtype) * scale[:, None]).t()))
        result = torch.cat(parts, -1)
        return result + self.bias if isinstance(self.bias, torch.Tensor) else result
