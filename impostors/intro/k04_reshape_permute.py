"""Wrong and right answers to intro/k04_reshape_permute."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "reshape_and_permute",
    diagnosis="reshape(3, 2) keeps the order of the numbers; a permutation swaps the axes.",
    aspect="values",
)
def reshapes_instead_of_permuting(x):
    return x.reshape(2, 3), x.reshape(3, 2)


@impostor("reshape_and_permute", diagnosis="view(3, 2) of the rows swaps no axes.", aspect="values")
def views_instead_of_permuting(x):
    rows = x.view(2, 3)
    return rows, rows.view(3, 2)


@impostor(
    "reshape_and_permute",
    diagnosis="permute(0, 1) leaves the dimensions in their order.",
    aspect="shape",
)
def permutes_nothing(x):
    rows = x.reshape(2, 3)
    return rows, rows.permute(0, 1)


@impostor(
    "reshape_and_permute",
    diagnosis="permute returns a new view, which is dropped here.",
    aspect="shape",
)
def drops_the_permutation(x):
    rows = x.reshape(2, 3)
    rows.permute(1, 0)
    return rows, rows


@impostor("reshape_and_permute", diagnosis="contiguous() after permute copies.", aspect="memory")
def copies_the_permutation(x):
    rows = x.reshape(2, 3)
    return rows, rows.permute(1, 0).contiguous()


@impostor("reshape_and_permute", diagnosis="clone() copies x first.", aspect="memory")
def copies_x(x):
    rows = x.clone().reshape(2, 3)
    return rows, rows.permute(1, 0)


@impostor(
    "reshape_and_permute", diagnosis="rows is a copy, permuted is a view of it.", aspect="memory"
)
def builds_rows_from_slices(x):
    rows = torch.stack([x[:3], x[3:]])
    return rows, rows.T


@impostor(
    "reshape_and_permute",
    diagnosis="torch.tensor(list) copies and cuts the graph.",
    aspect="gradient",
)
def goes_through_lists(x):
    rows = torch.tensor(x.tolist(), dtype=x.dtype, device=x.device).reshape(2, 3)
    return rows, rows.T


@impostor(
    "reshape_and_permute", diagnosis="detach() cuts both results off from x.", aspect="gradient"
)
def detaches(x):
    rows = x.detach().reshape(2, 3)
    return rows, rows.permute(1, 0)


@impostor("reshape_and_permute", diagnosis="A list is returned, not a tuple.", aspect="type")
def returns_a_list(x):
    rows = x.reshape(2, 3)
    return [rows, rows.permute(1, 0)]


@impostor("reshape_and_permute", diagnosis="Only the permutation is returned.", aspect="type")
def returns_the_permutation_only(x):
    return x.reshape(2, 3).permute(1, 0)


@impostor(
    "reshape_and_permute", diagnosis="The two results are in the wrong order.", aspect="shape"
)
def swaps_the_results(x):
    rows = x.reshape(2, 3)
    return rows.permute(1, 0), rows


@impostor(
    "reshape_and_permute",
    diagnosis="The numbers are put into columns: x.reshape(3, 2).T is not in order.",
    aspect="values",
)
def fills_columns_first(x):
    permuted = x.reshape(3, 2)
    return permuted.T, permuted


@impostor("reshape_and_permute", diagnosis="resize_ changes x itself.", aspect="memory")
def resizes_x(x):
    x.resize_(2, 3)
    return x, x.permute(1, 0)


@impostor(
    "reshape_and_permute",
    diagnosis="x.shape = … or set_ turns x itself into a matrix.",
    aspect="memory",
)
def reshapes_x_in_place(x):
    x.data = x.data.view(2, 3)
    return x, x.T


@impostor(
    "reshape_and_permute",
    diagnosis="as_strided without an offset begins at the start of the memory, not at x.",
    aspect="values",
)
def forgets_the_offset(x):
    return x.as_strided((2, 3), (3, 1), 0), x.as_strided((3, 2), (1, 3), 0)


@impostor("reshape_and_permute", diagnosis="flip reverses the order, and copies.", aspect="values")
def flips(x):
    rows = x.reshape(2, 3)
    return rows, rows.T.flip(0)


@alternative("reshape_and_permute")
def unflatten_and_t(x):
    rows = x.unflatten(0, (2, 3))
    return rows, rows.T


@alternative("reshape_and_permute")
def view_and_transpose(x):
    rows = x.view(2, -1)
    return rows, rows.transpose(0, 1)


@alternative("reshape_and_permute")
def as_strided(x):
    start = x.storage_offset()
    return x.as_strided((2, 3), (3, 1), start), x.as_strided((3, 2), (1, 3), start)


@alternative("reshape_and_permute")
def unfold(x):
    rows = x.unfold(0, 3, 3)
    return rows, torch.swapaxes(rows, 0, 1)


@alternative("reshape_and_permute")
def einsum(x):
    rows = torch.reshape(x, (2, 3))
    return rows, torch.einsum("ij->ji", rows)


@alternative("reshape_and_permute")
def separately(x):
    return x.reshape(2, 3), torch.permute(x.view(2, 3), (1, 0))


@alternative("reshape_and_permute")
def movedim(x):
    rows = x[None].reshape(2, 3)
    return (rows, rows.movedim(0, 1))
