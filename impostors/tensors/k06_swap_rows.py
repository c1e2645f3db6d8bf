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


@impostor(
    "swap_rows_",
    diagnosis="reshape copies a transposed x of three dimensions, and the copy gets the rows.",
    aspect="memory",
)
def flattens_the_rows(x, i, j):
    flat = x.reshape(len(x), -1) if x.numel() else x
    flat[[i, j]] = flat[[j, i]]
    return x


@impostor(
    "swap_rows_",
    diagnosis="The rows of complex numbers lose their imaginary parts.",
    aspect="values",
)
def knows_real_numbers_only(x, i, j):
    first, second = x[i].clone(), x[j].clone()
    x[i] = second.real.to(x.dtype)
    x[j] = first.real.to(x.dtype)
    return x


@impostor(
    "swap_rows_",
    diagnosis="Adding 0 makes a copy, and 0.0 of -0.0.",
    aspect="values",
)
def copies_by_adding_0(x, i, j):
    if x.dtype == torch.bool:
        x[[i, j]] = x[[j, i]]
    else:
        x[i], x[j] = x[j] + 0, x[i] + 0
    return x


@impostor(
    "swap_rows_",
    diagnosis="Rows are found by their values: one that is NaN equals no row, not even itself.",
    aspect="values",
)
def finds_the_rows_by_value(x, i, j):
    first, second = x[i].clone(), x[j].clone()
    for row in x:
        if torch.equal(row, first):
            row.copy_(second)
        elif torch.equal(row, second):
            row.copy_(first)
    return x


@impostor(
    "swap_rows_",
    diagnosis="x[i:i+1] is empty for row -1, since a slice that ends at 0 ends before all rows.",
    aspect="values",
)
def slices_the_rows(x, i, j):
    kept = x[i : i + 1].clone()
    x[i : i + 1] = x[j : j + 1]
    x[j : j + 1] = kept
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


@alternative("swap_rows_")
def gathered(x, i, j):
    rows = torch.arange(len(x), device=x.device)
    rows[[i, j]] = rows[[j, i]]
    return x.copy_(x.gather(0, rows.view(-1, *[1] * (x.dim() - 1)).expand(x.shape)))


@alternative("swap_rows_")
def chosen_where_the_number_fits(x, i, j):
    number = torch.arange(len(x), device=x.device).view(-1, *[1] * (x.dim() - 1))
    others = torch.where(number == j % len(x), x[i], x)
    x[...] = torch.where(number == i % len(x), x[j], others)
    return x


@alternative("swap_rows_")
def put_together_from_pieces(x, i, j):
    i, j = sorted((i % len(x), j % len(x)))
    if i < j:
        x.data[:] = torch.cat([x[:i], x[j : j + 1], x[i + 1 : j], x[i : i + 1], x[j + 1 :]])
    return x
