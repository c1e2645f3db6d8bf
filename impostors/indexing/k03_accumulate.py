"""Wrong and right answers to indexing/k03_accumulate."""

import torch

from dojo.impostors import alternative, impostor


@impostor(
    "accumulate_",
    diagnosis="buffer[index] += source writes a repeated row back several times: the last wins.",
    aspect="values",
)
def adds_to_the_indexed(buffer, index, source):
    buffer[index] += source
    return buffer


@impostor(
    "accumulate_",
    diagnosis="The source rows took the place of the buffer rows; they are to be added.",
    aspect="values",
)
def overwrites(buffer, index, source):
    for i, row in zip(index.tolist(), source, strict=True):
        buffer[i] = row
    return buffer


@impostor(
    "accumulate_",
    diagnosis="Without the underscore, index_add makes a new tensor; buffer stays as it was.",
    aspect="type",
)
def makes_a_new_tensor(buffer, index, source):
    return buffer.index_add(0, index, source)


@impostor(
    "accumulate_",
    diagnosis="The sums are in buffer, but the function returns nothing.",
    aspect="type",
)
def returns_nothing(buffer, index, source):
    buffer.index_add_(0, index, source)


@impostor(
    "accumulate_",
    diagnosis="scatter_add_ takes one index for each number: a column of them adds one column.",
    aspect="values",
)
def scatters_one_column(buffer, index, source):
    return buffer.scatter_add_(0, index.view(-1, *[1] * (source.dim() - 1)), source)


@impostor(
    "accumulate_",
    diagnosis="reshape and contiguous copy a buffer with gaps, and the sums go into the copy.",
    aspect="values",
)
def flattens_into_a_copy(buffer, index, source):
    rows = buffer.reshape(len(buffer), -1) if buffer.dim() > 1 else buffer.contiguous()
    rows.index_add_(0, index, source.reshape(len(source), *rows.shape[1:]))
    return buffer


@impostor(
    "accumulate_",
    diagnosis="view takes only a tensor whose numbers lie in memory in their order.",
    aspect="values",
)
def views_rows_flat(buffer, index, source):
    size = buffer[0].numel()
    buffer.view(-1, size).index_add_(0, index, source.view(-1, size))
    return buffer


@impostor(
    "accumulate_",
    diagnosis="A product with a one-hot adds 0 * inf, which is NaN, to every other row.",
    aspect="values",
)
def multiplies_by_one_hot(buffer, index, source):
    hot = torch.nn.functional.one_hot(index, len(buffer)).T.to(source.dtype)
    buffer += torch.tensordot(hot, source, dims=1)
    return buffer


@impostor(
    "accumulate_",
    diagnosis="As float32, the sums of float64 or of large integers are rounded.",
    aspect="values",
)
def adds_in_float32(buffer, index, source):
    return buffer.copy_(buffer.float().index_add(0, index, source.float()))


@impostor(
    "accumulate_",
    diagnosis="buffer.data = … gives buffer other memory; views of the old one see nothing.",
    aspect="memory",
)
def replaces_the_data(buffer, index, source):
    buffer.data = buffer.index_add(0, index, source)
    return buffer


@impostor(
    "accumulate_",
    diagnosis="The running sums were kept in source, which is to stay as it is.",
    aspect="values",
)
def sums_up_in_source(buffer, index, source):
    for i, k in enumerate(index.tolist()):
        source[i] += buffer[k]
        buffer[k] = source[i]
    return buffer


@impostor(
    "accumulate_",
    diagnosis="index.max() has no answer where index is empty.",
    aspect="values",
)
def asks_for_the_largest_index(buffer, index, source):
    last = int(index.max()) + 1
    buffer[:last].index_add_(0, index, source)
    return buffer


@impostor(
    "accumulate_",
    diagnosis="Equal rows with the same index were taken for one; each of them is to be added.",
    aspect="values",
)
def adds_equal_rows_once(buffer, index, source):
    seen = set()
    for k, row in zip(index.tolist(), source, strict=True):
        key = k, *row.flatten().tolist()
        if key not in seen:
            buffer[k] += row
        seen.add(key)
    return buffer


@impostor(
    "accumulate_",
    diagnosis="Buffer rows were made 0 by a product: an inf that stood there becomes 0 * inf, NaN.",
    aspect="values",
)
def clears_rows_by_a_product(buffer, index, source):
    sums = buffer.index_add(0, index, source)
    named = torch.zeros(len(buffer), dtype=torch.bool, device=index.device)
    named[index] = True
    named = named.view(-1, *[1] * (buffer.dim() - 1))
    return buffer.mul_(~named).add_(torch.where(named, sums, 0))


@alternative("accumulate_")
def index_put(buffer, index, source):
    return buffer.index_put_((index,), source, accumulate=True)


@alternative("accumulate_")
def scatter_add(buffer, index, source):
    places = index.view(-1, *[1] * (source.dim() - 1)).expand_as(source)
    return buffer.scatter_add_(0, places, source)


@alternative("accumulate_")
def row_by_row(buffer, index, source):
    for i, row in zip(index.tolist(), source, strict=True):
        buffer[i] += row
    return buffer


@alternative("accumulate_")
def group_by_group(buffer, index, source):
    for k in index.unique().tolist():
        buffer[k] += source[index == k].sum(0)
    return buffer


@alternative("accumulate_")
def sums_first(buffer, index, source):
    buffer += torch.zeros_like(buffer).index_add(0, index, source)
    return buffer


@alternative("accumulate_")
def sum_where_named(buffer, index, source):
    named = index[:, None] == torch.arange(len(buffer), device=index.device)
    named = named.view(*named.shape, *[1] * (source.dim() - 1))
    buffer += torch.where(named, source.unsqueeze(1), 0).sum(0)
    return buffer


@alternative("accumulate_")
def numpy_add_at(buffer, index, source):
    import numpy as np

    if buffer.dtype == torch.bfloat16:
        return buffer.index_add_(0, index, source)
    sums = buffer.cpu().numpy().copy()
    np.add.at(sums, index.cpu().numpy(), source.cpu().numpy())
    return buffer.copy_(torch.from_numpy(sums))


@alternative("accumulate_")
def in_rounds_without_repetition(buffer, index, source):
    left = torch.arange(len(index), device=index.device)
    while len(left):
        places = index[left]
        winner = torch.empty(len(buffer), dtype=torch.int64, device=index.device)
        winner[places] = left
        now = left[winner[places] == left]
        buffer[index[now]] += source[now]
        left = left[winner[places] != left]
    return buffer
