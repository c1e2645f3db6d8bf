"""A contract of a class of modules, whose parameters and buffers have names; and how it is asked.

A row's tensors are what the module is called with, and then its parameters and buffers. A module
is made for the row, gets these in place of its own, and is called. So each law of a pure function
holds for modules too: values in every dtype, gradients of each parameter alone, memory, settings.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from dojo.checks.draws import Distribution
from dojo.checks.expect import CheckFailed, expect
from dojo.checks.laws.layouts import CONTIGUOUS
from dojo.checks.laws.made_module import MADE_ONCE, TRAINABLE, UNSEEN, expect_module
from dojo.checks.laws.numbers import as_array
from dojo.checks.laws.pure import PureFunction
from dojo.checks.laws.record import Record
from dojo.checks.memory import shares_storage
from dojo.checks.messages import Call, dtype_name, numbers_text
from dojo.devices.tags import device_of

NAMES = "A state_dict finds parameters and buffers by the names of the attributes that hold them."
UNNAMED = "Keep what the docstring does not name in no parameter and no buffer."
OLD = (
    "These are the numbers for what the module was made with: read its parameters at each call, and"
    " not before."
)
BEFORE_THE_CALL = (
    "Read the parameters from the module at each call: what was kept of them before, or made as a"
    " plain tensor, is neither moved nor converted."
)
FLOAT32 = "torch makes float32 parameters by itself: leave them so."
ONE_NUMBER = "`expand` repeats without memory: torch.empty(shape) has a place for each number."
LAZY = "All sizes are known when the module is made: give the parameters their shapes there."
NOT_TIED = "Each name stands for a parameter of its own."
TIED = "One Parameter can be an attribute of two modules: set the same object in both."
STAYS = (
    "nn.Module keeps the tie by itself: it writes into the Parameter that is there, and deepcopy"
    " copies each object once."
)


@dataclass(frozen=True)
class Part:
    """A module that a class of modules is made with; each time a new one.

    Attributes:
        text: how a learner would make it.
        make: what makes it.
    """

    text: str
    make: Callable[[], nn.Module]

    @property
    def __name__(self) -> str:
        """What a message calls it."""
        return self.text

    def __call__(self) -> nn.Module:
        """Return a new one."""
        return self.make()


@dataclass(kw_only=True)
class _Turns:
    """How often something was called, which decides on the next mode."""

    calls: int = 0


@dataclass(kw_only=True)
class _Made(_Turns):
    """A module that was made for rows, and how often it was called."""

    module: nn.Module
    text: str
    place: Any = None  # its device and dtype, once they were set

    @functools.cached_property
    def is_plain(self) -> bool:
        """Whether nothing in it moves or is converted in a way of its own."""
        own = nn.Module
        kinds = [type(part) for part in self.module.modules()]
        return all(kind.to is own.to and kind._apply is own._apply for kind in kinds)


class _CallOfModule(Call):
    """The call of a module.

    Attributes:
        old: the parameters and buffers that the module had before it got those of the call.
        state: those that it held after the call, by their names.
        again: makes the module hold what it held in the call, in its mode, for a while.
    """

    old: dict[str, torch.Tensor]
    state: dict[str, Any]
    again: Callable[[], contextlib.AbstractContextManager[Any]]


class ClassOfModules(PureFunction):
    """A contract of a class of modules.

    The oracle ``truth`` gets the arrays of ``tensors``, in that order, and what follows in a case.

    Attributes:
        parameters: those of ``tensors`` that are parameters, by their names in the state_dict.
        buffers: those that are buffers.
        tied: other names of a parameter: name → those under which the same object stands, too.
        torchs: torch's own class that has the same state_dict; None if there is none.
        updated: those of the buffers that a call may change.
        modes: whether a module trains when it is called, in turns.
        drawn_with: arguments that make a module with some thousand numbers, to judge what
            ``initial`` says of them.
        refused_when_made: (arguments, error, hint): what raises when a module is made.
    """

    parameters: ClassVar[Sequence[str]] = ()
    buffers: ClassVar[Sequence[str]] = ()
    tied: ClassVar[dict[str, Sequence[str]]] = {}
    updated: ClassVar[Sequence[str]] = ()
    torchs: ClassVar[type[nn.Module] | None] = None
    modes: ClassVar[Sequence[bool]] = (True, False)
    drawn_with: ClassVar[Sequence[tuple[Any, ...]]] = ()
    refused_when_made: ClassVar[Sequence[tuple[Any, ...]]] = ()
    makes_module: ClassVar[bool] = True

    # ---------------------------------------------------------------- what a kata says

    def made_with(self, *arguments: Any) -> tuple[Any, ...]:
        """Return the arguments that make the module for a case; its tensors may be arrays.

        They are compared and hashed; a ``Part`` stands for a module.
        """
        raise NotImplementedError

    def initial(self, *made_with: Any) -> dict[str, Distribution]:  # noqa: ARG002
        """Return what the parameters and buffers of a new module hold, by their names."""
        return {}

    def trains(self, *arguments: Any) -> bool | None:  # noqa: ARG002
        """Return whether a module trains in this case; None where that makes no difference."""
        return None

    def needed(self, *arguments: Any) -> Sequence[str]:  # noqa: ARG002
        """Return what a module holds that its output depends on in this case: messages show it."""
        return self.tensors

    # ---------------------------------------------------------------- how a law asks

    @property
    def trackable(self) -> list[str]:
        """The tensors that may require grad: no buffer."""
        return [name for name in super().trackable if name not in self.buffers]

    @property
    def changeable(self) -> Sequence[str]:
        """The tensors that a call may change."""
        return self.updated

    @property
    def handed(self) -> list[str]:
        """The tensors with which a module is called."""
        return [one for one in self.tensors if one not in (*self.parameters, *self.buffers)]

    def state_in(self, arguments: Sequence[Any]) -> dict[str, Any]:
        """Return the parameters and buffers among a case's arguments, by their names."""
        named = zip(self.tensors, arguments, strict=False)
        return {name: one for name, one in named if name not in self.handed and one is not None}

    def maker(self, make: Callable[..., Any], made_with: Sequence[Any]) -> Callable[[], Any]:
        """Return what makes a module out of these arguments, with new modules for its parts."""
        built = [one() if isinstance(one, Part) else one for one in made_with]
        return functools.partial(make, *built)

    def make(self, solution: Any, made_with: Sequence[Any], state: dict[str, Any]) -> nn.Module:
        """Return a new module, once it has the parameters and buffers of the contract.

        Args:
            solution: the answer.
            made_with: the arguments that it is made with.
            state: tensors or arrays that have the shapes of its state.
        """
        __tracebackhide__ = True
        module = self.maker(getattr(solution, self.name), made_with)()
        expect_module(module, self.name)
        shapes = {name: tuple(one.shape) for name, one in state.items()}
        self._expect_state(module, self._with_tied(shapes))
        self.expect_tied(module)
        return module

    def _expect_state(self, module: nn.Module, shapes: dict[str, tuple[int, ...]]) -> None:
        __tracebackhide__ = True
        parameters = dict(module.named_parameters(remove_duplicate=False))
        for name, one in parameters.items():
            has_shape = not nn.parameter.is_lazy(one)
            expect(has_shape, f"has a parameter {name} that has no shape yet.", LAZY)
        buffers = dict(module.named_buffers(remove_duplicate=False))
        for kind, names, has in (
            ("parameters", self._with_tied(dict.fromkeys(self.parameters)), parameters),
            ("buffers", self.buffers, buffers),
        ):
            found = {name: tuple(one.shape) for name, one in has.items()}
            wanted = {name: shape for name, shape in shapes.items() if name in names}
            if found != wanted:
                hint = self.hint(kind) or (NAMES if wanted else UNNAMED)
                if sorted(found.values()) == sorted(wanted.values()):  # only the names are others
                    hint = NAMES
                if not found:
                    hint = UNSEEN
                sentence = f"has {_listed(found, kind)}; expected {_listed(wanted, kind)}."
                raise CheckFailed(sentence, hint)
        owners: dict[int, str] = {}
        for name, one in parameters.items():
            other = owners.setdefault(id(one), name)
            sentence = f"has one and the same parameter under the names {other} and {name}."
            may_be = other == name or self._are_tied(other, name)
            expect(may_be, sentence, self.hint("tied") or NOT_TIED)
            pairs = zip(one.shape, one.stride(), strict=True)
            has_room = all(stride or size <= 1 for size, stride in pairs)
            sentence = f"has a parameter {name} whose numbers lie in one and the same memory."
            expect(has_room, sentence, ONE_NUMBER)
            kind = dtype_name(one.dtype)
            expect(one.dtype == torch.float32, f"has a {kind} parameter {name}.", FLOAT32)
            expect(one.requires_grad, f"has a parameter {name} that is not trainable.", TRAINABLE)
        for name, one in buffers.items():
            dtype = self.fixed.get(name, torch.float32)
            sentence = f"has a {dtype_name(one.dtype)} buffer {name}; expected {dtype_name(dtype)}."
            expect(one.dtype == dtype, sentence, self.hint("buffers"))
        keys = list(module.state_dict())
        sentence = f"has a state_dict with the keys {keys}; expected {list(shapes)}."
        expect(set(keys) == set(shapes), sentence, self.hint("state_dict") or NAMES)

    def _with_tied(self, shapes: dict[str, Any]) -> dict[str, Any]:
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

    def put(self, module: nn.Module, name: str, one: torch.Tensor) -> None:
        """Exchange a parameter or buffer of a module for another one, under all its names."""
        for each in (name, *self.tied.get(name, ())):
            path, _, last = each.rpartition(".")
            setattr(module.get_submodule(path), last, one)

    def held(self, module: nn.Module, name: str) -> Any:
        """Return the parameter or buffer of a module that has this name."""
        path, _, last = name.rpartition(".")
        return getattr(module.get_submodule(path), last)

    def layouts_of(self, name: str) -> Sequence[str]:
        """Return how a tensor may lie in memory: what a module holds lies there as it was made."""
        return self.layouts if name in self.handed else (CONTIGUOUS,)

    def kind_of(self, name: str) -> str:
        """Return what a message calls this tensor."""
        if name in self.handed:
            return "input"
        return "parameter" if name in self.parameters else "buffer"

    def as_argument(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """Return an nn.Parameter, a leaf in the same memory, for what is one."""
        if name not in self.parameters:
            return x
        return nn.Parameter(x.detach(), requires_grad=x.requires_grad)

    def make_ready(self, solution: Any, arguments: Sequence[Any]) -> None:
        """Make the module that is to be called."""
        __tracebackhide__ = True
        self._made_for(solution, arguments)

    def call(self, solution: Any, arguments: Sequence[Any]) -> Any:
        """Give a module the parameters and buffers among the arguments, and call it."""
        __tracebackhide__ = True
        made = self._made_for(solution, arguments)
        state = self.state_in(arguments)
        inputs = self.inputs_in(arguments)
        training = self._next_mode(solution, made, arguments)
        text = made.text if training else f"{made.text}.eval()"
        solution.last_call = _CallOfModule(text, inputs, {})
        again = functools.partial(self._holding, made, state, inputs, training)
        solution.last_call.again = again
        with again() as solution.last_call.old:
            try:
                got = made.module(*inputs)
            except RuntimeError as error:
                if any(words in str(error) for words in ("same device", "dtype")):
                    solution.hint = BEFORE_THE_CALL
                raise
            solution.last_call.state = {name: self.held(made.module, name) for name in state}
            for name, one in self._with_tied(state).items():
                is_there = self.held(made.module, name) is one or name in self.changeable
                expect(is_there, f"replaced {name} by another tensor in forward.", MADE_ONCE)
            expect(made.module.training == training, "changed its own mode in forward.", MADE_ONCE)
        return got

    @contextlib.contextmanager
    def _holding(
        self, made: _Made, state: dict[str, Any], inputs: Sequence[Any], training: bool
    ) -> Iterator[dict[str, Any]]:
        """Have a module hold a state, in a mode, for a while; gives what it held before."""
        like = next((one for one in [*state.values(), *inputs] if one.is_floating_point()), None)
        place = None if like is None else (device_of(like), like.dtype)
        # to another dtype a plain module is not converted: all that would be is exchanged
        is_elsewhere = made.place is None or place is None or made.place[0] != place[0]
        if like is not None and made.place != place and (is_elsewhere or not made.is_plain):
            made.module.to(like.device, like.dtype)
            made.place = place
        own = {name: self.held(made.module, name) for name in state}
        for name, one in state.items():
            self.put(made.module, name, one)
        if made.module.training != training:
            made.module.train(training)
        try:
            yield own
        finally:  # else the next `module.to` would change what a record still holds
            for name, one in own.items():
                self.put(made.module, name, one)

    def traced_call(self, solution: Any, arguments: Sequence[Any]) -> Any:
        """Call a module, and go back through the graph while it holds what it held."""
        __tracebackhide__ = True
        got = self.call(solution, arguments)
        if not isinstance(got, torch.Tensor) or not got.requires_grad:
            return got
        with solution.last_call.again():
            got.sum().backward()
        return got.detach()

    def expect_gradients(self, record: Record) -> None:
        """Judge the gradients; at last while the module holds what it held in the call.

        What reads the module once more on the way back, as a checkpoint does, is right then.
        """
        __tracebackhide__ = True
        with contextlib.suppress(CheckFailed, RuntimeError):
            super().expect_gradients(record)
            return
        with record.call.again():
            super().expect_gradients(record)

    def expect_second_gradients(self, record: Record) -> None:
        """Judge the second gradients in the same way."""
        __tracebackhide__ = True
        with contextlib.suppress(CheckFailed, RuntimeError):
            super().expect_second_gradients(record)
            return
        with record.call.again():
            super().expect_second_gradients(record)

    def _next_mode(self, solution: Any, made: _Made, arguments: Sequence[Any]) -> bool:
        """Return whether the module trains in this call: calls in both modes take turns.

        Those with gradients have turns of their own, over all modules: each module may have few.
        """
        mode = self.trains(*arguments)
        if mode is not None:
            return mode
        given = [*self.state_in(arguments).values(), *self.inputs_in(arguments)]
        turns: _Turns = made
        if any(one.requires_grad for one in given):
            turns = solution.records.setdefault((type(self), "tracked"), _Turns())
        turns.calls += 1
        return self.modes[(turns.calls - 1) % len(self.modes)]

    def inputs_in(self, arguments: Sequence[Any]) -> list[Any]:
        """Return the tensors with which the module is called."""
        return [arguments[self.tensors.index(name)] for name in self.handed]

    def _made_for(self, solution: Any, arguments: Sequence[Any]) -> _Made:
        """Return the module for a case: one and the same for all that are made alike."""
        __tracebackhide__ = True
        made_with = self.made_with(*arguments)
        key = type(self), made_with
        if key not in solution.records:
            module = self.make(solution, made_with, self.state_in(arguments))
            solution.records[key] = _Made(module=module, text=str(Call(self.name, made_with, {})))
        made: _Made = solution.records[key]
        return made

    def expect_truth(self, record: Record, words: str = "") -> None:
        """Fail unless the output is the truth; then the message shows the parameters too."""
        __tracebackhide__ = True
        try:
            super().expect_truth(record, words)
        except CheckFailed as error:
            if error.got is not None and not self._is_known(record):
                error.hint = OLD if self._is_of_old_state(record) else error.hint
            state, needed = self.state_in(record.arguments), self.needed(*record.arguments)
            seen = {name: numbers_text(state[name]).strip() for name in needed if name in state}
            shown = " and ".join(f"{name} is {text}" for name, text in seen.items() if text)
            if shown and error.got is not None:
                error.hint = f"{error.hint} Here {shown}.".strip()
            raise

    def _is_known(self, record: Record) -> bool:
        """Whether the kata itself knows which mistake this is."""
        row, kept = record.row, record.kept
        return kept is not None and bool(self.why(row.law, row.arrays, kept, row.expected))

    def _is_of_old_state(self, record: Record) -> bool:
        """Whether an output is that for parameters that the module was made with, one or all."""
        old = getattr(record.call, "old", {})
        for chosen in [list(old), *([name] for name in old)]:
            arrays = list(record.row.arrays)
            for name in chosen:
                arrays[self.tensors.index(name)] = as_array(old[name])
            numbers = self.expected(arrays, record.row.dtype)
            if torch.allclose(numbers, record.row.expected, 1e-2, 1e-2):
                continue
            if record.kept is not None and torch.allclose(record.kept, numbers, 1e-2, 1e-2):
                return True
        return False


def _relation(one: torch.Tensor, other: torch.Tensor) -> str:
    if shares_storage(one, other):
        return "in the same memory"
    is_equal = one.shape == other.shape and bool((one == other).all())
    return f"with {'equal' if is_equal else 'different'} numbers"


def _listed(shapes: dict[str, tuple[int, ...]], kind: str) -> str:
    words = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    return f"the {kind} {words}" if words else f"no {kind}"
