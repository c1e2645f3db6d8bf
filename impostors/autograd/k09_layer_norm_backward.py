"""Wrong and right answers to autograd/k09_layer_norm_backward."""

import torch

from dojo.impostors import alternative, impostor


def normalised(x, eps):
    """(x - mean) / s, and s."""
    s = (x.var(-1, correction=0, keepdim=True) + eps).sqrt()
    return (x - x.mean(-1, keepdim=True)) / s, s


def for_input(g, n, s):
    """The gradient for x, out of that for n."""
    return (g - g.mean(-1, keepdim=True) - n * (g * n).mean(-1, keepdim=True)) / s


def rows(x):
    """x summed over all leading dimensions."""
    return x.reshape(-1, x.shape[-1]).sum(0)


@impostor(
    "layer_norm_backward",
    diagnosis="The weight is multiplied in after the means; the means are those of grad * weight.",
    aspect="values",
)
def multiplies_the_weight_in_last(grad, x, weight, eps=1e-5):
    n, s = normalised(x, eps)
    return for_input(grad, n, s) * weight, rows(grad * n), rows(grad)


@impostor(
    "layer_norm_backward",
    diagnosis="The weight is left out of the gradient for x.",
    aspect="values",
)
def forgets_the_weight(grad, x, weight, eps=1e-5):
    n, s = normalised(x, eps)
    return for_input(grad, n, s), rows(grad * n), rows(grad)


@impostor(
    "layer_norm_backward",
    diagnosis="The last part is missing: the deviation depends on x too.",
    aspect="values",
)
def forgets_the_part_of_the_deviation(grad, x, weight, eps=1e-5):
    (n, s), g = normalised(x, eps), grad * weight
    return (g - g.mean(-1, keepdim=True)) / s, rows(grad * n), rows(grad)


@impostor(
    "layer_norm_backward",
    diagnosis="The mean and the deviation are taken for constants; both depend on x.",
    aspect="values",
)
def takes_the_statistics_for_constants(grad, x, weight, eps=1e-5):
    n, s = normalised(x, eps)
    return grad * weight / s, rows(grad * n), rows(grad)


@impostor(
    "layer_norm_backward",
    diagnosis="The variance is divided by d - 1; layer norm divides by d.",
    aspect="values",
)
def takes_the_unbiased_variance(grad, x, weight, eps=1e-5):
    variance = x.var(-1, keepdim=True) if x.shape[-1] > 1 else x * 0
    s = (variance + eps).sqrt()
    n = (x - x.mean(-1, keepdim=True)) / s
    return for_input(grad * weight, n, s), rows(grad * n), rows(grad)


@impostor(
    "layer_norm_backward",
    diagnosis="eps is added to the deviation; it belongs to the variance, under the root.",
    aspect="values",
)
def adds_eps_to_the_deviation(grad, x, weight, eps=1e-5):
    s = x.var(-1, correction=0, keepdim=True).sqrt() + eps
    n = (x - x.mean(-1, keepdim=True)) / s
    return for_input(grad * weight, n, s), rows(grad * n), rows(grad)


@impostor(
    "layer_norm_backward",
    diagnosis="E[x²] - E[x]² loses its digits where the mean is large: subtract it first.",
    aspect="values",
)
def squares_before_it_subtracts(grad, x, weight, eps=1e-5):
    mean = x.mean(-1, keepdim=True)
    s = (((x**2).mean(-1, keepdim=True) - mean**2).clamp(min=0) + eps).sqrt()
    n = (x - mean) / s
    return for_input(grad * weight, n, s), rows(grad * n), rows(grad)


@impostor(
    "layer_norm_backward",
    diagnosis="The gradients for weight and bias are summed over the first dimension alone.",
    aspect="shape",
)
def sums_over_the_first_dimension(grad, x, weight, eps=1e-5):
    n, s = normalised(x, eps)
    return for_input(grad * weight, n, s), (grad * n).sum(0), grad.sum(0)


@impostor(
    "layer_norm_backward",
    diagnosis="For a single row the tuple of leading dimensions is empty, and torch then sums over"
    " everything.",
    aspect="shape",
)
def sums_over_an_empty_tuple(grad, x, weight, eps=1e-5):
    (n, s), leading = normalised(x, eps), tuple(range(x.dim() - 1))
    return for_input(grad * weight, n, s), (grad * n).sum(leading), grad.sum(leading)


@impostor(
    "layer_norm_backward",
    diagnosis="For a single row grad itself comes back for bias; results have memory of their own.",
    aspect="memory",
)
def gives_grad_itself(grad, x, weight, eps=1e-5):
    n, s = normalised(x, eps)
    for_bias = grad if x.dim() == 1 else rows(grad)
    return for_input(grad * weight, n, s), rows(grad * n), for_bias


@impostor(
    "layer_norm_backward",
    diagnosis="The gradients for weight and bias are averaged over the rows; they add up.",
    aspect="values",
)
def averages_over_the_rows(grad, x, weight, eps=1e-5):
    n, s = normalised(x, eps)
    count = max(1, x.numel() // x.shape[-1])
    return for_input(grad * weight, n, s), rows(grad * n) / count, rows(grad) / count


@impostor(
    "layer_norm_backward",
    diagnosis="The gradient for weight is made of x; it is to be made of (x - mean) / s.",
    aspect="values",
)
def multiplies_by_x_itself(grad, x, weight, eps=1e-5):
    n, s = normalised(x, eps)
    return for_input(grad * weight, n, s), rows(grad * x), rows(grad)


@impostor(
    "layer_norm_backward",
    diagnosis="It has autograd differentiate layer norm, which the kata is to do by hand.",
    aspect="structure",
)
def asks_autograd(grad, x, weight, eps=1e-5):
    x, weight = x.detach().requires_grad_(), weight.detach().requires_grad_()
    bias = torch.zeros_like(weight).requires_grad_()
    result = torch.nn.functional.layer_norm(x, weight.shape, weight, bias, eps)
    return torch.autograd.grad(result, (x, weight, bias), grad.detach())


@impostor(
    "layer_norm_backward",
    diagnosis="torch's own backward of layer norm is forbidden: its formulas are the kata.",
    aspect="structure",
)
def calls_layer_norm_backward(grad, x, weight, eps=1e-5):
    grad, x, weight = (one.detach().contiguous() for one in (grad, x, weight))
    _, mean, rstd = torch.native_layer_norm(x, weight.shape, weight, None, eps)
    backward = torch.ops.aten.native_layer_norm_backward
    return backward(grad, x, weight.shape, mean, rstd, weight, weight, [True, True, True])


@alternative("layer_norm_backward")
def by_native_layer_norm(grad, x, weight, eps=1e-5):
    n, _, inverse = torch.native_layer_norm(x.detach(), weight.shape, None, None, eps)
    g, d = grad * weight, x.shape[-1]
    sums = g.sum(-1, keepdim=True), (g * n).sum(-1, keepdim=True)
    for_x = (d * g - sums[0] - n * sums[1]) * (inverse / d)
    return for_x, torch.einsum("...d,...d->d", grad, n), torch.einsum("...d->d", grad).clone()


@alternative("layer_norm_backward")
@torch.no_grad()
def way_by_way(grad, x, weight, eps=1e-5):
    d = x.shape[-1]
    variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
    inverse, centred = torch.rsqrt(variance + eps), x - mean
    g = grad * weight
    of_variance = (g * centred).sum(-1, keepdim=True) * -0.5 * inverse**3
    of_mean = -(g * inverse).sum(-1, keepdim=True)
    for_x = g * inverse + of_variance * 2 * centred / d + of_mean / d
    leading = list(range(x.dim() - 1))
    products = grad * centred * inverse
    if not leading:
        return for_x, products, grad.clone()
    return for_x, products.sum(leading), grad.sum(leading)


@alternative("layer_norm_backward")
def by_the_jacobian(grad, x, weight, eps=1e-5):
    n, s = normalised(x, eps)
    d = x.shape[-1]
    one = torch.eye(d, dtype=x.dtype, device=x.device) - 1 / d
    jacobian = (one - n[..., :, None] * n[..., None, :] / d) / s[..., None]
    for_x = ((grad * weight)[..., None, :] @ jacobian).squeeze(-2)
    ones = torch.ones_like(x[..., 0]).flatten()
    return for_x, ones @ (grad * n).reshape(-1, d), ones @ grad.reshape(-1, d)


@alternative("layer_norm_backward")
def in_float64(grad, x, weight, eps=1e-5):
    dtype = x.dtype
    grad, x, weight = grad.detach().double(), x.detach().double(), weight.detach().double()
    n, s = normalised(x, eps)
    results = for_input(grad * weight, n, s), rows(grad * n), rows(grad)
    return tuple(one.to(dtype).clone() for one in results)
