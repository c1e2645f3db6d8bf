"""Wrong and right answers to layers/k06_layer_norm."""

import torch

from dojo.impostors import alternative, impostor


def affine(result, weight, bias):
    """The result times the weight, plus the bias, where they are given."""
    result = result if weight is None else result * weight
    return result if bias is None else result + bias


def widened(x):
    """x in a dtype that is wide enough for squares."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


@impostor(
    "layer_norm",
    diagnosis="torch's var and std divide by D - 1 unless told otherwise; layer norm divides by D.",
    aspect="values",
)
def takes_the_unbiased_variance(x, weight=None, bias=None, eps=1e-5):
    wide = widened(x)
    variance = wide.var(-1, keepdim=True) if x.shape[-1] > 1 else torch.zeros_like(wide)
    result = (wide - wide.mean(-1, keepdim=True)) / torch.sqrt(variance + eps)
    return affine(result, weight, bias).to(x.dtype)


@impostor(
    "layer_norm",
    diagnosis="eps is added to the deviation here; it belongs to the variance, under the root.",
    aspect="values",
)
def adds_eps_to_the_deviation(x, weight=None, bias=None, eps=1e-5):
    wide = widened(x)
    centred = wide - wide.mean(-1, keepdim=True)
    deviation = (centred**2).mean(-1, keepdim=True).sqrt()
    return affine(centred / (deviation + eps), weight, bias).to(x.dtype)


@impostor(
    "layer_norm",
    diagnosis="E[x²] - E[x]² loses its digits where the mean is large: subtract it first.",
    aspect="values",
)
def squares_before_it_subtracts(x, weight=None, bias=None, eps=1e-5):
    wide = widened(x)
    mean = wide.mean(-1, keepdim=True)
    variance = ((wide**2).mean(-1, keepdim=True) - mean**2).clamp(min=0)
    return affine((wide - mean) / torch.sqrt(variance + eps), weight, bias).to(x.dtype)


@impostor(
    "layer_norm",
    diagnosis="In float16 the square of 300 is inf: compute 16 bits in float32.",
    aspect="values",
)
def computes_in_the_dtype_of_x(x, weight=None, bias=None, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    variance = (centred**2).mean(-1, keepdim=True)
    return affine(centred / torch.sqrt(variance + eps), weight, bias)


@impostor(
    "layer_norm",
    diagnosis="The mean and the variance of all of x are taken; each row has its own.",
    aspect="values",
)
def normalises_the_whole_tensor(x, weight=None, bias=None, eps=1e-5):
    wide = widened(x)
    centred = wide - wide.mean()
    result = centred / torch.sqrt((centred**2).mean() + eps)
    return affine(result, weight, bias).to(x.dtype)


@impostor(
    "layer_norm",
    diagnosis="A bias that comes without a weight is left out: each of the two may come alone.",
    aspect="values",
)
def takes_a_bias_with_a_weight_only(x, weight=None, bias=None, eps=1e-5):
    wide = widened(x)
    centred = wide - wide.mean(-1, keepdim=True)
    result = centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + eps)
    if weight is not None:
        result = affine(result, weight, bias)
    return result.to(x.dtype)


@impostor(
    "layer_norm",
    diagnosis="x.float() takes 64 bits down to 32: only 16 bits are to be widened.",
    aspect="values",
)
def computes_all_in_float32(x, weight=None, bias=None, eps=1e-5):
    wide = x.float()
    centred = wide - wide.mean(-1, keepdim=True)
    result = centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + eps)
    return affine(result, weight, bias).to(x.dtype)


@impostor(
    "layer_norm",
    diagnosis="The mean and the variance are detached: gradients of x go through both.",
    aspect="gradient",
)
def detaches_the_statistics(x, weight=None, bias=None, eps=1e-5):
    wide = widened(x)
    mean = wide.mean(-1, keepdim=True).detach()
    variance = ((wide - mean) ** 2).mean(-1, keepdim=True).detach()
    return affine((wide - mean) / torch.sqrt(variance + eps), weight, bias).to(x.dtype)


@impostor(
    "layer_norm",
    diagnosis="It calls torch's own layer norm, which is what the kata makes.",
    aspect="structure",
)
def calls_layer_norm(x, weight=None, bias=None, eps=1e-5):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], weight, bias, eps)


@alternative("layer_norm")
def by_var_mean(x, weight=None, bias=None, eps=1e-5):
    wide = widened(x)
    variance, mean = torch.var_mean(wide, -1, correction=0, keepdim=True)
    return affine((wide - mean) * torch.rsqrt(variance + eps), weight, bias).to(x.dtype)


@alternative("layer_norm")
def by_sums(x, weight=None, bias=None, eps=1e-5):
    wide, size = widened(x), x.shape[-1]
    centred = wide - wide.sum(-1, keepdim=True) / size
    deviation = (torch.einsum("...i,...i->...", centred, centred) / size + eps) ** 0.5
    return affine(centred / deviation[..., None], weight, bias).to(x.dtype)


@alternative("layer_norm")
def in_float64(x, weight=None, bias=None, eps=1e-5):
    wide = x.double()
    centred = wide - wide.mean(-1, keepdim=True)
    result = centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + eps)
    return affine(result, weight, bias).to(x.dtype)


@alternative("layer_norm")
def rounded_before_the_weight(x, weight=None, bias=None, eps=1e-5):
    wide = widened(x)
    centred = wide - wide.mean(-1, keepdim=True)
    result = (centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + eps)).to(x.dtype)
    return affine(result, weight, bias)
