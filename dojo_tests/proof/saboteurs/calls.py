"""Saboteurs that remember something, or change torch for all that follows."""

import functools
import random

import numpy as np
import torch

from .kinds import (
    SABOTEURS,
    Saboteur,
    any_contract,
    each,
    is_new,
    memory_of,
    saboteur,
    same,
    shares,
    tensors_in,
)

# ---------------------------------------------------------------- from call to call


def key_of(values, numbers):
    """What tells calls apart: shapes, dtypes and devices, with or without the numbers."""
    parts = []
    for one in values:
        if isinstance(one, torch.Tensor):
            part = (tuple(one.shape), str(one.dtype), one.device.type, one.requires_grad)
            parts.append((*part, repr(one.detach().cpu().tolist()) if numbers else ""))
        else:
            parts.append(repr(one))
    return tuple(parts)


def cached(make_key, function, mark):
    kept = {}
    alive = []  # so that no id is used again

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        values = [*args, *kwargs.values()]
        key = make_key(values)
        value = function(*args, **kwargs)
        if key in kept and list(tensors_in(values)):
            if not is_as_good(kept[key], value):
                mark()
            return kept[key]
        alive.append(values)
        kept[key] = value
        return value

    return wrapper


def is_as_good(old, new):
    """Whether a kept result is as good as a new one: a view of the same input shows the same."""
    pairs = list(zip(tensors_in([old]), tensors_in([new]), strict=True))
    return bool(pairs) and all(same(a, b) and shares(a, b) for a, b in pairs)


@saboteur(lambda contract: "device" in getattr(contract, "last", ()), must_show=True)
def knows_a_gpu_without_its_number(function, mark):
    def known(one):
        is_device = isinstance(one, (str, torch.device))
        if not is_device or torch.device(one).index is None:
            return one
        mark()
        return "cpu"

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*map(known, args), **{name: known(one) for name, one in kwargs.items()})

    return wrapper


@saboteur(lambda contract: not contract.written)
def cached_by_shape(function, mark):
    return cached(functools.partial(key_of, numbers=False), function, mark)


@saboteur(lambda contract: contract.tensors and not contract.written)
def cached_by_id(function, mark):
    def ids(values):
        return tuple(id(x) if isinstance(x, torch.Tensor) else repr(x) for x in values)

    return cached(ids, function, mark)


@saboteur(is_new)
def cached_by_numbers(function, mark):
    return cached(functools.partial(key_of, numbers=True), function, mark)


def has_two_of(index):
    """Whether the argument of this index is an option, of which two values are asked."""

    def is_so(contract):
        pairs = getattr(contract, "option_rows", ())
        is_class = hasattr(contract, "held")  # the options are those of its constructor
        is_as_in_a_case = not is_class and "call" not in vars(type(contract))
        return is_as_in_a_case and any(
            one.case[index : index + 1] != two.case[index : index + 1] for one, two in pairs
        )

    return is_so


def remembers_option(index, function, mark):
    """The function that goes by the option of the first call on tensors of these shapes."""
    kept = {}

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        others = [*args[:index], *args[index + 1 :]]
        key = key_of([type(one) if callable(one) else one for one in others], numbers=False)
        given = args[index : index + 1]
        old = kept.setdefault(key, given)
        if repr(old) != repr(given):
            mark()
        return function(*args[:index], *old, *args[index + 1 :], **kwargs)

    return wrapper


for index in range(7):
    wrap = functools.partial(remembers_option, index)
    kind = f"remembers_option_{index}_by_shape"
    SABOTEURS.append(Saboteur(kind, wrap, has_two_of(index), must_show=True))


@saboteur(memory_of("new", "free"), must_show=True)
def reuses_its_buffer(function, mark):
    buffers = {}

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))

        def reuse(v):
            if not v.requires_grad and any(shares(v, x) for x in inputs):
                v = v.detach().clone()
            key = tuple(v.shape), v.dtype, v.device.type
            if key not in buffers:
                buffers[key] = v.detach()
                return v
            mark()
            if not v.requires_grad:
                return buffers[key].copy_(v)
            v = v.clone()
            v.data = buffers[key].copy_(v.detach())
            return v

        return each(function(*args, **kwargs), reuse)

    return wrapper


@saboteur(lambda contract: not contract.written)
def differs_the_second_time(function, mark):
    seen = set()

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        key = key_of([*args, *kwargs.values()], numbers=True)
        value = function(*args, **kwargs)
        if key not in seen:
            seen.add(key)
            return value

        def change(v):
            if not v.numel():
                return v
            mark()
            return ~v if v.dtype == torch.bool else v + 1

        return each(value, change)

    return wrapper


# ---------------------------------------------------------------- settings and generators


def after_call(act, function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        act()
        mark()
        return value

    return wrapper


def put_back_the_seed():
    """Draw, then seed anew with the old seed: the generator's state is another one."""
    torch.rand(1)
    torch.manual_seed(torch.initial_seed())


def draws_nothing(contract):
    """Whether a call may draw from no generator, not even from torch's."""
    return not contract.draws


def draw_on_the_gpu():
    """Draw from the GPU's own generator, where there is a GPU."""
    if torch.cuda.is_available():
        torch.rand(1, device="cuda")


for kind, act in {
    "leaves_autograd_off": lambda: torch.set_grad_enabled(False),
    "seeds": lambda: torch.manual_seed(1234),
    "draws": lambda: torch.rand(1),
    "puts_back_the_seed_and_not_the_state": put_back_the_seed,
    "draws_on_the_gpu": draw_on_the_gpu,
    "draws_from_numpy": np.random.rand,
    "draws_from_python": random.random,
    "sets_the_default_dtype": lambda: torch.set_default_dtype(torch.float64),
    "sets_the_deterministic_mode": lambda: torch._C._set_deterministic_algorithms(False),
    "sets_the_precision_of_products": lambda: torch.set_float32_matmul_precision("medium"),
}.items():
    wrap = functools.partial(after_call, act)
    applies = draws_nothing if kind in ("draws", "draws_on_the_gpu") else any_contract
    SABOTEURS.append(Saboteur(kind, wrap, applies, must_show=True))


def leaves_autograd_off_when_it_raises(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception:
            torch.set_grad_enabled(False)
            mark()
            raise

    return wrapper


def refuses(contract):
    """Whether there is something that the function refuses."""
    return bool(getattr(contract, "refused", ()))


SABOTEURS.append(
    Saboteur("leaves_autograd_off_when_it_raises", leaves_autograd_off_when_it_raises, refuses)
)


@saboteur(any_contract, must_show=True)
def turns_recording_on(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        finally:
            if not torch.is_grad_enabled():
                mark()
                torch.set_grad_enabled(True)

    return wrapper
