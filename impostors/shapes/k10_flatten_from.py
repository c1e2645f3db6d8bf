"""Wrong and right answers to shapes/k10_flatten_from."""

import itertools
import math

import torch
from torch import nn

from dojo.impostors import alternative, impostor


@impostor("flatten_from", diagnosis="clone() copies, needed or not.", aspect="memory")
def always_copies(x, dim):
    return x.clone().flatten(dim)


@impostor(
    "flatten_from",
    diagnosis="contiguous() copies the whole of x where a view of some dimensions was possible.",
    aspect="memory",
)
def makes_contiguous(x, dim):
    return x.contiguous().view(*x.shape[:dim], -1)


@impostor(
    "flatten_from",
    diagnosis="Whole numbers are copied by contiguous() where a view was possible.",
    aspect="memory",
)
def makes_whole_numbers_contiguous(x, dim):
    return (x if x.is_floating_point() else x.contiguous()).flatten(dim)


@impostor(
    "flatten_from",
    diagnosis="The copy is made in float32, which rounds float64 and large integers.",
    aspect="values",
)
def copies_in_float32(x, dim):
    try:
        return x.view(*x.shape[:dim], -1)
    except RuntimeError:
        dtype = x.dtype if x.is_complex() else torch.float32
        return x.to(dtype).reshape(*x.shape[:dim], -1).to(x.dtype)


@impostor(
    "flatten_from",
    diagnosis="view never copies, and raises where a copy is needed.",
    aspect="values",
)
def only_views(x, dim):
    return x.view(*x.shape[:dim], -1)


@impostor(
    "flatten_from",
    diagnosis="as_strided shows other numbers where the dimensions do not follow each other.",
    aspect="values",
)
def strides_over_everything(x, dim):
    if x.dim() == 0:
        return x.view(1)
    return x.as_strided(
        (*x.shape[:dim], math.prod(x.shape[dim:])), (*x.stride()[:dim], x.stride()[-1])
    )


@impostor("flatten_from", diagnosis="dim is ignored: all dimensions become one.", aspect="shape")
def flattens_all(x, dim):
    return x.reshape(-1)


@impostor(
    "flatten_from",
    diagnosis="dim is ignored: the first dimension stays, as for a batch.",
    aspect="shape",
)
def keeps_the_first(x, dim):
    return x.flatten(min(1, x.dim() - 1)) if x.dim() else x.view(1)


@impostor(
    "flatten_from",
    diagnosis="The dimensions up to dim are flattened, not those from dim on.",
    aspect="shape",
)
def flattens_up_to(x, dim):
    return x.flatten(0, dim)


@impostor("flatten_from", diagnosis="dim itself is to be flattened too, not only what follows.")
def begins_too_late(x, dim):
    return x.reshape(*x.shape[: dim + 1], -1)


@impostor(
    "flatten_from",
    diagnosis="`range(dim)` is empty for a negative dim: add x.dim() to it first.",
    aspect="shape",
)
def knows_no_negative_dim(x, dim):
    return x.reshape(*[x.shape[i] for i in range(dim)], -1)


@impostor(
    "flatten_from",
    diagnosis="`dim % x.dim()` divides by zero where x has no dimension.",
    aspect="shape",
)
def divides_by_the_dimensions(x, dim):
    return x.reshape(*x.shape[: dim % x.dim()], -1)


@impostor(
    "flatten_from",
    diagnosis="Stacking and tolist make a new tensor, in its own memory.",
    aspect="memory",
)
def goes_through_a_list(x, dim):
    return torch.tensor(x.tolist(), dtype=x.dtype).flatten(dim)


@impostor(
    "flatten_from",
    diagnosis="A transposition first puts the elements into another order.",
    aspect="values",
)
def reverses_the_order(x, dim):
    return x.mT.flatten(dim) if x.dim() > 1 else x.flatten(dim)


@impostor(
    "flatten_from",
    diagnosis="Along a dimension of size 1 there is no step: its stride forbids no view.",
    aspect="memory",
)
def minds_the_strides_of_size_1(x, dim):
    pairs = list(zip(x.shape, x.stride(), strict=True))[dim if x.dim() else 0 :]
    follows = all(outer == n * inner for (_, outer), (n, inner) in itertools.pairwise(pairs))
    return (x if follows else x.clone()).flatten(dim)


@alternative("flatten_from")
def by_reshape(x, dim):
    return x.reshape((*x.shape[:dim], -1))


@alternative("flatten_from")
def by_trying(x, dim):
    sizes = (*x.size()[:dim], math.prod(x.size()[dim:]))
    try:
        return x.view(sizes)
    except RuntimeError:
        return x.contiguous().view(sizes)


@alternative("flatten_from")
def by_a_layer(x, dim):
    return nn.Flatten(dim, -1)(x)


@alternative("flatten_from")
def two_at_a_time(x, dim):
    if x.dim() == 0:
        return x[None]
    front = dim if dim >= 0 else dim + x.dim()
    while x.dim() > front + 1:
        x = x.flatten(-2)
    return x


@alternative("flatten_from")
def by_strides(x, dim):
    if x.dim() == 0:
        return x.unsqueeze(0)
    dim = dim % x.dim()
    pairs = [(n, s) for n, s in zip(x.shape[dim:], x.stride()[dim:], strict=True) if n != 1]
    sizes = (*x.shape[:dim], math.prod(x.shape[dim:]))
    for (_, outer), (n, inner) in itertools.pairwise(pairs):
        if outer != n * inner:
            return torch.cat([row.reshape(1) for row in x.flatten()]).view(sizes)
    step = pairs[-1][1] if pairs else 1
    return x.as_strided(sizes, (*x.stride()[:dim], step), x.storage_offset())


@alternative("flatten_from")
def by_the_product(x, dim):
    return torch.reshape(x, [*x.shape[:dim], x.shape[dim:].numel()])
