"""Saboteurs of what makes a module: its parameters are not what they should be."""

import copy
import functools

import torch
from torch import nn

from .kinds import SABOTEURS, Saboteur


def makes_module(contract):
    """Whether the contract is of a function that makes a module."""
    return getattr(contract, "makes_module", False)


def changes_module(change, function, mark):
    """The function that makes a module, which is changed before it comes back."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        module = change(function(*args, **kwargs))
        mark()
        return module

    return wrapper


def of_maker(change):
    """Add a saboteur by what it does to a module that was made."""
    wrap = functools.partial(changes_module, change)
    SABOTEURS.append(Saboteur(change.__name__, wrap, makes_module, must_show=True, of_maker=True))
    return change


def replace_parameters(module, make):
    """Put other parameters in the places of a module's own."""
    for part in module.modules():
        for name, one in list(part.named_parameters(recurse=False)):
            setattr(part, name, make(one))
    return module


@of_maker
def has_unwritten_parameters(module):
    return replace_parameters(module, lambda one: nn.Parameter(torch.empty(one.shape)))


@of_maker
def has_frozen_parameters(module):
    return module.requires_grad_(False)


@of_maker
def has_float64_parameters(module):
    return module.double()


@of_maker
def has_one_more_parameter(module):
    module.register_parameter("one_more", nn.Parameter(torch.ones(3)))
    return module


@of_maker
def keeps_its_weights_in_eval(module):
    """In eval mode it computes with the parameters of the first such call, until it trains."""
    forward, kept = module.forward, []

    def run(x):
        if module.training or x.requires_grad:
            kept.clear()
            return forward(x)
        if not kept:
            kept.append(copy.deepcopy(module))
            del kept[0].forward
        return kept[0](x)

    module.forward = run
    return module


@of_maker
def has_equal_weights(module):
    return replace_parameters(module, lambda one: nn.Parameter(torch.ones_like(one)))


def shares_parameters(function, mark):
    """The function whose modules all have the parameters of the first one."""
    first = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        if not first:
            first.append(module)
            return module
        mark()
        pairs = zip(module.modules(), first[0].modules(), strict=True)
        for part, other in pairs:
            for name, one in other.named_parameters(recurse=False):
                setattr(part, name, one)
        return module

    return wrapper


def makes_once(give, function, mark):
    """The function that makes its module once, and gives something of it at each call."""
    first = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if first:
            mark()
        else:
            first.append(function(*args, **kwargs))
        return give(first[0])

    return wrapper


def gives_one_module(function, mark):
    return makes_once(lambda module: module, function, mark)


def gives_copies_of_one(function, mark):
    return makes_once(copy.deepcopy, function, mark)


for wrap in (shares_parameters, gives_one_module, gives_copies_of_one):
    SABOTEURS.append(Saboteur(wrap.__name__, wrap, makes_module, must_show=True, of_maker=True))
