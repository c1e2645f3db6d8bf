"""What a module of a contract has to hold: parameters and buffers, by their names."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import nn

from dojo.checks.expect import CheckFailed, expect
from dojo.checks.laws.made_module import FLOAT32, TRAINABLE, UNSEEN, expect_apart
from dojo.checks.laws.once import once
from dojo.checks.laws.pure import PureFunction
from dojo.checks.memory import shares_storage
from dojo.checks.messages import dtype_name

NAMES = "A state_dict finds parameters and buffers by the names of the attributes that hold them."
FROZEN = "What is not to be trained does not require grad: `requires_grad_(False)`."
UNNAMED = "Keep what the docstring does not name in no parameter and no buffer."
ONE_NUMBER = "`expand` repeats without memory: torch.empty(shape) has a place for each number."
NO_BUFFER = (
    "`self.register_buffer(name, tensor)` makes one. A plain tensor in an attribute is none, and"
    " with persistent=False it is not saved."
)
LAZY = "All sizes are known when the module is made: give the parameters their shapes there."
NOT_TIED = "Each name stands for a parameter of its own."
TIED = "One Parameter can be an attribute of two modules: set the same object in both."
_MANY = 4  # parameters of which a message lists all
STAYS = (
    "nn.Module keeps the tie by itself: it writes into the Parameter that is there, and deepcopy"
    " copies each object once."
)


class ModuleState(PureFunction):
    """A contract of modules that hold some of its tensors.

    Attributes:
        parameters: those of ``tensors`` that are parameters, by their names in the state_dict.
        buffers: those that are buffers.
        frozen: those of the parameters that are not trained, and do not require grad.
        tied: other names of a parameter: name → those under which the same object stands, too.
    """

    parameters: ClassVar[Sequence[str]] = ()
    buffers: ClassVar[Sequence[str]] = ()
    frozen: ClassVar[Sequence[str]] = ()
    tied: ClassVar[dict[str, Sequence[str]]] = {}

    @once
    def handed(self) -> list[str]:
        """The tensors with which a module is called."""
        return [one for one in self.tensors if one not in (*self.parameters, *self.buffers)]

    def state_in(self, arguments: Sequence[Any]) -> dict[str, Any]:
        """Return the parameters and buffers among a case's arguments, by their names."""
        handed, named = self.handed, zip(self.tensors, arguments, strict=False)
        return {name: one for name, one in named if name not in handed and one is not None}

    def expect_state(self, module: nn.Module, shapes: dict[str, tuple[int, ...]]) -> None:
        __tracebackhide__ = True
        parameters = dict(module.named_parameters(remove_duplicate=False))
        for name, one in parameters.items():
            has_shape = not nn.parameter.is_lazy(one)
            expect(has_shape, f"has a parameter {name} that has no shape yet.", LAZY)
        keys = list(module.state_dict())
        buffers = dict(module.named_buffers(remove_duplicate=False))
        # one that is not saved, such as a mask, is free
        buffers = {name: one for name, one in buffers.items() if name in keys}
        with torch._C.DisableTorchFunction():  # in a third of the time of the simulated GPU's mode
            self._expect_alike(shapes, parameters, buffers)
        is_alike = set(keys) == set(shapes)
        sentence = f"has a state_dict with the keys {keys}; expected {list(shapes)}."
        expect(is_alike, sentence, self.hint("state_dict") or NAMES)

    def _expect_alike(
        self,
        shapes: dict[str, tuple[int, ...]],
        parameters: dict[str, nn.Parameter],
        buffers: dict[str, torch.Tensor],
    ) -> None:
        __tracebackhide__ = True
        for kind, names, has in (
            ("parameters", self.with_tied(dict.fromkeys(self.parameters)), parameters),
            ("buffers", self.buffers, buffers),
        ):
            found = {name: tuple(one.shape) for name, one in has.items()}
            wanted = {name: shape for name, shape in shapes.items() if name in names}
            if found != wanted:
                hint = self.hint(kind) or (NAMES if wanted else UNNAMED)
                if sorted(found.values()) == sorted(wanted.values()):  # only the names are others
                    hint = NAMES
                if not found:
                    hint = UNSEEN if kind == "parameters" else NO_BUFFER
                raise CheckFailed(_compared(found, wanted, kind), hint)
        owners: dict[int, str] = {}
        for name, one in parameters.items():
            other = owners.setdefault(id(one), name)
            if other != name and not self._are_tied(other, name):
                sentence = f"has one and the same parameter under the names {other} and {name}."
                raise CheckFailed(sentence, self.hint("tied") or NOT_TIED)
            pairs = zip(one.shape, one.stride(), strict=True)
            if not all(stride or size <= 1 for size, stride in pairs):
                sentence = f"has a parameter {name} whose numbers lie in one and the same memory."
                raise CheckFailed(sentence, ONE_NUMBER)
            if one.dtype != torch.float32:
                raise CheckFailed(f"has a {dtype_name(one.dtype)} parameter {name}.", FLOAT32)
            is_frozen = name in self.frozen
            if one.requires_grad == is_frozen:
                words = f"{'' if is_frozen else 'not '}trainable"
                hint = (self.hint("frozen") or FROZEN) if is_frozen else TRAINABLE
                raise CheckFailed(f"has a parameter {name} that is {words}.", hint)
        for name, one in buffers.items():
            dtype = self.fixed.get(name, torch.float32)
            sentence = f"has a {dtype_name(one.dtype)} buffer {name}; expected {dtype_name(dtype)}."
            expect(one.dtype == dtype, sentence, self.hint("buffers"))
        others = {other for tied in self.tied.values() for other in tied}
        held = {**parameters, **buffers}
        expect_apart({name: one for name, one in held.items() if name not in others})

    @property
    def trained(self) -> list[str]:
        """The parameters that are trained."""
        return [name for name in self.parameters if name not in self.frozen]

    def with_tied(self, shapes: dict[str, Any]) -> dict[str, Any]:
        """Return the same by all names, where a parameter has more than one."""
        others = {other: shapes[name] for name in shapes for other in self.tied.get(name, ())}
        return {**shapes, **others}

    def _are_tied(self, *names: str) -> bool:
        """Whether these are names of one parameter."""
        return any(set(names) <= {name, *others} for name, others in self.tied.items())

    def expect_tied(self, module: nn.Module, when: str = "") -> None:
        """Fail unless one object stands under all names of a parameter."""
        __tracebackhide__ = True
        for name, others in self.tied.items():
            for other in others:
                one, twin = self.held(module, name), self.held(module, other)
                words = f"as {name} and {other}{when and f' {when}'}; expected one and the same."
                if one is not twin:
                    words = f"holds two objects, {_relation(one, twin)}, {words}"
                    raise CheckFailed(words, STAYS if when else self.hint("tied") or TIED)

    def put(self, module: nn.Module, name: str, one: torch.Tensor) -> Any:
        """Exchange a parameter or buffer of a module under all its names; return the old one."""
        old = _exchange(module, name, one)
        for other in self.tied.get(name, ()):
            _exchange(module, other, one)
        return old

    def held(self, module: nn.Module, name: str) -> Any:
        """Return the parameter or buffer of a module that has this name."""
        owner, last = _place_of(module, name)
        found = owner._parameters.get(last)  # as getattr does, in a third of its time
        return getattr(owner, last) if found is None else found


def _exchange(module: nn.Module, name: str, one: torch.Tensor) -> Any:
    owner, last = _place_of(module, name)
    found = owner._parameters
    if (old := found.get(last)) is not None and type(one) is nn.Parameter:
        found[last] = one  # as `module.to` does, in a tenth of setattr's time
        return old
    old = getattr(owner, last)
    setattr(owner, last, one)
    return old


def _place_of(module: nn.Module, name: str) -> tuple[nn.Module, str]:
    """Return the module that holds a parameter or buffer, and what it is called there."""
    path, last = _path_of(name)
    for part in path:  # as get_submodule does, in a third of its time
        found = module._modules.get(part)
        module = getattr(module, part) if found is None else found
    return module, last


@functools.cache
def _path_of(name: str) -> tuple[list[str], str]:
    *path, last = name.split(".")
    return path, last


def _relation(one: torch.Tensor, other: torch.Tensor) -> str:
    if shares_storage(one, other):
        return "in the same memory"
    is_equal = one.shape == other.shape and bool((one == other).all())
    return f"with {'equal' if is_equal else 'different'} numbers"


def _compared(
    found: dict[str, tuple[int, ...]], wanted: dict[str, tuple[int, ...]], kind: str
) -> str:
    """Say which parameters or buffers there are and should be; of many, only those that differ."""
    if not found or len(wanted) <= _MANY:
        return f"has {_listed(found, kind)}; expected {_listed(wanted, kind)}."
    others = {name: shape for name, shape in found.items() if wanted.get(name) != shape}
    missing = {name: shape for name, shape in wanted.items() if found.get(name) != shape}
    if not missing:
        return f"has {_listed(others, kind)} beside the {len(wanted)} expected ones."
    words = f"has {_listed(others, kind)}; expected" if others else "lacks"
    return f"{words} {_listed(missing, kind)}, among {len(wanted)} in all."


def _listed(shapes: dict[str, tuple[int, ...]], kind: str) -> str:
    words = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    return f"the {kind} {words}" if words else f"no {kind}"
