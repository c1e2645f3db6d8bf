"""Wrong and right answers to autograd/k01_gradient_by_hand."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "gradient_by_hand",
    diagnosis="It divides by the n samples alone; the mean of the loss is that of n * k entries.",
    aspect="values",
)
def divides_by_the_samples(x, w, b, t):
    y = torch.tanh(x @ w + b)
    of_sums = 2 / x.shape[0] * (y - t) * (1 - y * y)
    return x.T @ of_sums, of_sums.sum(0)


@impostor(
    "gradient_by_hand",
    diagnosis="1 - z² is taken from the input z of tanh; the slope of tanh is 1 - tanh(z)².",
    aspect="values",
)
def takes_the_slope_from_the_input(x, w, b, t):
    z = x @ w + b
    of_sums = 2 / z.numel() * (torch.tanh(z) - t) * (1 - z * z)
    return x.T @ of_sums, of_sums.sum(0)


@impostor(
    "gradient_by_hand",
    diagnosis="The gradient of b is averaged over the samples; b is added in each, so it is a sum.",
    aspect="values",
)
def averages_the_gradient_of_b(x, w, b, t):
    y = torch.tanh(x @ w + b)
    of_sums = 2 / y.numel() * (y - t) * (1 - y * y)
    return x.T @ of_sums, of_sums.mean(0)


@impostor(
    "gradient_by_hand",
    diagnosis="The gradient of b still has a row for each sample; b has none: sum over the rows.",
    aspect="shape",
)
def leaves_a_row_for_each_sample(x, w, b, t):
    y = torch.tanh(x @ w + b)
    of_sums = 2 / y.numel() * (y - t) * (1 - y * y)
    return x.T @ of_sums, of_sums


@impostor(
    "gradient_by_hand",
    diagnosis="The gradient of b is summed over the k outputs too, into one number.",
    aspect="shape",
)
def sums_the_gradient_of_b_over_all(x, w, b, t):
    y = torch.tanh(x @ w + b)
    of_sums = 2 / y.numel() * (y - t) * (1 - y * y)
    return x.T @ of_sums, of_sums.sum()


@impostor(
    "gradient_by_hand",
    diagnosis="The factor 2 is missing: the slope of e² is 2 * e.",
    aspect="values",
)
def forgets_the_factor_of_the_square(x, w, b, t):
    y = torch.tanh(x @ w + b)
    of_sums = (y - t) * (1 - y * y) / y.numel()
    return x.T @ of_sums, of_sums.sum(0)


@impostor(
    "gradient_by_hand",
    diagnosis="The slope of tanh is missing: the error goes back as if tanh were not there.",
    aspect="values",
)
def forgets_tanh(x, w, b, t):
    y = torch.tanh(x @ w + b)
    of_sums = 2 / y.numel() * (y - t)
    return x.T @ of_sums, of_sums.sum(0)


@impostor(
    "gradient_by_hand",
    diagnosis="t - y in place of y - t: the gradients point the other way.",
    aspect="values",
)
def turns_the_sign(x, w, b, t):
    y = torch.tanh(x @ w + b)
    of_sums = 2 / y.numel() * (t - y) * (1 - y * y)
    return x.T @ of_sums, of_sums.sum(0)


@impostor(
    "gradient_by_hand",
    diagnosis="tanh is made of exp, which overflows where the sums are large: inf / inf is NaN.",
    aspect="values",
)
def makes_tanh_of_exp(x, w, b, t):
    power = torch.exp(2 * (x @ w + b))
    y = (power - 1) / (power + 1)
    of_sums = 2 / y.numel() * (y - t) * (1 - y * y)
    return x.T @ of_sums, of_sums.sum(0)


@impostor(
    "gradient_by_hand",
    diagnosis="It has autograd compute the gradients, which the kata is to do by hand.",
    aspect="structure",
)
def asks_autograd(x, w, b, t):
    w, b = w.detach().requires_grad_(), b.detach().requires_grad_()
    loss = ((torch.tanh(x.detach() @ w + b) - t.detach()) ** 2).mean()
    return torch.autograd.grad(loss, (w, b))


@impostor(
    "gradient_by_hand",
    diagnosis="torch's own tanh_backward is forbidden: its formula is a part of the kata.",
    aspect="structure",
)
def calls_tanh_backward(x, w, b, t):
    y = torch.tanh(x @ w + b)
    of_sums = torch.ops.aten.tanh_backward(2 / y.numel() * (y - t), y)
    return x.T @ of_sums, of_sums.sum(0)


@alternative("gradient_by_hand")
def by_einsum(x, w, b, t):
    n, k = t.shape
    y = torch.tanh(torch.einsum("nd,dk->nk", x, w) + b[None, :])
    errors = (y - t).mul(2.0).div(n * k)
    of_sums = errors - errors * y.square()
    return torch.einsum("nd,nk->dk", x, of_sums), torch.einsum("nk->k", of_sums)


@alternative("gradient_by_hand")
def by_cosh(x, w, b, t):
    z = torch.addmm(b, x, w)
    of_sums = 2 * (z.tanh() - t) / torch.cosh(z) ** 2 / t.numel()
    with_ones = torch.cat([x, torch.ones_like(x[:, :1])], 1)
    both = with_ones.mT @ of_sums
    return both[:-1].clone(), both[-1].clone()


@alternative("gradient_by_hand")
def sample_by_sample(x, w, b, t):
    for_w, for_b = torch.zeros_like(w), torch.zeros_like(b)
    for row, target in zip(x.detach(), t.detach(), strict=True):
        y = torch.tanh(row @ w.detach() + b.detach())
        of_sums = (y - target) * (1 - y) * (1 + y)
        for_w += torch.outer(row, of_sums)
        for_b += of_sums
    return for_w * 2 / t.numel(), for_b * 2 / t.numel()


@alternative("gradient_by_hand")
@torch.no_grad()
def in_float64_by_broadcasting(x, w, b, t):
    dtype = x.dtype
    x, w, b, t = x.double(), w.double(), b.double(), t.double()
    y = 2 * torch.sigmoid(2 * (x @ w + b)) - 1
    of_sums = 2 * (y - t) * (1 - y**2)
    for_w = (x[:, :, None] * of_sums[:, None, :]).sum(0) / t.numel()
    return for_w.to(dtype), (of_sums.sum(0) / t.numel()).to(dtype)
