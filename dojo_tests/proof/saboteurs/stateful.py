"""Saboteurs of modules with a state: their buffers change when they should not, or do not."""

import contextlib
import copy
import functools

import torch
from torch import nn

from .kinds import SABOTEURS, Saboteur, same


def changes_its_buffers(contract):
    """Whether the contract is of modules whose buffers change with each call in train mode."""
    return bool(getattr(contract, "updated", ()))


def refuses(contract):
    """Whether these modules raise an error for some inputs."""
    return changes_its_buffers(contract) and bool(contract.refused)


def buffers_of(module):
    """The buffers of a module, by their names."""
    return dict(module.named_buffers())


def copies_of(buffers):
    return {name: one.detach().clone() for name, one in buffers.items()}


def put(module, buffers):
    """Have a module hold these buffers."""
    for name, one in buffers.items():
        path, _, last = name.rpartition(".")
        setattr(module.get_submodule(path), last, one)


def is_in(module, buffers):
    """Whether a module holds the same as these buffers."""
    return all(same(one, buffers[name]) for name, one in buffers_of(module).items())


def with_methods(methods, function, mark):
    """The function that makes modules, in the class of which some methods are others.

    Args:
        methods: (the class, ``mark``, what a new module holds) → the methods by their names.
        function: what makes a module.
        mark: is called when something shows.
    """

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        kind, initial = type(module), copies_of(buffers_of(module))
        others = methods(kind, mark, initial)
        module.__class__ = type(kind.__name__, (kind,), {**others, "__module__": kind.__module__})
        return module

    return wrapper


def of_state(applies=changes_its_buffers):
    """Add a saboteur by the methods of its class."""

    def add(methods):
        wrap = functools.partial(with_methods, methods)
        SABOTEURS.append(Saboteur(methods.__name__, wrap, applies, must_show=True, of_maker=True))
        return methods

    return add


@of_state()
def updates_twice(kind, mark, initial):
    def forward(self, *inputs):
        result = kind.forward(self, *inputs)
        if self.training:
            once = copies_of(buffers_of(self))
            with torch.no_grad():
                kind.forward(self, *inputs)
            if not is_in(self, once):
                mark()
        return result

    return {"forward": forward}


@of_state()
def updates_in_eval(kind, mark, initial):
    def forward(self, *inputs):
        result = kind.forward(self, *inputs)
        if not self.training:
            before, self.training = copies_of(buffers_of(self)), True
            with contextlib.suppress(ValueError), torch.no_grad():
                kind.forward(self, *inputs)
            self.training = False
            if not is_in(self, before):
                mark()
        return result

    return {"forward": forward}


def updates_only_if(is_so):
    """The methods of a class that puts its old buffers back unless ``is_so`` of the inputs."""

    def methods(kind, mark, initial):
        def forward(self, *inputs):
            before = copies_of(buffers_of(self))
            result = kind.forward(self, *inputs)
            if self.training and not is_so(inputs):
                if not is_in(self, before):
                    mark()
                put(self, before)
            return result

        return {"forward": forward}

    return methods


@of_state()
def stays_as_it_is_under_no_grad(*given):
    return updates_only_if(lambda _: torch.is_grad_enabled())(*given)


@of_state()
def stays_as_it_is_where_x_is_tracked(*given):
    return updates_only_if(lambda inputs: not inputs[0].requires_grad)(*given)


@of_state(lambda contract: changes_its_buffers(contract) and contract.recorded)
def keeps_a_graph_in_a_buffer(kind, mark, initial):
    def forward(self, *inputs):
        result = kind.forward(self, *inputs)
        if self.training and result.requires_grad:
            mark()
            floats = (name for name, one in buffers_of(self).items() if one.is_floating_point())
            put(self, {name: buffers_of(self)[name] + 0 * result.sum() for name in floats})
        return result

    return {"forward": forward}


def begins_anew(method):
    """The methods of a class that holds its first buffers again after a method of nn.Module."""

    def methods(kind, mark, initial):
        def again(self, *args, **kwargs):
            result = getattr(nn.Module, method)(self, *args, **kwargs)
            held = buffers_of(self)
            if not is_in(self, {name: one.to(held[name]) for name, one in initial.items()}):
                mark()
            put(self, {name: one.to(held[name], copy=True) for name, one in initial.items()})
            return result

        return {method: again}

    return methods


@of_state()
def forgets_when_converted(*given):
    return begins_anew("double")(*given)


@of_state()
def forgets_when_moved(*given):
    return begins_anew("to")(*given)


@of_state()
def forgets_in_train(*given):
    return begins_anew("train")(*given)


@of_state()
def loads_no_buffers(*given):
    return begins_anew("load_state_dict")(*given)


@of_state()
def forgets_in_a_deepcopy(kind, mark, initial):
    def deepcopy(self, memo):
        twin = memo[id(self)] = type(self).__new__(type(self))
        twin.__dict__ = copy.deepcopy(self.__dict__, memo)
        if not is_in(twin, {name: one.to(buffers_of(twin)[name]) for name, one in initial.items()}):
            mark()
        put(twin, {name: one.to(buffers_of(twin)[name]) for name, one in initial.items()})
        return twin

    return {"__deepcopy__": deepcopy}


@of_state()
def counts_beside_its_buffers(kind, mark, initial):
    """It goes on from what it has computed itself, whatever was loaded or written since then."""

    def forward(self, *inputs):
        own = self.__dict__.setdefault("beside", copies_of(initial))
        held = buffers_of(self)
        put(self, {name: one.to(held[name], copy=True) for name, one in own.items()})
        if not is_in(self, held):
            mark()
        result = kind.forward(self, *inputs)
        self.__dict__["beside"] = copies_of(buffers_of(self))
        return result

    return {"forward": forward}


@of_state(refuses)
def changes_before_it_refuses(kind, mark, initial):
    def forward(self, *inputs):
        try:
            return kind.forward(self, *inputs)
        except ValueError:
            mark()
            for one in buffers_of(self).values():
                one.add_(1)
            raise

    return {"forward": forward}


def shares_its_buffers(function, mark):
    """The function whose modules all write into the buffers of the first one."""
    first = {}

    @functools.wraps(function, updated=())
    def wrapper(*args, **kwargs):
        module = function(*args, **kwargs)
        known = first.setdefault(repr((args, kwargs)), module)
        if known is not module:
            mark()
            put(module, buffers_of(known))
        return module

    return wrapper


SABOTEURS.append(
    Saboteur("shares_its_buffers", shares_its_buffers, changes_its_buffers, of_maker=True)
)
