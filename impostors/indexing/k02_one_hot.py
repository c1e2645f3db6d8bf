"""Wrong and right answers to indexing/k02_one_hot."""

import torch

from dojo.impostors import alternative, impostor


def check(index, classes):
    if any(not 0 <= number < classes for number in index.flatten().tolist()):
        raise ValueError("a number is outside")


@impostor(
    "one_hot",
    diagnosis="The dtype of the result is fixed; the argument dtype is not looked at.",
    aspect="dtype",
)
def fixed_dtype(index, classes, dtype):
    check(index, classes)
    return (index[..., None] == torch.arange(classes, device=index.device)).float()


@impostor(
    "one_hot",
    diagnosis="torch.nn.functional.one_hot is the exercise: it is to be written here.",
    aspect="structure",
)
def calls_torchs_own(index, classes, dtype):
    check(index, classes)
    return torch.nn.functional.one_hot(index, classes).to(dtype)


@impostor(
    "one_hot",
    diagnosis="A new tensor without device= lies on the CPU, wherever index lies.",
    aspect="device",
)
def makes_it_on_the_cpu(index, classes, dtype):
    check(index, classes)
    return torch.eye(classes, dtype=dtype)[index.cpu()]


@impostor(
    "one_hot",
    diagnosis="An index below 0 counts from the end: -1 became the last class, without an error.",
    aspect="errors",
)
def takes_negative_numbers(index, classes, dtype):
    if (index >= classes).any():
        raise ValueError("a number is too large")
    return torch.eye(classes, dtype=dtype, device=index.device)[index]


@impostor(
    "one_hot",
    diagnosis="A number that is no class gets a row of zeros; it should be an error.",
    aspect="errors",
)
def makes_rows_of_zeros(index, classes, dtype):
    return (index[..., None] == torch.arange(classes, device=index.device)).to(dtype)


@impostor(
    "one_hot",
    diagnosis="Only a number that is too large raises ValueError; one below 0 does not.",
    aspect="errors",
)
def forgets_numbers_below_0(index, classes, dtype):
    if (index >= classes).any():
        raise ValueError("a number is too large")
    return (index[..., None] == torch.arange(classes, device=index.device)).to(dtype)


@impostor(
    "one_hot",
    diagnosis="The number `classes` itself passes: the last class is classes - 1.",
    aspect="errors",
)
def is_wrong_by_one(index, classes, dtype):
    if ((index < 0) | (index > classes)).any():
        raise ValueError("a number is outside")
    return (index[..., None] == torch.arange(classes, device=index.device)).to(dtype)


@impostor(
    "one_hot",
    diagnosis="torch's own error (IndexError or RuntimeError) is not the ValueError asked for.",
    aspect="errors",
)
def leaves_the_error_to_torch(index, classes, dtype):
    row = torch.zeros(*index.shape, classes, dtype=dtype, device=index.device)
    return row.scatter_(-1, index[..., None], 1)


@impostor(
    "one_hot",
    diagnosis="min and max have no answer for an empty index, and raise their own error.",
    aspect="shape",
)
def asks_min_and_max(index, classes, dtype):
    if index.min() < 0 or index.max() >= classes:
        raise ValueError("a number is outside")
    return (index[..., None] == torch.arange(classes, device=index.device)).to(dtype)


@impostor(
    "one_hot",
    diagnosis="The classes stand in the first dimension, not in the last.",
    aspect="shape",
)
def puts_classes_first(index, classes, dtype):
    check(index, classes)
    numbers = torch.arange(classes, device=index.device)
    return (index == numbers.view(-1, *[1] * index.dim())).to(dtype)


@impostor(
    "one_hot",
    diagnosis="len(index) rows fit an index of one dimension only.",
    aspect="shape",
)
def takes_one_dimension(index, classes, dtype):
    check(index, classes)
    result = torch.zeros(len(index), classes, dtype=dtype, device=index.device)
    result[torch.arange(len(index)), index] = 1
    return result


@impostor(
    "one_hot",
    diagnosis="view takes only an index whose numbers lie in memory in their order.",
    aspect="values",
)
def views_it_flat(index, classes, dtype):
    check(index, classes)
    eye = torch.eye(classes, dtype=dtype, device=index.device)
    return eye[index.view(-1)].view(*index.shape, classes)


@impostor(
    "one_hot",
    diagnosis="Numbers were compared in the dtype of the result, which does not hold them all.",
    aspect="values",
)
def compares_in_the_dtype(index, classes, dtype):
    check(index, classes)
    kind = torch.int64 if dtype == torch.bool else dtype
    return (index[..., None].to(kind) == torch.arange(classes, device=index.device).to(kind)).to(
        dtype
    )


@impostor(
    "one_hot",
    diagnosis="uint8 counts to 255 only, and begins again at 0.",
    aspect="values",
)
def compares_bytes(index, classes, dtype):
    check(index, classes)
    numbers = torch.arange(classes, device=index.device)
    return (index[..., None].byte() == numbers.byte()).to(dtype)


@impostor(
    "one_hot",
    diagnosis="torch's own one_hot is used for an index of several dimensions.",
    aspect="structure",
)
def calls_torchs_own_for_matrices(index, classes, dtype):
    check(index, classes)
    if index.dim() > 1:
        return torch.nn.functional.one_hot(index, classes).to(dtype)
    return (index[..., None] == torch.arange(classes, device=index.device)).to(dtype)


@alternative("one_hot")
def sparse(index, classes, dtype):
    check(index, classes)
    numbers = index.reshape(-1)
    places = torch.stack([torch.arange(len(numbers), device=index.device), numbers])
    ones = torch.ones(len(numbers), device=index.device)
    rows = torch.sparse_coo_tensor(places, ones, (len(numbers), classes))
    return rows.to_dense().to(dtype).reshape(*index.shape, classes)


@alternative("one_hot")
def scatter(index, classes, dtype):
    check(index, classes)
    row = torch.zeros(*index.shape, classes, dtype=dtype, device=index.device)
    return row.scatter_(-1, index.unsqueeze(-1), 1)


@alternative("one_hot")
def rows_of_eye(index, classes, dtype):
    check(index, classes)
    return torch.eye(classes, dtype=dtype, device=index.device)[index]


@alternative("one_hot")
def embedding(index, classes, dtype):
    if torch.any(index != index.clamp(0, classes - 1)):
        raise ValueError
    eye = torch.eye(classes, device=index.device)
    return torch.nn.functional.embedding(index, eye).to(dtype)


@alternative("one_hot")
def assigns_in_a_loop(index, classes, dtype):
    flat = torch.zeros(index.numel(), classes, dtype=dtype, device=index.device)
    for i, number in enumerate(index.flatten().tolist()):
        if number not in range(classes):
            raise ValueError(f"{number} is not a class")
        flat[i, number] = 1
    return flat.reshape(*index.shape, classes)


@alternative("one_hot")
def nested_lists(index, classes, dtype):
    def rows(numbers):
        if isinstance(numbers, list):
            return [rows(number) for number in numbers]
        if not 0 <= numbers < classes:
            raise ValueError(numbers)
        return [k == numbers for k in range(classes)]

    table = torch.tensor(rows(index.tolist()), dtype=dtype, device=index.device)
    return table.reshape(*index.shape, classes)


@alternative("one_hot")
def stacks_comparisons(index, classes, dtype):
    if index.numel() and not 0 <= int(index.min()) <= int(index.max()) < classes:
        raise ValueError("a number is outside")
    return torch.stack([(index == k).to(dtype) for k in range(classes)], dim=-1)


@alternative("one_hot")
def with_numpy(index, classes, dtype):
    import numpy as np

    numbers = index.cpu().numpy()
    if np.any((numbers < 0) | (numbers >= classes)):
        raise ValueError("a number is outside")
    return torch.as_tensor(np.eye(classes)[numbers]).to(index.device, dtype)


@alternative("one_hot")
def counts_the_rows(index, classes, dtype):
    class OutOfRange(ValueError):
        pass

    if not torch.all((index >= 0).logical_and(index < classes)):
        raise OutOfRange
    row = torch.zeros((*index.shape, classes), dtype=torch.int32, device=index.device)
    row.scatter_add_(-1, index[..., None], torch.ones_like(index[..., None], dtype=row.dtype))
    return row.type(dtype)
