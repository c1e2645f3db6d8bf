"""Wrong and right answers to indexing/k14_unique_stable."""

import numpy as np
import torch

from dojo.impostors import alternative, impostor


@impostor(
    "unique_stable",
    diagnosis="torch.unique sorts the values; their order in x is lost.",
    aspect="values",
)
def sorts(x):
    return torch.unique(x)


@impostor(
    "unique_stable",
    diagnosis="Only neighbours are compared: a value that comes back later is kept again.",
    aspect="shape",
)
def compares_neighbours(x):
    return torch.unique_consecutive(x)


@impostor(
    "unique_stable",
    diagnosis="The order is that of the last appearance: of several places the last remained.",
    aspect="values",
)
def takes_the_last_appearance(x):
    values, inverse = torch.unique(x, return_inverse=True)
    places = torch.arange(len(x), device=x.device)
    last = torch.zeros_like(values, dtype=torch.int64)
    last = last.scatter_reduce(0, inverse, places, "amax")
    return x[last.sort().values]


@impostor(
    "unique_stable",
    diagnosis="Several places are written for one value. On a CPU the last of them stays, on a GPU"
    " any of them may.",
    aspect="values",
)
def relies_on_the_last_write(x):
    values, inverse = torch.unique(x, return_inverse=True)
    places = torch.arange(len(x) - 1, -1, -1, device=x.device)
    first = torch.empty(len(values), dtype=torch.int64, device=x.device)
    first[inverse.flip(0)] = places
    return x[first.sort().values]


@impostor(
    "unique_stable",
    diagnosis="tolist makes a Python number of every element, and dict visits them one by one.",
    aspect="cost",
)
def asks_a_dict(x):
    return torch.tensor(list(dict.fromkeys(x.tolist())), dtype=x.dtype, device=x.device)


@impostor(
    "unique_stable",
    diagnosis="A Python loop visits the elements of x one by one.",
    aspect="cost",
)
def loops_over_elements(x):
    seen, kept = set(), []
    for value in x:
        if value.item() not in seen:
            seen.add(value.item())
            kept.append(value)
    return torch.stack(kept)


@impostor(
    "unique_stable",
    diagnosis="A Python loop visits the different values one by one.",
    aspect="cost",
)
def loops_over_values(x):
    first = [(x == value).nonzero()[0, 0] for value in torch.unique(x)]
    return x[torch.stack(first).sort().values]


@impostor(
    "unique_stable",
    diagnosis="A Python loop visits the elements in a NumPy array one by one.",
    aspect="cost",
)
def loops_over_an_array(x):
    kept = []
    for value in x.cpu().numpy():
        if value not in kept:
            kept.append(value)
    return torch.from_numpy(np.array(kept)).to(x.device)


@impostor(
    "unique_stable",
    diagnosis="The places of the values are returned, not the values.",
    aspect="dtype",
)
def returns_places(x):
    values, inverse = torch.unique(x, return_inverse=True)
    places = torch.arange(len(x), device=x.device)
    first = torch.full_like(values, len(x), dtype=torch.int64)
    return first.scatter_reduce(0, inverse, places, "amin").sort().values


@impostor(
    "unique_stable",
    diagnosis="The values come with their counts, as a tuple.",
    aspect="type",
)
def returns_counts_too(x):
    return torch.unique(x, return_counts=True)


@impostor(
    "unique_stable",
    diagnosis="Values that come back are left out altogether, instead of kept once.",
    aspect="shape",
)
def drops_what_comes_back(x):
    return x[(x[:, None] == x).sum(1) == 1]


@impostor(
    "unique_stable",
    diagnosis="As float32, neighbouring float64 and large integers become equal.",
    aspect="values",
)
def compares_in_float32(x):
    equal = x.float()[:, None] == x.float()
    return x[~equal.tril(-1).any(1)]


@impostor(
    "unique_stable",
    diagnosis="NumPy takes x to the CPU, and the result stays there.",
    aspect="device",
)
def stays_on_the_cpu(x):
    array = x.cpu().numpy()
    return torch.from_numpy(array[np.sort(np.unique(array, return_index=True)[1])])


@impostor(
    "unique_stable",
    diagnosis="dict visits the elements of a NumPy array one by one, and each becomes an object.",
    aspect="cost",
)
def gives_an_array_to_dict(x):
    array = x.cpu().numpy()
    values = np.array(list(dict.fromkeys(array)), dtype=array.dtype)
    return torch.from_numpy(values).to(x.device)


@impostor(
    "unique_stable",
    diagnosis="The bits are compared: 0. and -0. are equal, their bits are not.",
    aspect="values",
)
def compares_bits(x):
    integer = {2: torch.int16, 4: torch.int32, 8: torch.int64}
    bits = x.contiguous().view(integer[x.dtype.itemsize]) if x.is_floating_point() else x
    return x[~(bits[:, None] == bits).tril(-1).any(1)]


@alternative("unique_stable")
def asks_numpy(x):
    array = x.numpy(force=True)
    _, first = np.unique(array, return_index=True)
    first.sort()
    return torch.as_tensor(array[first], device=x.device)


@alternative("unique_stable")
def compares_all_pairs(x):
    return x[~(x[:, None] == x).tril(diagonal=-1).any(dim=1)]


@alternative("unique_stable")
def sorts_in_a_stable_way(x):
    ordered, places = x.sort(stable=True)
    is_new = torch.ones_like(x, dtype=torch.bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return x[places[is_new].sort().values]


@alternative("unique_stable")
def argmax_finds_the_first(x):
    first = (x[:, None] == x).int().argmax(1)
    return x[first == torch.arange(x.numel(), device=x.device)]


@alternative("unique_stable")
def marks_the_first(x):
    inverse = x.unique(return_inverse=True)[1]
    count = inverse.max().item() + 1
    first = torch.full((count,), x.shape[0], device=x.device)
    first.index_reduce_(0, inverse, torch.arange(x.shape[0], device=x.device), "amin")
    mask = torch.zeros(x.shape, dtype=torch.bool, device=x.device)
    mask[first] = True
    return x.masked_select(mask)


@alternative("unique_stable")
def reorders_the_values(x):
    values, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True)
    by_value = inverse.argsort(stable=True)
    first = by_value[counts.cumsum(0) - counts]
    return values[first.argsort()]


@alternative("unique_stable")
def sorts_values_and_places_at_once(x):
    _, inverse = torch.unique(x, return_inverse=True)
    keys = (inverse * len(x) + torch.arange(len(x), device=x.device)).sort().values
    groups = keys // len(x)
    starts = torch.cat([groups.new_ones(1), groups.diff()]) != 0
    return x[(keys[starts] % len(x)).sort()[0]]
