"""Saboteurs that spoil what autograd records."""

import functools

import torch

from dojo.checks.laws import BackwardByHand
from dojo.checks.laws.layouts import STRIDED, TRANSPOSED

from .kinds import (
    FLOATS,
    SABOTEURS,
    Saboteur,
    each,
    gives,
    has,
    records,
    saboteur,
    tensors_in,
)

# ---------------------------------------------------------------- autograd


@saboteur(records, must_show=True)
def detached(function, mark):
    return detached_in(None, function, mark)


def has_layouts(contract):
    """Whether a tracked input may lie in memory with gaps or with its dimensions reversed."""
    return records(contract) and bool({STRIDED, TRANSPOSED} & set(contract.layouts))


@saboteur(has_layouts, must_show=True)
def detached_where_not_contiguous(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.requires_grad]
        if all(x.is_contiguous() for x in inputs):
            return function(*args, **kwargs)
        mark()
        with torch.no_grad():
            return function(*args, **kwargs)

    return wrapper


def detached_in(dtype, function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))
        if not any(x.requires_grad and dtype in (None, x.dtype) for x in inputs):
            return function(*args, **kwargs)
        mark()
        with torch.no_grad():
            return function(*args, **kwargs)

    return wrapper


def hooks_gradient(dtype, change, function, mark):
    """The function with another gradient of each result in this dtype, or in any."""

    def hook(v):
        if v.requires_grad and v.grad_fn is not None and dtype in (None, v.dtype):
            v.register_hook(change)
            mark()
        return v

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return each(function(*args, **kwargs), hook)

    return wrapper


for dtype in (*FLOATS, torch.complex64):
    name = str(dtype).replace("torch.", "")

    def has_gradient_in(contract, dtype=dtype):
        return contract.recorded and dtype in contract.dtypes and gives(dtype)(contract)

    wrap = functools.partial(detached_in, dtype)
    SABOTEURS.append(Saboteur(f"detached_in_{name}", wrap, has_gradient_in, True))
    wrap = functools.partial(hooks_gradient, dtype, lambda g: g * 2)
    SABOTEURS.append(Saboteur(f"gradient_doubled_in_{name}", wrap, has_gradient_in, True))


@saboteur(records, must_show=True)
def gradient_off_5_percent(function, mark):
    return hooks_gradient(None, lambda g: g * 1.05, function, mark)


@saboteur(lambda contract: records(contract) and torch.float64 in contract.dtypes, must_show=True)
def gradient_through_float32(function, mark):
    return hooks_gradient(torch.float64, lambda g: g.float().double(), function, mark)


@saboteur(lambda contract: gives(*FLOATS)(contract) and not contract.written, must_show=True)
def tracks_untracked(function, mark):
    def track(inputs, v):
        if v.dtype not in FLOATS or any(x.requires_grad for x in inputs):
            return v
        mark()
        return v.detach().requires_grad_()

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        inputs = list(tensors_in([*args, *kwargs.values()]))
        return each(function(*args, **kwargs), functools.partial(track, inputs))

    return wrapper


@saboteur(has(*FLOATS), must_show=True)
def requires_grad_on_its_input(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        for x in list(tensors_in([*args, *kwargs.values()]))[:1]:
            if x.dtype in FLOATS and not x.requires_grad:
                x.requires_grad_()
                mark()
        return value

    return wrapper


# ---------------------------------------------------------------- by hand


def is_by_hand(contract):
    """Whether autograd may compute nothing during a call."""
    return isinstance(contract, BackwardByHand)


def beside(act, function, mark):
    """The function, which lets autograd compute a derivative too, and throws that away."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with torch.enable_grad():
            act()
        mark()
        return function(*args, **kwargs)

    return wrapper


def run_backward():
    x = torch.ones(2, requires_grad=True)
    (x * x).sum().backward()


def run_forward_mode():
    with torch.autograd.forward_ad.dual_level():
        x = torch.autograd.forward_ad.make_dual(torch.ones(2), torch.ones(2))
        torch.autograd.forward_ad.unpack_dual(x * x)


def run_vjp():
    _, pull_back = torch.func.vjp(torch.sin, torch.ones(2))
    pull_back(torch.ones(2))


for kind, act in {
    "runs_backward": run_backward,
    "runs_forward_mode": run_forward_mode,
    "runs_vjp": run_vjp,
}.items():
    SABOTEURS.append(Saboteur(kind, functools.partial(beside, act), is_by_hand, must_show=True))
