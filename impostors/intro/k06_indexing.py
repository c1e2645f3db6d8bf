"""Wrong and right answers to intro/k06_indexing."""

import functools
import operator

import torch

from dojo.impostors import alternative, impostor

BUFFER = torch.zeros(4, dtype=torch.int64)
KEPT = {}
TAKE_LAST = operator.itemgetter((slice(None, 2), -1))


# second_column


@impostor(
    "second_column",
    diagnosis="It takes the second row, not the second column: the first index counts rows.",
    aspect="shape",
)
def takes_the_row(x):
    return x[1]


@impostor(
    "second_column",
    diagnosis="It takes the third column: counting begins at 0, so the second one is number 1.",
    aspect="values",
)
def counts_columns_from_one(x):
    return x[:, 2]


@impostor(
    "second_column",
    diagnosis="It keeps the column's own dimension, of size 1; a number as index drops it.",
    aspect="shape",
)
def keeps_the_column_dimension(x):
    return x[:, 1:2]


@impostor(
    "second_column",
    diagnosis="It views x as one line, which needs contiguous memory; x may have any strides.",
    aspect="values",
)
def flattens_by_view(x):
    return x.view(-1)[1::4]


@impostor(
    "second_column",
    diagnosis="It reads x's memory by the strides of a contiguous x; x may have others.",
    aspect="values",
)
def assumes_the_strides(x):
    return x.as_strided((3,), (4,), x.storage_offset() + 1)


@impostor(
    "second_column",
    diagnosis="It multiplies by 0 and adds up, which turns an inf or NaN elsewhere in x into NaN.",
    aspect="values",
)
def multiplies_by_a_unit_vector(x):
    unit = torch.tensor([0, 1, 0, 0], dtype=x.dtype, device=x.device)
    return (x * unit).sum(1).to(x.dtype)


@impostor(
    "second_column",
    diagnosis="It goes through float32, which has too few digits for float64 and large integers.",
    aspect="values",
)
def goes_through_float(x):
    return x.float()[:, 1].to(x.dtype)


@impostor(
    "second_column",
    diagnosis="It lets torch.tensor guess the dtype from Python's numbers instead of keeping x's.",
    aspect="dtype",
)
def lets_the_dtype_be_guessed(x):
    return torch.tensor([row[1] for row in x.tolist()], device=x.device)


@impostor(
    "second_column",
    diagnosis="It makes a new tensor, which lies on the CPU wherever x lies.",
    aspect="device",
)
def builds_it_on_the_cpu(x):
    return torch.tensor([row[1] for row in x.tolist()], dtype=x.dtype)


@impostor(
    "second_column",
    diagnosis="It goes through NumPy, which has no bfloat16.",
    aspect="dtype",
)
def goes_through_numpy(x):
    return torch.from_numpy(x.cpu().numpy()[:, 1].copy()).to(x.device)


@impostor(
    "second_column",
    diagnosis="It transposes x itself: a method whose name ends in an underscore works in place.",
    aspect="memory",
)
def transposes_x_in_place(x):
    return x.t_()[1]


@impostor(
    "second_column",
    diagnosis="It keeps its result for x and returns it again, though x was written to since.",
    aspect="memory",
)
def remembers_a_copy(x):
    if x not in KEPT:
        KEPT[x] = x[:, 1].clone()
    return KEPT[x]


# first_row


@impostor(
    "first_row",
    diagnosis="It takes the second row: counting begins at 0, so the first one is number 0.",
    aspect="values",
)
def counts_rows_from_one(x):
    return x[1]


@impostor(
    "first_row",
    diagnosis="It takes the first column, not the first row: the first index counts rows.",
    aspect="shape",
)
def takes_the_column(x):
    return x[:, 0]


@impostor(
    "first_row",
    diagnosis="It keeps the row's own dimension, of size 1; a number as index drops it.",
    aspect="shape",
)
def keeps_the_row_dimension(x):
    return x[0:1]


@impostor(
    "first_row",
    diagnosis="It leaves out the last column: a slice ends before its second number.",
    aspect="shape",
)
def leaves_out_the_last_column(x):
    return x[0, :3]


@impostor(
    "first_row",
    diagnosis="It works the row out but returns nothing: a function needs a return for that.",
    aspect="type",
)
def returns_nothing(x):
    x[0]


@impostor(
    "first_row",
    diagnosis="It has autograd track x itself from now on, though x was to stay as it is.",
    aspect="memory",
)
def asks_x_to_require_grad(x):
    return x.requires_grad_()[0].detach() if x.is_floating_point() else x[0]


@impostor(
    "first_row",
    diagnosis="It fills one and the same tensor at each call, so earlier results change.",
    aspect="memory",
)
def fills_a_buffer(x):
    if x.dtype == BUFFER.dtype and x.device.type == "cpu":
        return BUFFER.copy_(x[0])
    return x[0]


# last_column_of_first_two_rows


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="It takes one row where two are asked for: a slice ends before its second number.",
    aspect="shape",
)
def ends_the_slice_too_early(x):
    return x[0:1, 3]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="It takes the last two rows, not the first two: the first row is number 0.",
    aspect="values",
)
def begins_at_the_second_row(x):
    return x[1:3, 3]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="It keeps the column's own dimension, of size 1, as a slice does.",
    aspect="shape",
)
def keeps_the_last_dimension(x):
    return x[:2, -1:]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="It takes all three rows, not the first two.",
    aspect="shape",
)
def takes_all_rows(x):
    return x[:, -1]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="It indexes the rows twice: x[:2] is a matrix, and [-1] takes the last row of it.",
    aspect="shape",
)
def indexes_twice(x):
    return x[:2][-1]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="It swaps the two indices and takes the first two numbers of the last row.",
    aspect="values",
)
def swaps_the_indices(x):
    return x[-1, :2]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="It returns two tensors of one number each, not one tensor of two.",
    aspect="type",
)
def returns_two_numbers(x):
    return x[0, -1], x[1, -1]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="It replaces inf and NaN by other numbers, though x's numbers were asked for.",
    aspect="values",
)
def replaces_inf_and_nan(x):
    return x[:2, -1].nan_to_num()


# right answers


@alternative("second_column")
def index_select(x):
    return torch.index_select(x, 1, torch.tensor([1], device=x.device)).squeeze(1)


@alternative("second_column")
def by_numpy_where_it_can(x):
    if x.dtype == torch.bfloat16:
        return x.select(1, 1)
    return torch.from_numpy(x.cpu().numpy()[:, 1].copy()).to(x.device)


@alternative("second_column")
def written_to_out(x):
    result = torch.zeros(3, dtype=x.dtype, device=x.device)
    index = torch.tensor([1], device=x.device)
    torch.index_select(x, 1, index, out=result.view(3, 1))
    return result


@alternative("second_column")
def a_tensor_of_tensors(x):
    return torch.tensor([x[i][1] for i in range(3)], dtype=x.dtype, device=x.device)


@alternative("second_column")
def rolled_to_the_front(x):
    return x.roll(-1, 1)[:, 0]


@alternative("second_column")
def stacks_the_numbers(x):
    return torch.stack([row[1] for row in x])


@alternative("second_column")
def through_lists(x):
    return torch.tensor([row[1] for row in x.tolist()], dtype=x.dtype, device=x.device)


@alternative("second_column")
def by_a_mask(x):
    return x[:, torch.tensor([False, True, False, False])].flatten()


@alternative("second_column")
def by_the_flat_order(x):
    return x.reshape(-1)[1::4]


@alternative("second_column")
def with_its_own_strides(x):
    return x.as_strided((3,), (x.stride(0),), x.storage_offset() + x.stride(1))


@alternative("second_column")
def in_place_on_a_clone(x):
    return x.clone().t_()[1]


@alternative("second_column")
def writes_into_a_new_tensor(x):
    result = torch.empty(3, dtype=x.dtype, device=x.device)
    for i in range(3):
        result[i] = x[i, 1]
    return result


@alternative("second_column")
def as_a_frozen_parameter(x):
    return torch.nn.Parameter(x[:, 1], requires_grad=False)


@alternative("second_column")
@functools.lru_cache(maxsize=None)
def remembers_views(x):
    return x[:, 1]


@alternative("first_row")
def next_of_the_rows(x):
    return next(iter(x))


@alternative("first_row")
@torch.inference_mode()
def without_autograd(x):
    return x[0, ...].clone()


@alternative("last_column_of_first_two_rows")
def concatenates(x):
    return torch.cat([x[0, -1:], x[1, -1:]])


@alternative("last_column_of_first_two_rows")
def by_an_itemgetter(x):
    return TAKE_LAST(x)


@alternative("last_column_of_first_two_rows")
def stacks_two_numbers(x):
    return torch.stack((x[0, 3], x[1, 3])).detach()
