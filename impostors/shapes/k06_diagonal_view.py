"""Wrong and right answers to shapes/k06_diagonal_view."""

import torch

from dojo.impostors import alternative, impostor


@impostor("diagonal_view", diagnosis="torch.diag copies the diagonal.", aspect="memory")
def copies(x):
    return torch.diag(x)


@impostor(
    "diagonal_view",
    diagnosis="Float matrices get a view, and all others a copy by torch.diag.",
    aspect="memory",
)
def copies_what_is_not_float(x):
    return x.diagonal() if x.is_floating_point() else torch.diag(x)


@impostor(
    "diagonal_view",
    diagnosis="x * eye keeps the whole matrix; the diagonal is a vector.",
    aspect="shape",
)
def multiplies_by_eye(x):
    return x * torch.eye(*x.shape, dtype=x.dtype, device=x.device)


@impostor(
    "diagonal_view",
    diagnosis="Every (m + 1)th number goes beyond the square part of a tall matrix.",
    aspect="shape",
)
def steps_through_the_flat_matrix(x):
    return x.reshape(-1)[:: x.shape[1] + 1]


@impostor(
    "diagonal_view",
    diagnosis="reshape copies a matrix whose rows do not follow each other in memory.",
    aspect="memory",
)
def reshapes_first(x):
    return x.reshape(-1)[:: x.shape[1] + 1][: min(x.shape)]


@impostor(
    "diagonal_view",
    diagnosis="The step m + 1 is that of a contiguous matrix; others have other strides.",
    aspect="values",
)
def takes_x_for_contiguous(x):
    return x.as_strided((min(x.shape),), (x.shape[1] + 1,))


@impostor(
    "diagonal_",
    diagnosis="x * (1 - eye) + value * eye is a new matrix; x stays as it was.",
    aspect="memory",
)
def makes_a_new_matrix(x, value):
    eye = torch.eye(*x.shape, dtype=torch.bool, device=x.device)
    full = torch.zeros_like(x)
    full.diagonal()[:] = value
    return torch.where(eye, full, x)


@impostor(
    "diagonal_",
    diagnosis="Multiplying by 0 does not remove inf and NaN: 0 * inf is NaN.",
    aspect="values",
)
def multiplies_in_place(x, value):
    keep = torch.ones_like(x)
    keep.diagonal()[:] = 0
    add = torch.zeros_like(x)
    add.diagonal()[:] = value
    return x.copy_(x * keep + add)


@impostor(
    "diagonal_",
    diagnosis="`d = value` gives the name d to the value; nothing is written into x.",
    aspect="memory",
)
def assigns_a_name(x, value):
    d = x.diagonal()
    d = value  # noqa: F841
    return x


@impostor(
    "diagonal_",
    diagnosis="`x.data = …` gives x other memory; what saw its diagonal before sees no change.",
    aspect="memory",
)
def moves_x(x, value):
    copy = x.clone()
    copy.diagonal()[:] = value
    x.data = copy
    return x


@impostor("diagonal_", diagnosis="The diagonal is returned, not the matrix.", aspect="memory")
def returns_the_diagonal(x, value):
    d = x.diagonal()
    d[:] = value
    return d


@impostor(
    "diagonal_",
    diagnosis="With wrap=True the diagonal starts again below the square part.",
    aspect="values",
)
def wraps(x, value):
    if isinstance(value, torch.Tensor):
        x.diagonal().copy_(value)
        return x
    return x.fill_diagonal_(value, wrap=True)


@impostor("diagonal_", diagnosis="fill_diagonal_ takes a number, but no vector.", aspect="values")
def takes_numbers_only(x, value):
    return x.fill_diagonal_(value)


@impostor(
    "diagonal_",
    diagnosis="torch.as_tensor(value) makes a float32 of a number; a float64 matrix holds more.",
    aspect="values",
)
def rounds_to_float32(x, value):
    x.diagonal().copy_(torch.as_tensor(value))
    return x


@impostor(
    "diagonal_",
    diagnosis="float(number) rounds an element of a vector of large integers.",
    aspect="values",
)
def makes_floats_of_a_vector(x, value):
    if not isinstance(value, torch.Tensor):
        return x.fill_diagonal_(value)
    for i, number in enumerate(value):
        x[i, i] = float(number)
    return x


@impostor(
    "diagonal_",
    diagnosis="x.float() rounds what is beside the diagonal, too.",
    aspect="values",
)
def writes_a_float32_matrix_back(x, value):
    whole = x.float()
    diagonal = torch.empty(min(x.shape), dtype=x.dtype, device=x.device)
    diagonal[:] = value
    x.copy_(whole)
    x.diagonal().copy_(diagonal)
    return x


@impostor(
    "diagonal_",
    diagnosis="The index lies on the GPU wherever there is one; it has to lie where x lies.",
    aspect="device",
)
def indexes_from_the_gpu(x, value):
    place = "cuda" if torch.cuda.is_available() else "cpu"
    i = torch.arange(min(x.shape), device=place)
    x[i, i] = value
    return x


@alternative("diagonal_view")
def by_strides(x):
    return x.as_strided((min(x.shape),), (x.stride(0) + x.stride(1),), x.storage_offset())


@alternative("diagonal_view")
def by_einsum(x):
    n = min(x.shape)
    return torch.einsum("ii->i", x[:n, :n])


@alternative("diagonal_view")
def by_linalg(x):
    return torch.linalg.diagonal(x)


@alternative("diagonal_")
def by_kind(x, value):
    if isinstance(value, torch.Tensor):
        x.diagonal().copy_(value)
    else:
        x.fill_diagonal_(value)
    return x


@alternative("diagonal_")
def by_a_loop(x, value):
    is_vector = isinstance(value, torch.Tensor)
    for i in range(min(x.shape)):
        x[i, i] = value[i] if is_vector else value
    return x


@alternative("diagonal_")
def by_indices(x, value):
    i = torch.arange(min(x.shape), device=x.device)
    x[i, i] = value
    return x


@alternative("diagonal_")
def by_a_mask(x, value):
    x[torch.eye(*x.shape, dtype=torch.bool, device=x.device)] = value
    return x


@alternative("diagonal_")
def by_scatter(x, value):
    source = torch.empty(min(x.shape), dtype=x.dtype, device=x.device)
    source[...] = value
    return x.copy_(x.diagonal_scatter(source))


@alternative("diagonal_")
def by_parts_of_rows(x, value):
    numbers = value.tolist() if isinstance(value, torch.Tensor) else [value] * min(x.shape)
    for i, number in enumerate(numbers):
        x[i][i] = number
    return x


@alternative("diagonal_")
def by_zeros_and_a_sum(x, value):
    d = x.diagonal()
    d.zero_()
    d += value
    return x
