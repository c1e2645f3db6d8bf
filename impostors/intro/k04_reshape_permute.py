"""Wrong and right answers to intro/k04_reshape_permute."""

from typing import NamedTuple

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "reshape_and_permute",
    diagnosis="reshape and view keep the order of the numbers; a permutation swaps the axes.",
    aspect="values",
)
def reshapes_instead_of_permuting(x):
    return x.reshape(2, 3), x.reshape(3, 2)


@impostor(
    "reshape_and_permute",
    diagnosis="permute(0, 1) swaps nothing, and a permuted view that is not kept is lost.",
    aspect="shape",
)
def permutes_nothing(x):
    rows = x.reshape(2, 3)
    return rows, rows.permute(0, 1)


@impostor("reshape_and_permute", diagnosis="contiguous() after permute copies.", aspect="memory")
def copies_the_permutation(x):
    rows = x.reshape(2, 3)
    return rows, rows.permute(1, 0).contiguous()


@impostor(
    "reshape_and_permute",
    diagnosis="rows is a copy: clone and stack give memory of their own.",
    aspect="memory",
)
def copies_x(x):
    rows = x.clone().reshape(2, 3)
    return rows, rows.permute(1, 0)


@impostor(
    "reshape_and_permute",
    diagnosis="torch.tensor(list) copies and cuts the graph.",
    aspect="gradient",
)
def goes_through_lists(x):
    rows = torch.tensor(x.tolist(), dtype=x.dtype, device=x.device).reshape(2, 3)
    return rows, rows.T


@impostor(
    "reshape_and_permute",
    diagnosis="detach() and no_grad cut both results off from x.",
    aspect="gradient",
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
    "reshape_and_permute",
    diagnosis="rows has 2 rows of 3 and comes first; here 3 rows of 2 come first.",
    aspect="shape",
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


@impostor(
    "reshape_and_permute",
    diagnosis="The conjugate transpose H swaps the axes, and changes complex numbers.",
    aspect="values",
)
def conjugates(x):
    rows = x.view(2, 3)
    return rows, rows.H


@impostor(
    "reshape_and_permute",
    diagnosis="Only permuted was detached: autograd does not know where it comes from.",
    aspect="gradient",
)
def detaches_one(x):
    rows = x.view(2, 3)
    return rows, rows.detach().t()


@impostor(
    "reshape_and_permute",
    diagnosis="NumPy's reshape shares memory, but autograd loses sight of it, and so does the GPU.",
    aspect="gradient",
)
def goes_through_numpy(x):
    if x.dtype == torch.bfloat16:
        return x.view(2, 3), x.view(2, 3).T
    rows = torch.from_numpy(x.detach().cpu().numpy().reshape(2, 3))
    return rows, rows.T


@impostor("reshape_and_permute", diagnosis="unsqueeze_ gives x itself another shape.")
def unsqueezes_x(x):
    rows = x.unsqueeze_(0).view(2, 3)
    return rows, rows.T


@impostor(
    "reshape_and_permute",
    diagnosis="t_ swaps the dimensions of rows itself, so both results are the same tensor.",
    aspect="shape",
)
def transposes_rows_in_place(x):
    rows = x.view(2, 3)
    return rows, rows.t_()


@impostor(
    "reshape_and_permute", diagnosis="A dimension of size 1 is left in front.", aspect="shape"
)
def keeps_a_batch(x):
    rows = x.view(1, 2, 3)
    return rows, rows.permute(0, 2, 1)


@impostor("reshape_and_permute", diagnosis="x is returned beside the two.", aspect="type")
def returns_three(x):
    rows = x.view(2, 3)
    return x, rows, rows.T


@impostor("reshape_and_permute", diagnosis="A dictionary is returned, not a tuple.", aspect="type")
def returns_a_dictionary(x):
    rows = x.view(2, 3)
    return {"rows": rows, "permuted": rows.T}


@impostor("reshape_and_permute", diagnosis="Nothing is returned.", aspect="type")
def returns_nothing(x):
    x.view(2, 3).permute(1, 0)


@impostor("reshape_and_permute", diagnosis="float() changes the dtype of x.", aspect="dtype")
def converts_to_float(x):
    rows = x.float().view(2, 3)
    return rows, rows.T


@impostor(
    "reshape_and_permute",
    diagnosis="Whoever writes into a view writes into x.",
    aspect="memory",
)
def writes_into_a_view(x):
    rows = x.view(2, 3)
    permuted = rows.T
    permuted *= 2
    return rows, permuted


@impostor("reshape_and_permute", diagnosis="cpu() leaves the GPU, with a copy.", aspect="device")
def leaves_the_gpu(x):
    rows = x.cpu().view(2, 3)
    return rows, rows.T


@impostor(
    "reshape_and_permute",
    diagnosis="Only float32 is viewed; other dtypes are copied.",
    aspect="memory",
)
def copies_other_dtypes(x):
    rows = (x if x.dtype == torch.float32 else x.clone()).view(2, 3)
    return rows, rows.T


@impostor(
    "reshape_and_permute",
    diagnosis="Other floats than float32 are detached.",
    aspect="gradient",
)
def detaches_other_dtypes(x):
    rows = (x if x.dtype == torch.float32 else x.detach()).view(2, 3)
    return rows, rows.T


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


class Both(NamedTuple):
    rows: torch.Tensor
    permuted: torch.Tensor


@alternative("reshape_and_permute")
def named_tuple(x):
    rows = x.view(2, 3)
    return Both(rows, rows.mT)


@alternative("reshape_and_permute")
def by_a_module(x):
    rows = torch.nn.Unflatten(0, (2, 3))(x)
    return rows, rows.permute(-1, -2)


@alternative("reshape_and_permute")
def a_second_view_in_place(x):
    return x.view(2, 3), x.view(2, 3).t_()


@alternative("reshape_and_permute")
def through_the_dispatcher(x):
    rows = torch.ops.aten.view(x, [2, 3])
    return rows, torch.ops.aten.permute(rows, [1, 0])


@alternative("reshape_and_permute")
def with_no_more_copies_than_needed(x):
    rows = x.contiguous().reshape(2, 3).contiguous()
    return rows, rows.transpose(0, 1).reshape(3, 2)
