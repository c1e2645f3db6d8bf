"""Saboteurs that write where they must not, or lie in memory where they must not."""

import functools

import torch

from .kinds import (
    FLOATS,
    SABOTEURS,
    Saboteur,
    each,
    has_layout,
    in_place,
    is_new,
    is_view,
    result,
    saboteur,
    same,
    shares,
    tensors_in,
)

# ---------------------------------------------------------------- memory


def as_if_contiguous(x, offset, mark):
    """What x would be with the strides of a contiguous tensor, or at another offset."""
    strides, count = [], 1
    for size in reversed(x.shape):
        strides.insert(0, count)
        count *= size
    if not x.numel() or (offset + count) * x.element_size() > x.untyped_storage().nbytes():
        return x
    got = x.as_strided(x.shape, strides, offset)
    if same(got, x):
        return x
    mark()
    return got


def replaces_input(index, change, function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        chosen = list(tensors_in(args))[index : index + 1]

        def swap(one):
            return change(one, mark) if any(one is x for x in chosen) else one

        return function(*(each(one, swap) for one in args), **kwargs)

    return wrapper


for index in (0, 1):
    wrap = functools.partial(
        replaces_input, index, lambda x, mark: as_if_contiguous(x, x.storage_offset(), mark)
    )
    applies = has_layout("transposed", index)
    SABOTEURS.append(Saboteur(f"ignores_strides_{index}", wrap, applies, must_show=True))
    wrap = functools.partial(
        replaces_input,
        index,
        lambda x, mark: as_if_contiguous(x, 0, mark) if x.is_contiguous() else x,
    )
    applies = has_layout("at an offset", index)
    SABOTEURS.append(Saboteur(f"ignores_offset_{index}", wrap, applies, must_show=True))


def writes(index, is_chosen, function, mark):
    """The function that writes a 1 into an input after it has computed its result."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        inputs = list(tensors_in([*args, *kwargs.values()]))
        if len(inputs) <= index:
            return value
        x = inputs[index]
        if not x.numel() or 0 in x.stride() or not is_chosen(x) or any(x is v for v in [value]):
            return value
        if any(shares(v, x) for v in tensors_in([value])):
            value = each(value, torch.clone)
        last = x.data
        while last.dim():
            last = last.select(0, -1)
        old = last.clone()
        last.fill_(~old.bool() if x.dtype == torch.bool else 1)
        if not same(old, last):
            mark()
        return value

    return wrapper


for index in (0, 1):

    def may_not_write(contract, index=index):
        return len(contract.tensors) > index and contract.tensors[index] not in contract.written

    wrap = functools.partial(writes, index, lambda _x: True)
    SABOTEURS.append(Saboteur(f"writes_input_{index}", wrap, may_not_write))
    wrap = functools.partial(writes, index, lambda x: not x.is_contiguous())
    SABOTEURS.append(Saboteur(f"writes_strided_input_{index}", wrap, may_not_write))
    wrap = functools.partial(writes, index, lambda x: x.requires_grad)
    SABOTEURS.append(Saboteur(f"writes_tracked_input_{index}", wrap, may_not_write))


@saboteur(has_layout("at an offset", 0), must_show=True)
def writes_beside_its_input(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        for x in list(tensors_in([*args, *kwargs.values()]))[:1]:
            if x.storage_offset():
                x.data.as_strided((1,), (1,), x.storage_offset() - 1).fill_(0)
                mark()
        return value

    return wrapper


@result(lambda contract: not contract.written)
def returns_memory_that_was_not_written(v, inputs):
    if v.requires_grad or not v.numel() or any(shares(v, x) for x in inputs):
        return v
    return torch.empty_like(v)


def copies_view_if(is_chosen, function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))

        def copy(v):
            owners = [x for x in inputs if shares(v, x)]
            if not owners or not is_chosen(owners[0]):
                return v
            mark()
            return v.clone()

        return each(function(*args, **kwargs), copy)

    return wrapper


def flattens_only_by_a_copy(x):
    """Whether x has three dimensions and more that cannot be viewed as one."""
    if x.dim() < 3:
        return False
    try:
        x.view(-1)
    except RuntimeError:
        return True
    return False


for kind, is_chosen in {
    "copies_view": lambda _x: True,
    "copies_view_of_strided": lambda x: not x.is_contiguous(),
    "copies_view_of_tracked": lambda x: x.requires_grad,
    "copies_view_of_size_1": lambda x: 1 in x.shape,
    "copies_view_that_cannot_be_flat": flattens_only_by_a_copy,
}.items():
    wrap = functools.partial(copies_view_if, is_chosen)
    SABOTEURS.append(Saboteur(kind, wrap, is_view, must_show=kind == "copies_view"))


def gives_input_where_equal(make, function, mark, is_chosen=lambda _x: True):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))

        def swap(v):
            for x in inputs:
                if is_chosen(x) and v is not x and not shares(v, x) and same(v, x):
                    mark()
                    return make(x)
            return v

        return each(function(*args, **kwargs), swap)

    return wrapper


@saboteur(is_new)
def input_where_equal(function, mark):
    return gives_input_where_equal(lambda x: x, function, mark)


@saboteur(is_new)
def view_where_equal(function, mark):
    return gives_input_where_equal(lambda x: x.view_as(x), function, mark)


@saboteur(is_new)
def view_of_tracked_where_equal(function, mark):
    return gives_input_where_equal(
        lambda x: x.view_as(x), function, mark, is_chosen=lambda x: x.requires_grad
    )


@saboteur(in_place, must_show=True)
def works_on_a_copy(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        mark()
        return function(*(x.clone() if isinstance(x, torch.Tensor) else x for x in args), **kwargs)

    return wrapper


def has_large_cases(contract):
    return bool(getattr(contract, "large", ()))


def squared(inputs):
    """A tensor that has as many elements as all inputs together, squared."""
    return inputs[0].new_zeros(sum(x.numel() for x in inputs) ** 2)


@result(has_large_cases, must_show=True)
def wrong_where_inputs_are_long(v, inputs):
    """As if the parts behind the first 32 places forgot what came before them."""
    is_long = any(size > 32 for x in inputs for size in x.shape)
    return v + 1 if is_long and v.dtype in FLOATS else v


@saboteur(has_large_cases, must_show=True)
def large_on_the_way(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        mark()
        squared(list(tensors_in([*args, *kwargs.values()])))
        return function(*args, **kwargs)

    return wrapper


@saboteur(lambda contract: has_large_cases(contract) and contract.recorded, must_show=True)
def large_on_the_way_back(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))

        def hook(v):
            if v.requires_grad and v.grad_fn is not None:
                v.register_hook(lambda g: g + squared(inputs)[:1])
                mark()
            return v

        return each(function(*args, **kwargs), hook)

    return wrapper
