"""What a saboteur is, the list of them, and the ways to make one.

A contract decides which of them apply; each of these must be red in every kata. A new one is added
here once, and so holds for all katas. The right variants below must stay green in the same way.

A saboteur is made with the function and with ``mark``, which it calls when it has done something
that shows. One that was never marked has not been put to the test.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
DTYPES = (*FLOATS, torch.complex64, *INTEGERS, torch.bool)


@dataclass(frozen=True)
class Saboteur:
    """A kind of wrong answer.

    Attributes:
        kind: its name.
        wrap: (function, mark) → the wrong function.
        applies: contract → whether it breaks a promise of it. None where any function breaks it.
        must_show: whether a contract that it applies to must ask what makes it show.
        of_maker: whether it wraps the function that makes a module, and not its ``forward``.
        of_functional: whether it wraps a function that is handed a function.
        of_decoding: whether it wraps a function that is handed a language model.
        of_optimizer: whether it wraps a class of optimizers.
    """

    kind: str
    wrap: Any
    applies: Any = None
    must_show: bool = False
    of_maker: bool = False
    of_functional: bool = False
    of_decoding: bool = False
    of_optimizer: bool = False


# what is no fault of a function that draws random numbers
OF_NUMBERS = ("shuffled", "last_element", "relative_1e_3", "relative_1e_5")
SABOTEURS: list[Saboteur] = []
RIGHT_VARIANTS: list[Saboteur] = []


def saboteur(applies=None, kind="", must_show=False, of=SABOTEURS):
    """Add a wrapper to the saboteurs, or to another list."""

    def add(wrap):
        of.append(Saboteur(kind or wrap.__name__, wrap, applies, must_show))
        return wrap

    return add


def tensors_in(values):
    """The tensors in arguments, and in their lists and tuples."""
    for one in values:
        if isinstance(one, torch.Tensor):
            yield one
        elif isinstance(one, (list, tuple)):
            yield from tensors_in(one)


def shares(a, b):
    """Whether two tensors lie in one storage."""
    return a.untyped_storage()._cdata == b.untyped_storage()._cdata


def same(a, b):
    """Whether two tensors have one shape and dtype and hold the same; NaN equals NaN."""
    a, b = a.detach().cpu(), b.detach().cpu()
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(((a == b) | ((a != a) & (b != b))).all())


def each(value, change):
    """The value with each tensor in it changed; an array is changed as a tensor."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if type(value) in (tuple, list):
        return type(value)(each(one, change) for one in value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        tensor = torch.tensor(value)
        new = change(tensor)
        return value if new is tensor else new.numpy()
    return value


def changes_result(change, function, mark):
    """The function with other results: ``change(value, inputs)`` gives the new one, or the same."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))
        value = function(*args, **kwargs)

        def go(one):
            new = change(one, inputs)
            if new is one:
                return one
            if not isinstance(new, torch.Tensor) or new.device.type != one.device.type:
                mark()
                return new
            if same(new, one):
                return one  # nothing shows: as it was
            mark()
            if any(one is x for x in inputs) and new.shape == one.shape and new.dtype == one.dtype:
                one.data.copy_(new.detach())  # where the result is an argument itself
                return one
            return new

        return each(value, go)

    return wrapper


def result(applies=None, kind="", must_show=False):
    """Add a saboteur by what it does to a tensor that comes back."""

    def add(change):
        wrap = functools.partial(changes_result, change)
        SABOTEURS.append(Saboteur(kind or change.__name__, wrap, applies, must_show))
        return change

    return add


def has(*dtypes):
    """Whether one of these is a dtype of the contract's tensors."""
    return lambda contract: contract.tensors and any(one in contract.dtypes for one in dtypes)


def takes(dtype):
    """Whether tensors have this dtype, or the dtype itself is an argument."""
    return lambda contract: (
        dtype in contract.dtypes and (contract.tensors or "dtype" in getattr(contract, "last", ()))
    )


def gives(*dtypes):
    """Whether one of these is a dtype of the contract's results."""

    def gives_one(contract):
        return any(contract.result_dtype(dtype) in dtypes for dtype in contract.dtypes)

    return gives_one


def records(contract):
    """Whether gradients reach the inputs."""
    return contract.recorded and any(one.is_floating_point for one in contract.dtypes)


def takes_tracked(contract):
    """Whether an input may require grad, where gradients reach it or not."""
    return records(contract) or hasattr(contract, "test_takes_tracked_inputs")


def any_contract(_contract):
    return True


def memory_of(*kinds):
    return lambda contract: getattr(contract, "memory", "in place") in kinds


def is_new(contract):
    return memory_of("new")(contract)


def is_view(contract):
    return memory_of("view")(contract)


def in_place(contract):
    return bool(contract.written)


def has_layout(name, index):
    """Whether the tensor of this index may lie in memory so."""

    def is_so(contract):
        tensors = contract.tensors[index:]
        return bool(tensors) and name in contract.layouts_of(tensors[0])

    return is_so
