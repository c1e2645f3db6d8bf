"""Saboteurs of what makes a module: its parameters are not what they should be."""

import copy
import functools

import torch
from torch import nn

from dojo.checks.laws.class_of_modules import ClassOfModules

from .kinds import SABOTEURS, Saboteur, saboteur, same, tensors_in


def makes_module(contract):
    """Whether the contract is of what makes a module."""
    return getattr(contract, "makes_module", False)


def has_parameters(contract):
    """Whether it is of what makes a module that has parameters."""
    return makes_module(contract) and bool(contract.parameters)


def initial_values(contract):
    """What a class of modules says of what its parameters begin with, for each way to make one."""
    return [contract.initial(*made_with) for made_with in contract.drawn_with]


def draws_parameters(contract):
    """Whether it says of parameters that they begin with random numbers."""
    if not isinstance(contract, ClassOfModules):
        return has_parameters(contract)
    return any(one.is_random for each in initial_values(contract) for one in each.values())


def says_how_parameters_begin(contract):
    """Whether it says what numbers all parameters begin with."""
    if not isinstance(contract, ClassOfModules):
        return has_parameters(contract)
    return any(set(contract.parameters) <= each.keys() for each in initial_values(contract))


def holds_constant_parameters(contract):
    """Whether it is of a class of modules with parameters, and a call changes nothing there."""
    is_class = isinstance(contract, ClassOfModules) and contract.recorded
    return is_class and has_parameters(contract) and not contract.updated


def state_of(module):
    """All that a module holds: name → a copy of it, and whether it is trainable."""
    held = [*module.named_parameters(), *module.named_buffers()]
    return {name: (one.detach().clone(), one.requires_grad) for name, one in held}


def is_in_state(module, state):
    """Whether a module holds what ``state_of`` has returned."""
    now = state_of(module)
    return now.keys() == state.keys() and all(
        same(now[name][0], one) and now[name][1] == is_trainable
        for name, (one, is_trainable) in state.items()
    )


def trains_its_own_parameters(contract):
    """Whether it is of a class of modules whose parameters get gradients."""
    return bool(getattr(contract, "test_trains_its_own_parameters", None))


@saboteur(trains_its_own_parameters, must_show=True)
def clears_gradients_in_forward(function, mark):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        for one in tensors_in(args):
            if isinstance(one, nn.Parameter) and one.grad is not None:
                one.grad = None
                mark()
        return function(*args, **kwargs)

    return wrapper


def changes_module(change, function, mark):
    """The function that makes a module, which is changed before it comes back."""

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        state = state_of(module)
        module = change(module)
        if "forward" in vars(module) or not is_in_state(module, state):
            mark()
        return module

    return wrapper


def of_maker(change, applies=has_parameters):
    """Add a saboteur by what it does to a module that was made."""
    wrap = functools.partial(changes_module, change)
    one = Saboteur(change.__name__, wrap, applies, of_maker=True)
    SABOTEURS.append(one)
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


def has_two_in_one_memory(function, mark):
    """What is no longer than the first parameter lies where that begins."""

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        held = [*module.parameters(), *module.buffers()]
        for one in held[1:]:
            if one.numel() <= held[0].numel() and one.dtype == held[0].dtype:
                one.data = held[0].data.flatten()[: one.numel()].view(one.shape)
                mark()
        return module

    return wrapper


SABOTEURS.append(
    Saboteur("has_two_in_one_memory", has_two_in_one_memory, has_parameters, of_maker=True)
)


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


def has_equal_weights(module):
    return replace_parameters(module, lambda one: nn.Parameter(torch.ones_like(one)))


of_maker(has_equal_weights, says_how_parameters_begin)


def shares_parameters(function, mark):
    """The function whose modules all have the parameters of the first one."""
    first = {}

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        known = first.setdefault(repr((args, kwargs)), module)
        if known is module:
            return module
        mark()
        pairs = zip(module.modules(), known.modules(), strict=True)
        for part, other in pairs:
            for name, one in other.named_parameters(recurse=False):
                setattr(part, name, one)
        return module

    return wrapper


def makes_once(give, function, mark):
    """The function that makes its module once, and gives something of it at each call."""
    first = {}

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        known = first.setdefault(repr((args, kwargs)), module)
        given = give(known)
        if given is not module and (given is known or not is_in_state(module, state_of(known))):
            mark()
        return given

    return wrapper


def gives_one_module(function, mark):
    return makes_once(lambda module: module, function, mark)


def gives_copies_of_one(function, mark):
    return makes_once(copy.deepcopy, function, mark)


for wrap, where in (
    (shares_parameters, has_parameters),
    (gives_one_module, has_parameters),
    (gives_copies_of_one, draws_parameters),
):
    SABOTEURS.append(Saboteur(wrap.__name__, wrap, where, of_maker=True))


def halves_its_own_gradients(function, mark):
    """The function whose modules have a hook on each parameter that they are made with."""

    def halve(gradient):
        mark()
        return gradient / 2

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        for one in module.parameters():
            if one.requires_grad:
                one.register_hook(halve)
        return module

    return wrapper


def keeps_its_weights_without_grad(function, mark):
    """The function whose modules compute under no_grad with what they held in the first call."""

    def kept_by(module, kind):
        if module.__dict__.get("kept") is None:
            twin = copy.deepcopy(module)
            twin.__class__ = kind
            module.__dict__["kept"] = twin
        if not is_in_state(module, state_of(module.__dict__["kept"])):
            mark()
        return module.__dict__["kept"]

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        kind = type(module)

        class Keeps(kind):
            def train(self, mode=True):
                self.__dict__["kept"] = None
                return super().train(mode)

            def forward(self, *inputs):
                if torch.is_grad_enabled():
                    return super().forward(*inputs)
                return kept_by(self, kind)(*inputs)

        module.__class__ = Keeps
        return module

    return wrapper


def may_lack_a_tensor(contract):
    """Whether it is of a class of modules that may be called with None for a tensor."""
    if not isinstance(contract, ClassOfModules) or len(contract.dtypes) == 1:
        return False
    return any(
        len(contract.inputs_in(row.templates)) < len(contract.handed) for row in contract.plain
    )


def refuses_none(function, mark):
    """The function whose modules take no None for a tensor: it has to be left out."""

    def refuse(_module, inputs):
        if any(one is None for one in inputs):
            mark()
            raise TypeError("is not made for None")

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        module.register_forward_pre_hook(refuse)
        return module

    return wrapper


SABOTEURS.append(
    Saboteur("refuses_none", refuses_none, may_lack_a_tensor, must_show=True, of_maker=True)
)
for wrap in (halves_its_own_gradients, keeps_its_weights_without_grad):
    applies = holds_constant_parameters
    SABOTEURS.append(Saboteur(wrap.__name__, wrap, applies, must_show=True, of_maker=True))
