"""Wrong and right answers to optimizers/k13_average_weights."""

import copy

import numpy as np
import torch

from dojo.impostors import alternative, impostor


def checked(state_dicts):
    """All state dicts in a list, if they agree."""
    states = list(state_dicts)
    if not states:
        raise ValueError("nothing to average")
    for one in states[1:]:
        check(states[0], one)
    return states


def check(first, one):
    if first.keys() != one.keys():
        raise ValueError("other keys")
    if any(first[key].shape != one[key].shape for key in first):
        raise ValueError("other shapes")


def one_by_one(state_dicts, begin, add, end, check=check):
    """Go through the state dicts once; `begin` and `add` make the sum of a key, `end` its mean."""
    sums, first, count = None, None, 0
    with torch.no_grad():
        for one in state_dicts:
            if first is None:
                first = {key: torch.empty(x.shape, device="meta") for key, x in one.items()}
                dtypes = {key: x.dtype for key, x in one.items()}
                sums = {key: begin(x) for key, x in one.items()}
            else:
                check(first, one)
                sums = {key: add(total, one[key], count + 1) for key, total in sums.items()}
            count += 1
        if first is None:
            raise ValueError("nothing to average")
        return {key: end(total, count, dtypes[key]) for key, total in sums.items()}


def begin(x):
    return x.detach().to(torch.float64, copy=True) if x.is_floating_point() else x.clone()


def add(total, x, _count):
    return total + x.detach() if x.is_floating_point() else x.clone()


def end(total, count, dtype):
    return (total / count).to(dtype) if dtype.is_floating_point else total


@impostor(
    "average_weights",
    diagnosis="The sums are made in the tensors of the first state dict.",
    aspect="values",
)
def adds_into_the_first(state_dicts):
    def begin(x):
        return x.detach()

    def add(total, x, _count):
        return total.add_(x.detach()) if x.is_floating_point() else x.clone()

    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="`.to(torch.float64)` is taken for a copy, which it is not of a float64 tensor.",
    aspect="values",
)
def copies_no_float64(state_dicts):
    def begin(x):
        return x.detach().to(torch.float64) if x.is_floating_point() else x.clone()

    def add(total, x, _count):
        return total.add_(x.detach()) if x.is_floating_point() else x.clone()

    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="deepcopy keeps tied entries tied: what is added to the one is added to both.",
    aspect="values",
)
def adds_tied_entries_twice(state_dicts):
    states = checked(state_dicts)
    sums = copy.deepcopy({key: x.detach() for key, x in states[0].items()})
    wide = {}
    for key, x in sums.items():
        place = (x.untyped_storage().data_ptr(), x.is_floating_point())
        if x.numel() and place[1]:
            wide.setdefault(place, x.double())
    for one in states[1:]:
        for key, x in sums.items():
            if not x.is_floating_point():
                sums[key] = one[key].clone()
            elif x.numel():
                total = wide[(x.untyped_storage().data_ptr(), True)]
                if total.shape == x.shape:
                    total += one[key].detach()
    for key, x in sums.items():
        if x.is_floating_point() and x.numel():
            total = wide[(x.untyped_storage().data_ptr(), True)]
            if total.shape == x.shape:
                sums[key] = (total / len(states)).to(x.dtype)
    return sums


@impostor(
    "average_weights",
    diagnosis="The sum is made in the dtype of the entry.",
    aspect="values",
)
def sums_in_the_own_dtype(state_dicts):
    return one_by_one(state_dicts, lambda x: x.detach().clone(), add, end)


@impostor(
    "average_weights",
    diagnosis="The sum is float32, also for float64 entries.",
    aspect="values",
)
def sums_in_float32(state_dicts):
    def begin(x):
        return x.detach().to(torch.float32, copy=True) if x.is_floating_point() else x.clone()

    def add(total, x, _count):
        return total + x.detach().float() if x.is_floating_point() else x.clone()

    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="The averages are float64: they are not rounded to the dtype of the entry.",
    aspect="values",
)
def leaves_float64(state_dicts):
    def end(total, count, dtype):
        return total / count if dtype.is_floating_point else total

    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="Counters are averaged too, and rounded down.",
    aspect="values",
)
def averages_counters(state_dicts):
    states = checked(state_dicts)
    means = one_by_one(states, begin, add, end)
    for key, x in means.items():
        if not x.is_floating_point():
            total = sum(one[key].double() for one in states)
            means[key] = (total / len(states)).to(x.dtype)
    return means


@impostor(
    "average_weights",
    diagnosis="Counters are averaged, and become floats by that.",
    aspect="values",
)
def makes_counters_float(state_dicts):
    states = checked(state_dicts)
    means = one_by_one(states, begin, add, end)
    for key, x in means.items():
        if not x.is_floating_point():
            means[key] = sum(one[key].float() for one in states) / len(states)
    return means


@impostor(
    "average_weights",
    diagnosis="Counters are those of the first state dict.",
    aspect="values",
)
def keeps_the_first_counters(state_dicts):
    def add(total, x, _count):
        return total + x.detach() if x.is_floating_point() else total

    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="Each state dict is averaged with the mean so far, so that the last one counts half.",
    aspect="values",
)
def averages_in_pairs(state_dicts):
    def add(total, x, _count):
        return (total + x.detach()) / 2 if x.is_floating_point() else x.clone()

    def end(total, _count, dtype):
        return total.to(dtype)

    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="The sums are not divided.",
    aspect="values",
)
def returns_sums(state_dicts):
    return one_by_one(state_dicts, begin, add, lambda total, _count, dtype: total.to(dtype))


@impostor(
    "average_weights",
    diagnosis="The first state dict is taken out of the list, and left out of the number.",
    aspect="values",
)
def counts_one_less(state_dicts):
    return one_by_one(
        state_dicts,
        begin,
        add,
        lambda total, count, dtype: end(total, max(count - 1, 1), dtype),
    )


@impostor(
    "average_weights",
    diagnosis="A generator has no length.",
    aspect="values",
)
def asks_for_the_length(state_dicts):
    if not len(state_dicts):
        raise ValueError("nothing to average")
    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="A generator is gone through twice; the second time it is empty.",
    aspect="values",
)
def goes_through_twice(state_dicts):
    first = next(iter(state_dicts), None)
    if first is None:
        raise ValueError("nothing to average")
    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="All state dicts are put into a list first, and are in memory together.",
    aspect="memory",
)
def makes_a_list(state_dicts):
    return one_by_one(checked(state_dicts), begin, add, end)


@impostor(
    "average_weights",
    diagnosis="The first state dict is held until the end, to compare keys and shapes.",
    aspect="memory",
)
def holds_the_first(state_dicts):
    held = []

    def keep():
        for one in state_dicts:
            if not held:
                held.append(one)
            yield one

    return one_by_one(keep(), begin, add, end)


@impostor(
    "average_weights",
    diagnosis="Counters are handed out as they are: they share memory with the last state dict.",
    aspect="memory",
)
def hands_out_the_counters(state_dicts):
    def begin(x):
        return x.detach().to(torch.float64, copy=True) if x.is_floating_point() else x.detach()

    def add(total, x, _count):
        return total + x.detach() if x.is_floating_point() else x.detach()

    return one_by_one(state_dicts, begin, add, end)


@impostor(
    "average_weights",
    diagnosis="The average has a graph that leads to all of the parameters.",
    aspect="gradient",
)
def records_a_graph(state_dicts):
    sums, first, count = None, None, 0
    for one in state_dicts:
        if first is None:
            first = {key: (x.shape, x.dtype) for key, x in one.items()}
            sums = {key: begin_tracked(x) for key, x in one.items()}
        else:
            if first.keys() != one.keys() or any(first[k][0] != one[k].shape for k in first):
                raise ValueError("they differ")
            sums = {key: add_tracked(total, one[key]) for key, total in sums.items()}
        count += 1
    if first is None:
        raise ValueError("nothing to average")
    return {key: end(total, count, first[key][1]) for key, total in sums.items()}


def begin_tracked(x):
    return x.double() + 0 if x.is_floating_point() else x.clone()


def add_tracked(total, x):
    return total + x if x.is_floating_point() else x.clone()


@impostor(
    "average_weights",
    diagnosis="Keys that only a later state dict has are left out without a word.",
    aspect="errors",
)
def leaves_out_new_keys(state_dicts):
    def check(first, one):
        if first.keys() - one.keys():
            raise ValueError("keys are missing")
        if any(first[key].shape != one[key].shape for key in first):
            raise ValueError("other shapes")

    return one_by_one(state_dicts, begin, add, end, check)


@impostor(
    "average_weights",
    diagnosis="Keys are not compared: a missing one raises KeyError.",
    aspect="errors",
)
def compares_no_keys(state_dicts):
    def check(first, one):
        if any(first[key].shape != one[key].shape for key in first):
            raise ValueError("other shapes")

    return one_by_one(state_dicts, begin, add, end, check)


@impostor(
    "average_weights",
    diagnosis="Keys are compared with their order, which may differ.",
    aspect="values",
)
def compares_the_order(state_dicts):
    def check_order(first, one):
        if list(first) != list(one):
            raise ValueError("other keys")
        check(first, one)

    return one_by_one(state_dicts, begin, add, end, check_order)


@impostor(
    "average_weights",
    diagnosis="Shapes are not compared: some of them broadcast.",
    aspect="errors",
)
def compares_no_shapes(state_dicts):
    def check(first, one):
        if first.keys() != one.keys():
            raise ValueError("other keys")

    return one_by_one(state_dicts, begin, add, end, check)


@impostor(
    "average_weights",
    diagnosis="Without any state dict an empty dict comes back.",
    aspect="errors",
)
def averages_nothing(state_dicts):
    states = iter(state_dicts)
    first = next(states, None)
    if first is None:
        return {}

    def again(first):
        yield first
        del first
        yield from states

    lent = again(first)
    del first
    return one_by_one(lent, begin, add, end)


@alternative("average_weights")
def by_a_running_mean(state_dicts):
    def add(mean, x, count):
        return mean + (x.detach() - mean) / count if x.is_floating_point() else x.clone()

    return one_by_one(state_dicts, begin, add, lambda mean, _count, dtype: mean.to(dtype))


@alternative("average_weights")
def by_numpy(state_dicts):
    sums, kinds, count = {}, {}, 0
    for count, state in enumerate(state_dicts, 1):
        if count == 1:
            kinds = {key: (x.dtype, x.shape, x.device) for key, x in state.items()}
        if set(kinds) ^ set(state) or any(kinds[k][1] != state[k].shape for k in kinds):
            raise ValueError(f"state dict {count} differs from the first")
        for key in kinds:
            x = state[key].detach().cpu()
            if kinds[key][0].is_floating_point:
                flat = np.array(x.double().tolist(), dtype=np.float64)
                sums[key] = flat if count == 1 else sums[key] + flat
            else:
                sums[key] = x.tolist()
    if not count:
        raise ValueError("there is nothing to average")
    means = {}
    for key, (dtype, shape, device) in kinds.items():
        numbers = (sums[key] / count).tolist() if dtype.is_floating_point else sums[key]
        wide = torch.float64 if dtype.is_floating_point else dtype
        means[key] = torch.tensor(numbers, dtype=wide).reshape(shape).to(dtype).to(device)
    return means


@alternative("average_weights")
def by_foreach(state_dicts):
    states = iter(state_dicts)
    try:
        state = dict(next(states))
    except StopIteration:
        raise ValueError("no state dicts") from None
    result = {key: torch.empty_like(x).requires_grad_(False) for key, x in state.items()}
    floats = [key for key, x in result.items() if torch.is_floating_point(x)]
    sums = [state[key].detach().double().clone() for key in floats]
    count = 1
    rest = [key for key in result if key not in floats]
    for key in rest:
        result[key] = state[key].clone()
    for state in states:
        count += 1
        if sorted(state) != sorted(result):
            raise ValueError("the keys differ")
        if not all(result[key].shape == x.shape for key, x in state.items()):
            raise ValueError("the shapes differ")
        if floats:
            torch._foreach_add_(sums, [state[key].detach().double() for key in floats])
        for key in rest:
            result[key] = state[key].clone()
    for key, total in zip(floats, sums, strict=True):
        result[key] = total.mul(1 / count).to(result[key].dtype, copy=True)
    return result
