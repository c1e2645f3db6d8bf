"""Wrong and right answers to autograd/k07_matmul_backward."""

import itertools
import math

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "matmul_backward",
    diagnosis="`.T` reverses all dimensions; only the last two are to be swapped.",
    aspect="shape",
)
def reverses_all_dimensions(grad, a, b):
    order_a, order_b = range(a.dim() - 1, -1, -1), range(b.dim() - 1, -1, -1)
    for_a, for_b = grad @ b.permute(*order_b), a.permute(*order_a) @ grad
    return for_a.sum_to_size(a.shape), for_b.sum_to_size(b.shape)


@impostor(
    "matmul_backward",
    diagnosis="It multiplies grad by b as it is; each row of grad meets the rows of b transposed.",
    aspect="values",
)
def forgets_to_transpose(grad, a, b):
    fits = grad.shape[-1] == b.shape[-2]
    for_a = grad @ b if fits else grad @ b.mT
    return for_a.sum_to_size(a.shape), (a.mT @ grad).sum_to_size(b.shape)


@impostor(
    "matmul_backward",
    diagnosis="The leading dimensions stay as broadcasting made them; they are to be summed.",
    aspect="shape",
)
def leaves_the_batch(grad, a, b):
    return grad @ b.mT, a.mT @ grad


@impostor(
    "matmul_backward",
    diagnosis="It sums the dimensions in front, and leaves those that were stretched from 1.",
    aspect="shape",
)
def leaves_stretched_dimensions(grad, a, b):
    for_a, for_b = grad @ b.mT, a.mT @ grad
    while for_a.dim() > a.dim():
        for_a = for_a.sum(0)
    while for_b.dim() > b.dim():
        for_b = for_b.sum(0)
    return for_a, for_b


@impostor(
    "matmul_backward",
    diagnosis="`squeeze` takes away true sizes of 1 too: each gradient has its input's shape.",
    aspect="shape",
)
def squeezes_the_result(grad, a, b):
    for_a, for_b = (grad @ b.mT).sum_to_size(a.shape), (a.mT @ grad).sum_to_size(b.shape)
    return for_a.squeeze(), for_b.squeeze()


@impostor(
    "matmul_backward",
    diagnosis="The gradients come back in the wrong order: that for a is first.",
    aspect="shape",
)
def swaps_the_results(grad, a, b):
    return (a.mT @ grad).sum_to_size(b.shape), (grad @ b.mT).sum_to_size(a.shape)


@impostor(
    "matmul_backward",
    diagnosis="The uses of a matrix are averaged; their gradients add up.",
    aspect="values",
)
def averages_over_the_batch(grad, a, b):
    def averaged(full, shape):
        count = math.prod(full.shape) / math.prod(shape) if math.prod(shape) else 1
        return full.sum_to_size(shape) / (count or 1)

    return averaged(grad @ b.mT, a.shape), averaged(a.mT @ grad, b.shape)


@impostor(
    "matmul_backward",
    diagnosis="Both factors are summed before they are multiplied: a sum of products is another"
    " number than the product of sums.",
    aspect="values",
)
def sums_before_it_multiplies(grad, a, b):
    def flat(x):
        return x.sum(tuple(range(x.dim() - 2))) if x.dim() > 2 else x

    for_a, for_b = (grad @ b.mT).sum_to_size(a.shape), (a.mT @ grad).sum_to_size(b.shape)
    if b.dim() == 2 and a.dim() > 2:
        for_b = flat(a).mT @ flat(grad)
    return for_a, for_b


@impostor(
    "matmul_backward",
    diagnosis="`reshape(-1, size)` flattens the batch, and cannot tell the size of a dimension"
    " where there is nothing.",
    aspect="shape",
)
def flattens_what_is_empty(grad, a, b):
    if b.dim() == 2:
        rows, of_rows = a.reshape(-1, a.shape[-1]), grad.reshape(-1, grad.shape[-1])
        return grad @ b.mT, rows.mT @ of_rows
    return (grad @ b.mT).sum_to_size(a.shape), (a.mT @ grad).sum_to_size(b.shape)


@impostor(
    "matmul_backward",
    diagnosis="It has autograd compute the gradients, which the kata is to do by hand.",
    aspect="structure",
)
def asks_autograd(grad, a, b):
    a, b = a.detach().requires_grad_(), b.detach().requires_grad_()
    return torch.autograd.grad(a @ b, (a, b), grad.detach())


@alternative("matmul_backward")
def by_einsum(grad, a, b):
    for_a = torch.einsum("...nm,...km->...nk", grad, b)
    for_b = torch.einsum("...nk,...nm->...km", a, grad)
    return for_a.sum_to_size(a.shape), for_b.sum_to_size(b.shape)


@alternative("matmul_backward")
def by_one_sum(grad, a, b):
    def summed(full, shape):
        lead = full.dim() - len(shape)
        padded = (1,) * lead + tuple(shape)
        dims = [n for n, (big, small) in enumerate(zip(full.shape, padded)) if big != small]
        return (full.sum(dims, keepdim=True) if dims else full).reshape(shape)

    return (
        summed(torch.matmul(grad, b.transpose(-1, -2)), a.shape),
        summed(torch.matmul(a.transpose(-1, -2), grad), b.shape),
    )


@alternative("matmul_backward")
@torch.no_grad()
def by_products_of_entries(grad, a, b):
    for_a = (grad[..., :, None, :] * b[..., None, :, :]).sum(-1)
    for_b = (a[..., :, :, None] * grad[..., :, None, :]).sum(-3)
    return for_a.sum_to_size(a.shape).clone(), for_b.sum_to_size(b.shape).clone()


@alternative("matmul_backward")
def product_by_product(grad, a, b):
    grad, a, b = grad.detach(), a.detach(), b.detach()
    lead = grad.shape[:-2]
    for_a, for_b = a.new_zeros(a.shape), b.new_zeros(b.shape)
    each_a, each_b, all_a, all_b = (
        one.expand(*lead, *one.shape[-2:]) for one in (for_a, for_b, a, b)
    )
    for place in itertools.product(*map(range, lead)):
        each_a[place] += grad[place] @ all_b[place].T
        each_b[place] += all_a[place].T @ grad[place]
    return for_a, for_b
