"""Wrong and right answers to indexing/k11_bilinear."""

import torch
from torch import nn

from dojo.impostors import alternative, impostor


@impostor(
    "bilinear",
    diagnosis="Each w[o] is transposed: its rows belong to x and its columns to y.",
    aspect="values",
)
def transposes_w(x, w, y):
    return torch.einsum("bi,oji,bj->bo", x, w, y)


@impostor(
    "bilinear",
    diagnosis="The products are flattened with j before i, the numbers of w with i before j.",
    aspect="values",
)
def flattens_in_another_order(x, w, y):
    products = (y[:, :, None] * x[:, None, :]).flatten(1)
    return products @ w.reshape(w.shape[0], -1).T


@impostor(
    "bilinear",
    diagnosis="A third letter for the samples of y pairs each x with each y.",
    aspect="shape",
)
def pairs_everything(x, w, y):
    return torch.einsum("bi,oij,cj->bco", x, w, y)


@impostor(
    "bilinear",
    diagnosis="Each row of x is joined with the rows of y of all samples, summed.",
    aspect="values",
)
def sums_over_the_batch(x, w, y):
    return torch.einsum("bi,oij,cj->bo", x, w, y)


@impostor("bilinear", diagnosis="The result has its outputs first: (o, B).", aspect="shape")
def puts_outputs_first(x, w, y):
    return torch.einsum("bi,oij,bj->ob", x, w, y)


@impostor(
    "bilinear",
    diagnosis="squeeze takes every dimension of size 1, a batch of one sample too.",
    aspect="shape",
)
def squeezes(x, w, y):
    rows = x[:, None, None, :] @ w @ y[:, None, :, None]
    return rows.squeeze()


@impostor(
    "bilinear",
    diagnosis="The mean over i and j is not their sum.",
    aspect="values",
)
def takes_the_mean(x, w, y):
    return (x[:, None, :, None] * w * y[:, None, None, :]).mean((2, 3))


@impostor(
    "bilinear",
    diagnosis="w.data, and with it a layer made from w, hides w from autograd.",
    aspect="gradient",
)
def hides_w(x, w, y):
    return torch.einsum("bi,oij,bj->bo", x, w.data, y)


@impostor("bilinear", diagnosis="double() makes float64 of everything.", aspect="dtype")
def stays_in_float64(x, w, y):
    return torch.einsum("bi,oij,bj->bo", x.double(), w.double(), y.double())


@impostor("bilinear", diagnosis="float64 input is rounded to float32.", aspect="values")
def rounds_to_float32(x, w, y):
    return torch.einsum("bi,oij,bj->bo", x.float(), w.float(), y.float()).to(x.dtype)


@impostor(
    "bilinear",
    diagnosis="view only takes a w whose numbers lie in memory in their order.",
    aspect="values",
)
def views_w_flat(x, w, y):
    return (x[:, :, None] * y[:, None, :]).flatten(1) @ w.view(w.shape[0], -1).T


@alternative("bilinear")
def functional(x, w, y):
    return nn.functional.bilinear(x, y, w)


@alternative("bilinear")
def broadcasts_and_sums(x, w, y):
    return (x[:, None, :, None] * w * y[:, None, None, :]).sum((2, 3))


@alternative("bilinear")
def multiplies_by_each_matrix(x, w, y):
    return ((x @ w) * y).sum(-1).T


@alternative("bilinear")
def flattens_the_outer_products(x, w, y):
    return torch.einsum("bi,bj->bij", x, y).flatten(1) @ w.flatten(1).T


@alternative("bilinear")
def number_by_number(x, w, y):
    return torch.stack([torch.stack([a @ matrix @ b for matrix in w]) for a, b in zip(x, y)])


@alternative("bilinear")
def by_tensordot(x, w, y):
    return torch.bmm(torch.tensordot(x, w, dims=([1], [1])), y.unsqueeze(2)).squeeze(2)


@alternative("bilinear")
def mapped_over_samples(x, w, y):
    return torch.vmap(lambda a, b: (w @ b) @ a)(x, y)


@alternative("bilinear")
def a_layer_with_these_weights(x, w, y):
    o, i, j = w.shape
    layer = nn.Bilinear(i, j, o, bias=False, device="meta")  # so that it draws no weights
    return torch.func.functional_call(layer, {"weight": w}, (x, y))
