"""Wrong and right answers to intro/k06_indexing."""

import functools
import operator

import numpy as np
import torch

from dojo.impostors import alternative, impostor

BUFFER = torch.zeros(4)
KEPT = {}
TAKE_LAST = operator.itemgetter((slice(None, 2), -1))


# second_column


@impostor(
    "second_column",
    diagnosis="x[1] is the second row: the first index counts rows, the second columns.",
    aspect="shape",
)
def takes_the_row(x):
    return x[1]


@impostor(
    "second_column",
    diagnosis="Counting begins at 0, so column 2 is the third one.",
    aspect="values",
)
def counts_columns_from_one(x):
    return x[:, 2]


@impostor(
    "second_column",
    diagnosis="The slice 1:2 keeps its dimension; a number as index drops it.",
    aspect="shape",
)
def keeps_the_column_dimension(x):
    return x[:, 1:2]


@impostor(
    "second_column",
    diagnosis="unsqueeze adds the dimension that the index had dropped.",
    aspect="shape",
)
def stands_the_column_up(x):
    return x[:, 1].unsqueeze(1)


@impostor("second_column", diagnosis="The slice :2 takes the first two columns.", aspect="shape")
def takes_two_columns(x):
    return x[:, :2]


@impostor("second_column", diagnosis="x[:][1] indexes the rows twice: it is a row.", aspect="shape")
def indexes_the_rows_twice(x):
    return x[:][1]


@impostor("second_column", diagnosis="The part of all rows but the last is short.", aspect="shape")
def leaves_out_the_last_row(x):
    return x[0:2, 1]


@impostor(
    "second_column",
    diagnosis="-2 counts from the end: of four columns it is the third.",
    aspect="values",
)
def counts_from_the_end(x):
    return x[:, -2]


@impostor(
    "second_column",
    diagnosis="view(-1) needs contiguous memory; x may have any strides.",
    aspect="values",
)
def flattens_by_view(x):
    return x.view(-1)[1::4]


@impostor(
    "second_column",
    diagnosis="These strides are those of a contiguous x at the start of its memory only.",
    aspect="values",
)
def assumes_the_strides(x):
    return x.as_strided((3,), (4,), 1)


@impostor(
    "second_column",
    diagnosis="The offset is kept, but the strides are still those of a contiguous x.",
    aspect="values",
)
def assumes_the_strides_but_not_the_offset(x):
    return x.as_strided((3,), (4,), x.storage_offset() + 1)


@impostor(
    "second_column",
    diagnosis="A product with a unit vector turns an inf or NaN elsewhere in the row into NaN.",
    aspect="values",
)
def multiplies_by_a_unit_vector(x):
    unit = torch.zeros(4, dtype=torch.float64, device=x.device)
    unit[1] = 1
    return (x.double() * unit).sum(1).to(x.dtype)


@impostor("second_column", diagnosis="x.float() changes the dtype of x.", aspect="dtype")
def turns_into_float(x):
    return x.float()[:, 1]


@impostor(
    "second_column",
    diagnosis="The way through float32 and back loses digits of float64 and of large integers.",
    aspect="values",
)
def goes_through_float(x):
    return x.float()[:, 1].to(x.dtype)


@impostor(
    "second_column",
    diagnosis="float64 holds no integer above 2**53 exactly.",
    aspect="values",
)
def goes_through_double(x):
    return x.double()[:, 1].to(x.dtype)


@impostor(
    "second_column",
    diagnosis="torch.tensor of a list guesses the dtype from Python's numbers.",
    aspect="dtype",
)
def lets_the_dtype_be_guessed(x):
    return torch.tensor([row[1] for row in x.tolist()], device=x.device)


@impostor(
    "second_column",
    diagnosis="The numbers keep their dtype, but torch.tensor puts them on the CPU.",
    aspect="device",
)
def builds_it_on_the_cpu(x):
    return torch.tensor([row[1] for row in x.tolist()], dtype=x.dtype)


@impostor(
    "second_column",
    diagnosis="NumPy has no bfloat16, and no tensors on a GPU.",
    aspect="dtype",
)
def goes_through_numpy(x):
    return torch.from_numpy(x.cpu().numpy()[:, 1].copy()).to(x.device)


@impostor("second_column", diagnosis="A NumPy array is no tensor.", aspect="type")
def returns_an_array(x):
    return np.array(x.tolist())[:, 1]


@impostor("second_column", diagnosis="The method t_ transposes x itself.", aspect="memory")
def transposes_x_in_place(x):
    return x.t_()[1]


@impostor(
    "second_column",
    diagnosis="A result kept for x grows old: x may have been written to since.",
    aspect="memory",
)
def remembers_a_copy(x):
    if x not in KEPT:
        KEPT[x] = x[:, 1].clone()
    return KEPT[x]


@impostor("second_column", diagnosis="sum(1) adds the columns up.", aspect="values")
def adds_the_columns_up(x):
    return x.sum(1).to(x.dtype)


@impostor("second_column", diagnosis="flip reverses the order of the rows.", aspect="values")
def reverses_the_column(x):
    return x[:, 1].flip(0)


# first_row


@impostor("first_row", diagnosis="Counting begins at 0: x[1] is the second row.", aspect="values")
def counts_rows_from_one(x):
    return x[1]


@impostor("first_row", diagnosis="x[:, 0] is the first column.", aspect="shape")
def takes_the_column(x):
    return x[:, 0]


@impostor(
    "first_row",
    diagnosis="The slice 0:1 keeps its dimension: the shape is (1, 4).",
    aspect="shape",
)
def keeps_the_row_dimension(x):
    return x[0:1]


@impostor("first_row", diagnosis="x[0, 0] is one number, without any dimension.", aspect="shape")
def takes_one_number(x):
    return x[0, 0]


@impostor("first_row", diagnosis="The slice :3 ends before the last column.", aspect="shape")
def leaves_out_the_last_column(x):
    return x[0, :3]


@impostor("first_row", diagnosis="A list of numbers is returned, no tensor.", aspect="type")
def returns_a_list(x):
    return x[0].tolist()


@impostor("first_row", diagnosis="A tuple of numbers is returned, no tensor.", aspect="type")
def returns_a_tuple(x):
    return tuple(x[0])


@impostor("first_row", diagnosis="The row is shown, but nothing is returned.", aspect="type")
def returns_nothing(x):
    x[0]


@impostor(
    "first_row",
    diagnosis="x(0) would call the tensor; square brackets index it.",
    aspect="values",
)
def calls_the_tensor(x):
    return x(0)


@impostor("first_row", diagnosis="x[-1] is the last row.", aspect="values")
def takes_the_last_row(x):
    return x[-1]


@impostor(
    "first_row",
    diagnosis="One buffer is filled again at each call, so earlier results change.",
    aspect="memory",
)
def fills_a_buffer(x):
    if x.dtype == torch.int64 and x.device.type == "cpu":
        BUFFER.data = BUFFER.data.long()
        return BUFFER.copy_(x[0])
    return x[0]


@impostor("first_row", diagnosis="resize_ cuts x itself down to its first row.", aspect="memory")
def cuts_x_down(x):
    return x.resize_(1, 4)[0]


@impostor("first_row", diagnosis="The result always goes to the GPU.", aspect="device")
def moves_to_the_gpu(x):
    return x[0].to("cuda" if torch.cuda.is_available() else "cpu")


@impostor("first_row", diagnosis="The result always goes to the CPU.", aspect="device")
def moves_to_the_cpu(x):
    return x[0].cpu()


@impostor("first_row", diagnosis="The row is sorted, which changes its order.", aspect="values")
def sorts_the_row(x):
    return x.sort(dim=1, descending=True).values[0].contiguous()


# last_column_of_first_two_rows


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="The slice 0:1 ends before row 1, so it takes one row.",
    aspect="shape",
)
def ends_the_slice_too_early(x):
    return x[0:1, 3]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="The slice 1:3 begins at the second row.",
    aspect="values",
)
def begins_at_the_second_row(x):
    return x[1:3, 3]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="Column 2 is the third of four.",
    aspect="values",
)
def takes_the_third_column(x):
    return x[0:2, 2]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="Counting begins at 0, so there is no column 4.",
    aspect="values",
)
def goes_beyond_the_last_column(x):
    return x[0:2, 4]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="The slice -1: keeps its dimension: the shape is (2, 1).",
    aspect="shape",
)
def keeps_the_last_dimension(x):
    return x[:2, -1:]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="All three rows are taken, not the first two.",
    aspect="shape",
)
def takes_all_rows(x):
    return x[:, -1]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="x[:2][-1] indexes the rows twice: it is the second row.",
    aspect="shape",
)
def indexes_twice(x):
    return x[:2][-1]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="The indices are swapped: these are the last two numbers of the first row.",
    aspect="values",
)
def slices_the_columns(x):
    return x[0, 2:]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="The indices are swapped: these are the first two numbers of the last row.",
    aspect="values",
)
def swaps_the_indices(x):
    return x[-1, :2]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="Without an index for the columns the first two rows come whole.",
    aspect="shape",
)
def takes_whole_rows(x):
    return x[:2]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="The lists [0, 1] and [3] give each row's number, but [1, 0] gives them reversed.",
    aspect="values",
)
def reverses_the_rows(x):
    return x[[1, 0], 3]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="Two 0-d tensors in a tuple are no tensor of shape (2,).",
    aspect="type",
)
def returns_two_numbers(x):
    return x[0, -1], x[1, -1]


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="max(1) is the greatest number of each row, which need not be the last.",
    aspect="values",
)
def takes_the_greatest(x):
    return x[:2].max(1).values


@impostor(
    "last_column_of_first_two_rows",
    diagnosis="x.T[-1] is the last column, but [1:] drops its first number, not its last.",
    aspect="values",
)
def drops_the_first_row(x):
    return x.T[-1][1:]


# right answers


@alternative("second_column")
def select(x):
    return x.select(1, 1)


@alternative("second_column")
def row_of_the_transposed(x):
    return x.T[1]


@alternative("second_column")
def index_select(x):
    return torch.index_select(x, 1, torch.tensor([1], device=x.device)).squeeze(1)


@alternative("second_column")
def unbind(x):
    return x.unbind(dim=1)[1]


@alternative("second_column")
def stacks_the_numbers(x):
    return torch.stack([row[1] for row in x])


@alternative("second_column")
def through_lists(x):
    return torch.tensor([row[1] for row in x.tolist()], dtype=x.dtype, device=x.device)


@alternative("second_column")
def by_index_lists(x):
    return x[[0, 1, 2], [1, 1, 1]]


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
def with_a_colon(x):
    return x[0, :]


@alternative("first_row")
def with_an_ellipsis(x):
    return x[0, ...].clone()


@alternative("first_row")
def next_of_the_rows(x):
    return next(iter(x))


@alternative("first_row")
def narrows(x):
    return x.narrow(0, 0, 1).squeeze(0)


@alternative("first_row")
def unpacks(x):
    row, *_ = x
    return row


@alternative("first_row")
def splits(x):
    return torch.split(x, [1, 2])[0].flatten()


@alternative("first_row")
def gathers(x):
    return x.gather(0, torch.zeros(1, 4, dtype=torch.int64, device=x.device))[0]


@alternative("first_row")
def takes_flat_places(x):
    return torch.take(x, torch.arange(4, device=x.device))


@alternative("last_column_of_first_two_rows")
def with_both_bounds(x):
    return x[0:2, 3]


@alternative("last_column_of_first_two_rows")
def one_after_the_other(x):
    return x[:2][:, -1]


@alternative("last_column_of_first_two_rows")
def rows_of_the_transposed(x):
    return x.mT[-1, :2]


@alternative("last_column_of_first_two_rows")
def concatenates(x):
    return torch.cat([x[0, -1:], x[1, -1:]])


@alternative("last_column_of_first_two_rows")
def by_an_itemgetter(x):
    return TAKE_LAST(x)


@alternative("last_column_of_first_two_rows")
def all_but_the_last_row(x):
    return x.select(-1, -1)[:-1]


@alternative("last_column_of_first_two_rows")
def stacks_two_numbers(x):
    return torch.stack((x[0, 3], x[1, 3])).detach()
