"""Saboteurs that refuse inputs which a contract allows."""

import functools

import torch

from .kinds import (
    DTYPES,
    SABOTEURS,
    Saboteur,
    any_contract,
    has_layout,
    takes,
    takes_tracked,
    tensors_in,
)

# ---------------------------------------------------------------- inputs that are refused


def raises_if(is_refused, function, mark):
    """The function that raises for such inputs."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        values = [*args, *kwargs.values()]
        if is_refused(list(tensors_in(values)), values):
            mark()
            raise RuntimeError("is not made for this")
        return function(*args, **kwargs)

    return wrapper


def refusing(kind, is_refused, applies=any_contract, must_show=False):
    wrap = functools.partial(raises_if, is_refused)
    SABOTEURS.append(Saboteur(kind, wrap, applies, must_show))


for dtype in DTYPES:
    name = str(dtype).replace("torch.", "")
    refusing(
        f"raises_in_{name}",
        lambda inputs, values, dtype=dtype: (
            any(x.dtype == dtype for x in inputs) or any(one is dtype for one in values)
        ),
        takes(dtype),
        must_show=True,
    )
refusing("raises_for_0d", lambda inputs, _values: any(x.dim() == 0 for x in inputs))
refusing("raises_for_empty", lambda inputs, _values: any(x.numel() == 0 for x in inputs))
refusing("raises_for_size_1", lambda inputs, _values: any(1 in x.shape for x in inputs))
refusing(
    "raises_for_negative_int",
    lambda _inputs, values: any(type(one) is int and one < 0 for one in values),
)
refusing(
    "raises_for_tracked",
    lambda inputs, _values: any(x.requires_grad for x in inputs),
    takes_tracked,
    must_show=True,
)
for index in (0, 1):
    for layout, is_so in {
        "transposed": lambda x: not x.is_contiguous(),
        "at an offset": lambda x: x.storage_offset() > 0,
        "repeated": lambda x: 0 in x.stride() and x.numel() > 1,
    }.items():
        refusing(
            f"raises_for_{layout.replace(' ', '_')}_{index}",
            lambda inputs, _values, index=index, is_so=is_so: (
                len(inputs) > index and is_so(inputs[index])
            ),
            has_layout(layout, index),
            must_show=True,
        )


def broadcasts_its_inputs(function, mark):
    """The function that gives its tensors one shape first, where they can be broadcast.

    Those of another dtype than the first, such as a class for each row, stay as they are.
    """

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        places = [n for n, one in enumerate(args) if isinstance(one, torch.Tensor)]
        places = [n for n in places if args[n].dtype == args[places[0]].dtype]
        if len({args[n].shape for n in places}) < 2:
            return function(*args, **kwargs)
        given = list(args)
        for n, one in zip(places, torch.broadcast_tensors(*(args[n] for n in places)), strict=True):
            given[n] = one
        mark()
        return function(*given, **kwargs)

    return wrapper


def compares_nothing_with_an_empty_one(function, mark):
    """The function that takes any shapes where one of its tensors is empty."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        given = [one for one in args if isinstance(one, torch.Tensor)]
        empty = [one for one in given if not one.numel()]
        if not empty or len({one.shape for one in given}) < 2:
            return function(*args, **kwargs)
        mark()
        is_tensor = [isinstance(one, torch.Tensor) for one in args]
        args = [empty[0] if is_so else one for one, is_so in zip(args, is_tensor, strict=True)]
        return function(*args, **kwargs)

    return wrapper


def may_be_empty(contract):
    """Whether all tensors that must have one shape are empty in a case."""
    names = set(getattr(contract, "one_shape", ()))
    return bool(names) and any(
        names <= {name for _, name, one in row.named if not one.x.numel()} for row in contract.plain
    )


SABOTEURS.append(
    Saboteur(
        "compares_nothing_with_an_empty_one",
        compares_nothing_with_an_empty_one,
        may_be_empty,
        must_show=True,
    )
)
SABOTEURS.append(
    Saboteur(
        "broadcasts_its_inputs",
        broadcasts_its_inputs,
        lambda contract: bool(getattr(contract, "one_shape", ())),
        must_show=True,
    )
)
