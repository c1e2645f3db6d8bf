"""Saboteurs of a function that is handed a function: they spoil that, or what belongs to it."""

import contextlib
import functools

import torch

from dojo.checks.laws import FunctionalFunction
from dojo.checks.laws.handed import HandedModule, function_in

from .kinds import FLOATS, SABOTEURS, Saboteur, each


def is_functional(contract):
    """Whether the function is handed one."""
    return isinstance(contract, FunctionalFunction)


def lets_errors_through(contract):
    return is_functional(contract) and contract.lets_errors_through


def is_untracked(contract):
    return is_functional(contract) and contract.untracked


def is_counted(contract):
    return is_functional(contract) and contract.is_counted


def functional(applies=is_functional, kind=""):
    """Add a wrapper to the saboteurs."""

    def add(wrap):
        name = kind or wrap.__name__
        SABOTEURS.append(Saboteur(name, wrap, applies, must_show=True, of_functional=True))
        return wrap

    return add


def after(act, function, mark):
    """The function that does something with f and its first tensor once the result is there."""

    @functools.wraps(function)
    def wrapper(f, x, *others):
        value = function(f, x, *others)
        if act(f, x):
            mark()
        return value

    return wrapper


def afterwards(applies=is_functional):
    """Add a saboteur by what it does afterwards; it returns whether that shows."""

    def add(act):
        functional(applies, act.__name__)(functools.partial(after, act))
        return act

    return add


@afterwards()
def fills_the_grad_of_parameters(f, x):
    y = f(x.detach())
    if not (y.requires_grad and y.numel()):
        return False
    y.sum().backward()
    return True


@afterwards()
def clears_the_grad_of_parameters(f, x):
    found = [one for one in function_in(f).parameters.values() if one.grad is not None]
    for one in found:
        one.grad = None
    return bool(found)


@afterwards()
def freezes_parameters(f, x):
    found = list(function_in(f).parameters.values())
    for one in found:
        one.requires_grad_(False)
    return bool(found)


@afterwards()
def moves_parameters(f, x):
    found = list(function_in(f).parameters.values())
    for one in found:
        one.data.add_(1)
    return bool(found)


@afterwards()
def puts_a_module_into_eval_mode(f, x):
    return isinstance(f, HandedModule) and bool(f.eval())


@afterwards()
def puts_a_module_into_train_mode(f, x):
    return isinstance(f, HandedModule) and bool(f.train())


@afterwards()
def unfreezes_a_module(f, x):
    return isinstance(f, HandedModule) and bool(f.requires_grad_(True))


def meanwhile(change, function, mark):
    """The function that changes a module for the time of the call, and not after an error."""

    @functools.wraps(function)
    def wrapper(f, *others):
        if not isinstance(f, HandedModule):
            return function(f, *others)
        put_back = change(f)
        mark()
        value = function(f, *others)
        put_back()
        return value

    return wrapper


def into_eval_mode(f):
    modes = [(one, one.training) for one in f.modules()]
    f.eval()
    return lambda: [setattr(one, "training", mode) for one, mode in modes]


def frozen(f):
    found = [one for one in f.parameters() if one.requires_grad]
    f.requires_grad_(False)
    return lambda: [one.requires_grad_(True) for one in found]


functional(is_functional, "calls_a_module_in_eval_mode")(
    functools.partial(meanwhile, into_eval_mode)
)
functional(lets_errors_through, "leaves_a_module_frozen_after_an_error")(
    functools.partial(meanwhile, frozen)
)


@functional(lets_errors_through)
def leaves_grad_mode_off_after_an_error(function, mark):
    @functools.wraps(function)
    def wrapper(f, x, *others):
        torch.set_grad_enabled(False)
        mark()
        f(x)
        torch.set_grad_enabled(True)
        return function(f, x, *others)

    return wrapper


@afterwards()
def fills_the_grad_of_its_input(f, x):
    if not (x.requires_grad and x.is_leaf and x.grad is None):
        return False
    x.grad = torch.zeros_like(x)
    return True


@afterwards()
def clears_the_grad_of_its_input(f, x):
    if not x.is_leaf or x.grad is None:
        return False
    x.grad = None
    return True


@afterwards()
def adds_to_the_grad_of_its_input(f, x):
    if not x.is_leaf or x.grad is None:
        return False
    x.grad.add_(1)
    return True


@afterwards()
def goes_backward_to_a_leaf(f, x):
    if x.is_leaf:
        return False
    x.sum().backward()
    return True


@afterwards(is_counted)
def calls_f_too_often(f, x):
    for _ in range(2 * x.numel() + 2):
        f(x)
    return True


@functional(lets_errors_through)
def swallows_errors_of_f(function, mark):
    @functools.wraps(function)
    def wrapper(f, x, *others):
        try:
            return function(f, x, *others)
        except RuntimeError:
            mark()
            return torch.zeros_like(x)

    return wrapper


@functional(lets_errors_through)
def raises_another_error(function, mark):
    @functools.wraps(function)
    def wrapper(f, x, *others):
        try:
            return function(f, x, *others)
        except RuntimeError as error:
            mark()
            raise ValueError("f failed") from error

    return wrapper


def refuses(is_refused, function, mark):
    @functools.wraps(function)
    def wrapper(f, *others):
        if is_refused(f):
            mark()
            raise RuntimeError("is not made for this")
        return function(f, *others)

    return wrapper


for kind, is_refused in {
    "raises_for_a_module": lambda f: isinstance(f, torch.nn.Module),
    "raises_for_a_plain_function": lambda f: not isinstance(f, torch.nn.Module),
    "raises_where_f_has_parameters": lambda f: bool(function_in(f).parameters),
}.items():
    functional(is_functional, kind)(functools.partial(refuses, is_refused))


def stays_tracked(reached, function, mark):
    """The function with results that are tracked where something is that they could depend on."""

    @functools.wraps(function)
    def wrapper(f, x, *others):
        value = function(f, x, *others)
        source = reached(f, x)
        if not source.requires_grad:
            return value

        def track(v):
            if v.dtype not in FLOATS or v.requires_grad:
                return v
            mark()
            return v + 0 * source.sum()

        return each(value, track)

    return wrapper


for kind, reached in {
    "stays_tracked_by_its_input": lambda _, x: x,
    "stays_tracked_by_parameters": lambda f, x: f(x.detach()),
}.items():
    functional(is_untracked, kind)(functools.partial(stays_tracked, reached))


@functional()
def wrong_where_its_input_is_tracked(function, mark):
    @functools.wraps(function)
    def wrapper(f, x, *others):
        value = function(f, x, *others)
        if not x.requires_grad or not value.numel():
            return value
        mark()
        return value + 1

    return wrapper


@functional()
def calls_f_with_a_flat_tensor_too(function, mark):
    @functools.wraps(function)
    def wrapper(f, x, *others):
        value = function(f, x, *others)
        if x.dim() > 1:
            mark()
            with contextlib.suppress(RuntimeError, IndexError):
                f(x.reshape(-1))
        return value

    return wrapper
