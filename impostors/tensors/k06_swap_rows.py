"""Wrong and right answers to tensors/k06_swap_rows."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "swap_rows_",
    diagnosis="x[i] and x[j] are views: after the first write both show the same row.",
    aspect="values",
)
def swaps_views(x, i, j):
    x[i], x[j] = x[j], x[i]
    return x


@impostor(
    "swap_rows_",
    diagnosis="The rows are swapped in a copy; x itself is left as it was.",
    aspect="type",
)
def swaps_in_a_clone(x, i, j):
    x = x.clone()
    x[[i, j]] = x[[j, i]]
    return x


@impostor(
    "swap_rows_",
    diagnosis="The rows are swapped, but the function returns nothing.",
    aspect="type",
)
def returns_nothing(x, i, j):
    x[[i, j]] = x[[j, i]]


@impostor(
    "swap_rows_",
    diagnosis="Where i and j are one row, the function ends without returning x.",
    aspect="type",
)
def returns_nothing_for_one_row(x, i, j):
    if i == j:
        return None
    x[[i, j]] = x[[j, i]]
    return x


@impostor(
    "swap_rows_",
    diagnosis="Adding and subtracting rows rounds, and a row swapped with itself becomes 0.",
    aspect="values",
)
def swaps_by_arithmetic(x, i, j):
    x[i] += x[j]
    x[j] = x[i] - x[j]
    x[i] -= x[j]
    return x


@impostor(
    "swap_rows_",
    diagnosis="A negative number is compared with row numbers from 0 on, and equals none of them.",
    aspect="values",
)
def knows_no_negative_rows(x, i, j):
    old = x.clone()
    for row in range(len(x)):
        x[row] = old[j if row == i else i if row == j else row]
    return x


@impostor(
    "swap_rows_",
    diagnosis="x.data = … gives x other memory, which views of x made before do not see.",
    aspect="memory",
)
def replaces_the_data(x, i, j):
    order = list(range(len(x)))
    order[i], order[j] = order[j], order[i]
    x.data = x[order]
    return x


@impostor(
    "swap_rows_",
    diagnosis="Columns are swapped; rows lie along the first dimension.",
    aspect="values",
)
def swaps_columns(x, i, j):
    order = list(range(x.shape[1]))
    i, j = i % len(order), j % len(order)
    order[i], order[j] = order[j], order[i]
    return x.copy_(x[:, order])


@impostor(
    "swap_rows_",
    diagnosis="x[:] is a view of x, another object than x itself.",
    aspect="type",
)
def returns_a_view(x, i, j):
    x[[i, j]] = x[[j, i]]
    return x[:]


@impostor(
    "swap_rows_",
    diagnosis="contiguous() copies an x that is not contiguous, and the copy gets the rows.",
    aspect="memory",
)
def makes_it_contiguous(x, i, j):
    flat = x.contiguous()
    flat[[i, j]] = flat[[j, i]]
    return x


@impostor(
    "swap_rows_",
    diagnosis="All rows from i to j are reversed, also those in between.",
    aspect="values",
)
def reverses_the_rows_between(x, i, j):
    first, last = sorted((i % len(x), j % len(x)))
    x[first : last + 1] = x[first : last + 1].flip(0)
    return x


@impostor(
    "swap_rows_",
    diagnosis="On the way through float32, float64 and large integers lose digits.",
    aspect="values",
)
def goes_through_float32(x, i, j):
    first, second = torch.stack([x[i], x[j]]).float()
    x[i], x[j] = second, first
    return x


@alternative("swap_rows_")
def with_clones(x, i, j):
    x[i], x[j] = x[j].clone(), x[i].clone()
    return x


@alternative("swap_rows_")
def with_one_copy_for_a_while(x, i, j):
    kept = x.select(0, i).clone()
    x.select(0, i).copy_(x.select(0, j))
    x.select(0, j).copy_(kept)
    return x


@alternative("swap_rows_")
def all_rows_in_another_order(x, i, j):
    order = list(range(len(x)))
    order[i], order[j] = order[j], order[i]
    x.copy_(x[order])
    return x


@alternative("swap_rows_")
def index_copy(x, i, j):
    rows = torch.tensor([i % len(x), j % len(x)], device=x.device)
    return x.index_copy_(0, rows, x.index_select(0, rows.flip(0)))


@alternative("swap_rows_")
def number_by_number(x, i, j):
    for k in range(x.shape[1]):
        kept = x[i, k].tolist()
        x[i, k] = x[j, k]
        x[j, k] = torch.tensor(kept, dtype=x.dtype, device=x.device)
    return x


@alternative("swap_rows_")
def by_python_lists(x, i, j):
    if i != j:
        first, second = x[i].tolist(), x[j].tolist()
        x[i] = torch.tensor(second, dtype=x.dtype, device=x.device)
        x[j] = torch.tensor(first, dtype=x.dtype, device=x.device)
    return x


@alternative("swap_rows_")
def stacked(x, i, j):
    x[[j, i]] = torch.stack([x[i], x[j]])
    return x


@alternative("swap_rows_")
def behind_the_back_of_autograd(x, i, j):
    with torch.no_grad():
        rows = x.detach().unbind(0)
        saved = rows[i].clone()
        rows[i].copy_(rows[j])
        rows[j].copy_(saved)
    return x
