"""Wrong and right answers to intro/k11_relu."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor

_buffers = {}


@impostor(
    "relu",
    diagnosis="-inf is computed with (-inf * 0, -inf - -inf): that makes NaN, and 0 was asked for.",
    aspect="values",
)
def multiplies_by_a_mask(x):
    return x * (x > 0)


@impostor(
    "relu",
    diagnosis=(
        "(x + x.abs()) / 2 adds inf to -inf, which is NaN, and overflows for large numbers."
    ),
    aspect="values",
)
def halves_the_sum_with_abs(x):
    return (x + x.abs()) / 2


@impostor(
    "relu",
    diagnosis="The result is written into x itself, as by relu_, inplace=True or x[x < 0] = 0.",
    aspect="memory",
)
def works_in_place(x):
    return torch.relu_(x)


@impostor(
    "relu",
    diagnosis="x itself is returned where nothing in it is negative, not a new tensor.",
    aspect="memory",
)
def returns_x_where_it_is_positive(x):
    return x if bool((x >= 0).all()) else x.clamp(min=0)


@impostor(
    "relu",
    diagnosis=(
        "Every call writes into one buffer, so the next call changes the result of the last."
    ),
    aspect="memory",
)
def reuses_a_buffer(x):
    if x.requires_grad:
        return x.clamp(min=0)
    key = (x.shape, x.dtype, x.device)
    if key not in _buffers:
        _buffers[key] = torch.empty_like(x)
    return torch.clamp(x, min=0, out=_buffers[key])


@impostor(
    "relu",
    diagnosis="leaky_relu lets a hundredth of each negative number through; 0 was asked for.",
    aspect="values",
)
def leaks(x):
    return functional.leaky_relu(x)


@impostor(
    "relu",
    diagnosis="gelu bends smoothly, so that its results are near those of relu and not equal.",
    aspect="values",
)
def weighs_by_the_normal_distribution(x):
    return functional.gelu(x)


@impostor(
    "relu",
    diagnosis="relu6 cuts off at 6 what should stay as it is.",
    aspect="values",
)
def stops_at_six(x):
    return functional.relu6(x)


@impostor(
    "relu",
    diagnosis="nan_to_num turns NaN into 0 again, but inf into the largest finite number too.",
    aspect="values",
)
def repairs_nan_and_spoils_inf(x):
    return (x * (x > 0)).nan_to_num()


@impostor(
    "relu",
    diagnosis=(
        "x is compared with a small number, not with 0, so that small numbers above 0 become 0."
    ),
    aspect="values",
)
def cuts_off_small_numbers(x):
    return torch.where(x > 1e-4, x, 0.0)


@impostor(
    "relu",
    diagnosis="finfo.tiny is the smallest number with all digits; smaller ones are above 0, too.",
    aspect="values",
)
def cuts_off_what_has_fewer_digits(x):
    return torch.where(x >= torch.finfo(x.dtype).tiny, x, 0)


@impostor(
    "relu",
    diagnosis="The mask x > 0 is returned as numbers, 1 where x should stay as it is.",
    aspect="values",
)
def returns_the_step(x):
    return (x > 0).to(x.dtype)


@impostor(
    "relu",
    diagnosis="The mask x > 0 is returned, which says where x is above 0, not x itself.",
    aspect="dtype",
)
def returns_the_mask(x):
    return x > 0


@impostor(
    "relu",
    diagnosis="x[x > 0] leaves the other elements out; they should be 0, each in its place.",
    aspect="shape",
)
def drops_the_negative(x):
    return x[x > 0]


@impostor(
    "relu",
    diagnosis="zeros of shape (1,) are broadcast with x, which makes a 0-d x one of shape (1,).",
    aspect="shape",
)
def broadcasts_with_one_element(x):
    return torch.maximum(x, torch.zeros(1, dtype=x.dtype, device=x.device))


@impostor(
    "relu",
    diagnosis="float() makes the result float32, whatever the dtype of x.",
    aspect="dtype",
)
def returns_float32(x):
    return x.float().clamp(min=0)


@impostor(
    "relu",
    diagnosis="torch.tensor(0.) is float32, and so is the larger one of it and a 0-d float16 x.",
    aspect="dtype",
)
def compares_with_a_float32_zero(x):
    return torch.maximum(x, torch.tensor(0.0, device=x.device))


@impostor(
    "relu",
    diagnosis=(
        "float() rounds a float64 x to float32; to() afterwards does not bring its digits back."
    ),
    aspect="values",
)
def rounds_to_float32(x):
    return x.float().clamp(min=0).to(x.dtype)


@impostor(
    "relu",
    diagnosis="The zeros lie on the CPU, where an x on the GPU cannot be compared with them.",
)
def compares_with_zeros_on_the_cpu(x):
    return torch.maximum(x, torch.zeros(x.shape, dtype=x.dtype))


@impostor(
    "relu",
    diagnosis=(
        "torch.max(x, 0) looks for the largest number along dimension 0, not for the larger "
        "of x and 0."
    ),
    aspect="type",
)
def looks_along_a_dimension(x):
    return torch.max(x, 0)


@impostor(
    "relu",
    diagnosis=(
        "Python's max or if asks whether a whole tensor is above 0, which has no one answer."
    ),
    aspect="type",
)
def uses_the_builtin_max(x):
    return max(x, torch.zeros_like(x))


@impostor(
    "relu",
    diagnosis="nn.ReLU(x) makes a layer, with x as its `inplace`, and does not call it.",
    aspect="type",
)
def returns_a_layer(x):
    return nn.ReLU(x)


@impostor(
    "relu",
    diagnosis=(
        "The result is computed from a copy or from data that autograd does not track, not from x."
    ),
    aspect="gradient",
)
def detaches(x):
    return x.detach().clamp(min=0)


@impostor(
    "relu",
    diagnosis=(
        "requires_grad_ makes the result a leaf of its own, from which no gradient reaches x."
    ),
    aspect="gradient",
)
def starts_a_new_history(x):
    return x.detach().clamp(min=0).requires_grad_(x.requires_grad)


@impostor(
    "relu",
    diagnosis="A 0-d x below 0 gives a new 0, which has no history that leads to x.",
    aspect="gradient",
)
def branches_on_a_number(x):
    if x.dim() == 0:
        return x.clone() if x > 0 else torch.zeros_like(x)
    return x.clamp(min=0)


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        return gradient.clone()


@impostor(
    "relu",
    diagnosis="backward hands on the whole gradient, also where x is below 0.",
    aspect="gradient",
)
def passes_every_gradient(x):
    return _StraightThrough.apply(x)


class _QuotientAsSlope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        slope = (x.clamp(-1, 1) / x.abs().clamp(max=1)).clamp(min=0)
        return gradient * slope


@impostor(
    "relu",
    diagnosis="The slope is made of x / |x|, which is NaN at 0.",
    aspect="gradient",
)
def has_no_slope_at_zero(x):
    return _QuotientAsSlope.apply(x)


@impostor(
    "relu",
    diagnosis="hardtanh up to inf counts inf as beyond its bend, and has the slope 0 there.",
    aspect="gradient",
)
def is_flat_at_infinity(x):
    return functional.hardtanh(x, 0.0, float("inf"))


@impostor(
    "relu",
    diagnosis="view(-1) fails for a tensor that is not contiguous; nothing has to be flattened.",
    aspect="values",
)
def views_what_is_not_contiguous(x):
    return x.view(-1).clamp(min=0).view(x.shape)


@alternative("relu")
def torch_relu(x):
    return torch.relu(x)


@alternative("relu")
def layer(x):
    return nn.ReLU()(x)


@alternative("relu")
def where_with_a_number(x):
    return torch.where(x > 0, x, 0)


@alternative("relu")
def maximum_with_zeros(x):
    return torch.maximum(x, torch.zeros_like(x))


@alternative("relu")
def maximum_with_one_zero(x):
    return torch.fmax(x, x.new_zeros(()))


@alternative("relu")
def negative_minimum(x):
    return -torch.minimum(-x, torch.zeros_like(x))


@alternative("relu")
def masked_fill(x):
    return x.masked_fill(x <= 0, 0)


@alternative("relu")
def assigns_to_a_clone(x):
    result = x.clone()
    result[result < 0] = 0
    return result


@alternative("relu")
def fills_zeros(x):
    result = torch.zeros_like(x)
    result[x > 0] = x[x > 0]
    return result


@alternative("relu")
def threshold(x):
    return functional.threshold(x, 0.0, 0.0)


@alternative("relu")
def maximum_along_a_dimension(x):
    return torch.max(torch.stack([torch.zeros_like(x), x], dim=-1), -1).values


@alternative("relu")
def elu_without_its_bend(x):
    return functional.elu(x, alpha=0.0)


@alternative("relu")
def through_float64(x):
    return x.double().clip(0, float("inf")).to(x.dtype)


@alternative("relu")
def number_by_number(x):
    if x.numel() == 0:
        return x.clone()
    return torch.stack([number.clamp(min=0) for number in x.reshape(-1)]).reshape(x.shape)


class _NumpyRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        numbers = x.detach().cpu().double().numpy()
        ctx.slope = torch.tensor(numbers >= 0)
        return torch.tensor(np.maximum(numbers, 0)).to(x.dtype).to(x.device)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.slope.to(gradient.device)


@alternative("relu")
def numpy_with_its_own_gradient(x):
    return _NumpyRelu.apply(x)


@alternative("relu")
def repairs_what_the_mask_spoils(x):
    product = x * (x > 0)
    return torch.where(product.isnan(), 0, product)


@alternative("relu")
def absolute_values_where_not_below(x):
    return torch.where(x < 0, 0.0, x.abs())
