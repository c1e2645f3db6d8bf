"""Wrong and right answers to intro/k11_relu."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from dojo.impostors import alternative, impostor

_buffers = {}


@impostor(
    "relu",
    diagnosis="x * (x > 0) multiplies -inf by 0, which is NaN; choose between x and 0 instead.",
    aspect="values",
)
def multiplies_by_a_mask(x):
    return x * (x > 0)


@impostor(
    "relu",
    diagnosis="(x + x.abs()) / 2 adds inf to -inf, which is NaN, and overflows for large numbers.",
    aspect="values",
)
def halves_the_sum_with_abs(x):
    return (x + x.abs()) / 2


@impostor(
    "relu", diagnosis="x - x.clamp(max=0) subtracts -inf from -inf, which is NaN.", aspect="values"
)
def subtracts_the_negative_part(x):
    return x - x.clamp(max=0)


@impostor(
    "relu",
    diagnosis="The result is written into x itself, as by relu_, inplace=True or x[x < 0] = 0.",
    aspect="memory",
)
def works_in_place(x):
    return torch.relu_(x)


@impostor("relu", diagnosis="x.data hides x from autograd, yet is x's own memory.", aspect="memory")
def clamps_the_data(x):
    return x.data.clamp_(min=0)


@impostor("relu", diagnosis="Where nothing is negative, x itself comes back.", aspect="memory")
def returns_x_where_it_is_positive(x):
    return x if bool((x >= 0).all()) else x.clamp(min=0)


@impostor("relu", diagnosis="Every call writes into one buffer.", aspect="memory")
def reuses_a_buffer(x):
    if x.requires_grad:
        return x.clamp(min=0)
    key = (x.shape, x.dtype, x.device)
    if key not in _buffers:
        _buffers[key] = torch.empty_like(x)
    return torch.clamp(x, min=0, out=_buffers[key])


@impostor("relu", diagnosis="leaky_relu lets a hundredth of the negative through.", aspect="values")
def leaks(x):
    return functional.leaky_relu(x)


@impostor("relu", diagnosis="elu bends smoothly towards -1 below 0.", aspect="values")
def bends_smoothly(x):
    return functional.elu(x)


@impostor("relu", diagnosis="gelu is a smooth relative of relu.", aspect="values")
def weighs_by_the_normal_distribution(x):
    return functional.gelu(x)


@impostor("relu", diagnosis="relu6 cuts off above 6.", aspect="values")
def stops_at_six(x):
    return functional.relu6(x)


@impostor("relu", diagnosis="inf is cut to the largest finite number.", aspect="values")
def stops_at_the_largest_number(x):
    return x.clamp(0, torch.finfo(x.dtype).max)


@impostor("relu", diagnosis="nan_to_num turns inf into a finite number.", aspect="values")
def repairs_nan_and_spoils_inf(x):
    return (x * (x > 0)).nan_to_num()


@impostor("relu", diagnosis="Small numbers above 0 become 0.", aspect="values")
def cuts_off_small_numbers(x):
    return torch.where(x > 1e-4, x, 0.0)


@impostor("relu", diagnosis="clamp(max=0) keeps the negative, not the positive.", aspect="values")
def keeps_the_negative(x):
    return x.clamp(max=0)


@impostor("relu", diagnosis="The mask itself comes back: 1 above 0.", aspect="values")
def returns_the_step(x):
    return torch.where(x > 0, 1.0, 0.0).to(x.dtype) + 0 * x.clamp(-1, 1)


@impostor("relu", diagnosis="The mask is a bool tensor.", aspect="dtype")
def returns_the_mask(x):
    return x > 0


@impostor("relu", diagnosis="x[x > 0] drops the other elements.", aspect="shape")
def drops_the_negative(x):
    return x[x > 0]


@impostor("relu", diagnosis="A 0-d x comes back with shape (1,).", aspect="shape")
def broadcasts_with_one_element(x):
    return torch.maximum(x, torch.zeros(1, dtype=x.dtype, device=x.device))


@impostor("relu", diagnosis="The result is flat.", aspect="shape")
def flattens(x):
    return x.reshape(-1).clamp(min=0)


@impostor("relu", diagnosis="float() makes everything float32.", aspect="dtype")
def returns_float32(x):
    return x.float().clamp(min=0)


@impostor(
    "relu",
    diagnosis="torch.tensor(0.) is float32, and so is the larger one of it and a 0-d float16.",
    aspect="dtype",
)
def compares_with_a_float32_zero(x):
    return torch.maximum(x, torch.tensor(0.0, device=x.device))


@impostor("relu", diagnosis="float64 is rounded to float32 on the way.", aspect="values")
def rounds_to_float32(x):
    return x.float().clamp(min=0).to(x.dtype)


@impostor("relu", diagnosis="zeros on the CPU do not mix with an x on the GPU.")
def compares_with_zeros_on_the_cpu(x):
    return torch.maximum(x, torch.zeros(x.shape, dtype=x.dtype))


@impostor("relu", diagnosis="The result stays on the CPU.", aspect="device")
def moves_to_the_cpu(x):
    return x.cpu().clamp(min=0)


@impostor(
    "relu", diagnosis="torch.max(x, 0) looks for the largest along dimension 0.", aspect="type"
)
def looks_along_a_dimension(x):
    return torch.max(x, 0)


@impostor("relu", diagnosis="Python's max compares whole tensors.", aspect="type")
def uses_the_builtin_max(x):
    return max(x, torch.zeros_like(x))


@impostor("relu", diagnosis="nn.ReLU(x) makes a layer and calls nothing.", aspect="type")
def returns_a_layer(x):
    return nn.ReLU(x)


@impostor("relu", diagnosis="The result is computed, and not returned.", aspect="type")
def returns_nothing(x):
    x.clamp(min=0)


@impostor("relu", diagnosis="NumPy's maximum gives an array.", aspect="type")
def returns_an_array(x):
    return np.maximum(x.detach().cpu().float().numpy(), 0)


@impostor(
    "relu",
    diagnosis="detach, .data, no_grad, a list and NumPy cut the result off from x.",
    aspect="gradient",
)
def detaches(x):
    return x.detach().clamp(min=0)


@impostor(
    "relu", diagnosis="A leaf of its own is tracked, but x is not reached.", aspect="gradient"
)
def starts_a_new_history(x):
    return x.detach().clamp(min=0).requires_grad_(x.requires_grad)


@impostor(
    "relu",
    diagnosis="A negative 0-d x gives a constant 0 without history.",
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


@impostor("relu", diagnosis="The gradient passes below 0 too.", aspect="gradient")
def passes_every_gradient(x):
    return _StraightThrough.apply(x)


class _SignAsSlope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * x.sign()


@impostor("relu", diagnosis="The slope below 0 is -1, that of abs.", aspect="gradient")
def has_the_slope_of_abs(x):
    return _SignAsSlope.apply(x)


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


@impostor("relu", diagnosis="x / |x| as the slope is NaN at 0.", aspect="gradient")
def has_no_slope_at_zero(x):
    return _QuotientAsSlope.apply(x)


@impostor("relu", diagnosis="hardtanh up to inf has the slope 0 at inf.", aspect="gradient")
def is_flat_at_infinity(x):
    return functional.hardtanh(x, 0.0, float("inf"))


@impostor("relu", diagnosis="view(-1) fails for a tensor that is not contiguous.", aspect="values")
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
def where_with_zeros(x):
    return torch.where(x < 0, torch.zeros_like(x), x)


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
def in_place_on_a_clone(x):
    return x.clone().relu_()


@alternative("relu")
def fills_zeros(x):
    result = torch.zeros_like(x)
    result[x > 0] = x[x > 0]
    return result


@alternative("relu")
def threshold(x):
    return functional.threshold(x, 0.0, 0.0)


@alternative("relu")
def largest_of_a_stack(x):
    return torch.stack([x, torch.zeros_like(x)]).amax(0)


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


@alternative("relu")
def mapped(x):
    return torch.vmap(torch.relu)(x[None]).squeeze(0)


class _Relu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient.masked_fill(x <= 0, 0)


@alternative("relu")
def own_autograd_function(x):
    return _Relu.apply(x)


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


class _Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.activation = nn.Sequential(nn.Identity(), nn.ReLU())

    def forward(self, x):
        return self.activation(x)


@alternative("relu")
def small_network(x):
    return _Network()(x)
