"""A contract of a class of modules, whose parameters and buffers have names; and how it is asked.

A row's tensors are what the module is called with, and then its parameters and buffers. A module
is made for the row, gets these in place of its own, and is called. So each law of a pure function
holds for modules too: values in every dtype, gradients of each parameter alone, memory, settings.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import nn

from dojo.checks.draws import Distribution
from dojo.checks.expect import CheckFailed, expect
from dojo.checks.laws.layouts import CONTIGUOUS
from dojo.checks.laws.made_module import MADE_ONCE, expect_module
from dojo.checks.laws.module_calls import CallOfModule, MadeModule, Part, Turns
from dojo.checks.laws.module_rows import ModuleRows
from dojo.checks.laws.record import Record
from dojo.checks.laws.rows import Row
from dojo.checks.messages import Call
from dojo.devices.tags import device_of

BEFORE_THE_CALL = (
    "Read the parameters from the module at each call: what was kept of them before, or made as a"
    " plain tensor, is neither moved nor converted."
)


class ClassOfModules(ModuleRows):
    """A contract of a class of modules.

    The oracle ``truth`` gets the arrays of ``tensors``, in that order, and what follows in a case.

    Attributes:
        torchs: torch's own class that has the same state_dict; None if there is none.
        updated: those of the buffers that a call may change.
        modes: whether a module trains when it is called, in turns.
        drawn_with: arguments that make a module with some thousand numbers, to judge what
            ``initial`` says of them.
        refused_when_made: (arguments, error, hint): what raises when a module is made.
    """

    updated: ClassVar[Sequence[str]] = ()
    torchs: ClassVar[type[nn.Module] | None] = None
    modes: ClassVar[Sequence[bool]] = (True, False)
    drawn_with: ClassVar[Sequence[tuple[Any, ...]]] = ()
    refused_when_made: ClassVar[Sequence[tuple[Any, ...]]] = ()
    makes_module: ClassVar[bool] = True
    option_rows: Any = ()  # they make the module, which is another one for each row

    # ---------------------------------------------------------------- what a kata says

    def made_with(self, *arguments: Any) -> tuple[Any, ...]:
        """Return the arguments that make the module for a case; its tensors may be arrays.

        They are compared and hashed; a ``Part`` stands for a module.
        """
        raise NotImplementedError

    def initial(self, *made_with: Any) -> dict[str, Distribution]:  # noqa: ARG002
        """Return what the parameters and buffers of a new module hold, by their names."""
        return {}

    def called_with(self, *arguments: Any) -> tuple[Any, ...]:  # noqa: ARG002
        """Return what a module is called with behind its tensors, such as sizes; here nothing."""
        return ()

    def trains(self, *arguments: Any) -> bool | None:  # noqa: ARG002
        """Return whether a module trains in this case; None where that makes no difference."""
        return None

    def needed(self, *arguments: Any) -> Sequence[str]:  # noqa: ARG002
        """Return what a module holds that its output depends on in this case: messages show it."""
        return self.tensors

    # ---------------------------------------------------------------- how a law asks

    @property
    def trackable(self) -> list[str]:
        """The tensors that may require grad: no buffer, and no frozen parameter."""
        never = (*self.buffers, *self.frozen)
        return [name for name in super().trackable if name not in never]

    @property
    def changeable(self) -> Sequence[str]:
        """The tensors that a call may change."""
        return self.updated

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
        self.expect_state(module, self.with_tied(shapes))
        self.expect_tied(module)
        return module

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
        return nn.Parameter(x, x.requires_grad)  # torch detaches it

    def make_ready(self, solution: Any, arguments: Sequence[Any]) -> None:
        """Make the module that is to be called."""
        __tracebackhide__ = True
        self._made_for(solution, arguments)

    def call(self, solution: Any, arguments: Sequence[Any]) -> Any:
        """Give a module the parameters and buffers among the arguments, and call it."""
        __tracebackhide__ = True
        made = self._made_for(solution, arguments)
        with torch._C.DisableTorchFunction():
            state, inputs = self.state_in(arguments), self.inputs_in(arguments)
            missing = self.missing_in(state, inputs)
            given = [*inputs, *missing, *self.called_with(*arguments)]
            training = self._next_mode(solution, made, arguments)
        text = made.text if training else f"{made.text}.eval()"
        solution.last_call = CallOfModule(text, given, {})
        again = functools.partial(self._holding, made, state, inputs, training)
        solution.last_call.again = again
        with again() as solution.last_call.old:
            try:
                got = made.module(*given)
            except RuntimeError as error:
                if any(words in str(error) for words in ("same device", "dtype")):
                    solution.hint = self.hint("mixed") or BEFORE_THE_CALL
                raise
            names = self.with_tied(state)
            now = {name: self.held(made.module, name) for name in names}
            solution.last_call.state = {name: now[name] for name in state}
            for name, one in names.items():
                if now[name] is not one and name not in self.changeable:
                    words = f"replaced {name} by another tensor in forward."
                    raise CheckFailed(words, MADE_ONCE)
            expect(made.module.training == training, "changed its own mode in forward.", MADE_ONCE)
        return got

    @contextlib.contextmanager
    def _holding(
        self, made: MadeModule, state: dict[str, Any], inputs: Sequence[Any], training: bool
    ) -> Iterator[dict[str, Any]]:
        """Have a module hold a state, in a mode, for a while; gives what it held before."""
        with torch._C.DisableTorchFunction():
            given = [*state.values(), *inputs]
            like = next((one for one in given if one.is_floating_point()), None)
            place = None if like is None else (device_of(like), like.dtype)
        # a plain module is neither moved nor converted: all that would be is exchanged
        if like is not None and made.place != place and not made.is_plain:
            made.module.to(like.device, like.dtype)
            made.place = place
        own = {name: self.put(made.module, name, one) for name, one in state.items()}
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
        with self.as_in(solution.last_call):
            got.sum().backward()
        return got.detach()

    def as_in(self, call: Any) -> contextlib.AbstractContextManager[Any]:
        """Have the module hold what it held in a call: a backward may compute that once more."""
        held: contextlib.AbstractContextManager[Any] = call.again()
        return held

    def expect_gradients(self, record: Record) -> None:
        """Judge the gradients; at last while the module holds what it held in the call.

        What reads the module once more on the way back, as a checkpoint does, is right then.
        """
        __tracebackhide__ = True
        with contextlib.suppress(CheckFailed, RuntimeError):
            super().expect_gradients(record)
            return
        with self.as_in(record.call):
            super().expect_gradients(record)

    def expect_second_gradients(self, record: Record) -> None:
        """Judge the second gradients in the same way."""
        __tracebackhide__ = True
        with contextlib.suppress(CheckFailed, RuntimeError):
            super().expect_second_gradients(record)
            return
        with self.as_in(record.call):
            super().expect_second_gradients(record)

    def _next_mode(self, solution: Any, made: MadeModule, arguments: Sequence[Any]) -> bool:
        """Return whether the module trains in this call: calls in both modes take turns.

        Those with gradients have turns of their own, over all modules: each module may have few.
        """
        mode = self.trains(*arguments)
        if mode is not None:
            return mode
        given = [*self.state_in(arguments).values(), *self.inputs_in(arguments)]
        turns: Turns = made
        if any(one.requires_grad for one in given):
            turns = solution.records.setdefault((type(self), "tracked"), Turns())
        turns.calls += 1
        return self.modes[(turns.calls - 1) % len(self.modes)]

    def inputs_in(self, arguments: Sequence[Any]) -> list[Any]:
        """Return the tensors with which the module is called; None at the end is left out."""
        inputs = [arguments[self.tensors.index(name)] for name in self.handed]
        while inputs and inputs[-1] is None:
            inputs.pop()
        return inputs

    def missing_in(self, state: dict[str, Any], inputs: Sequence[Any]) -> list[None]:
        """Return the None that a call hands over for the tensors at its end that are not given.

        In the first dtype they are left out, and in the rest they are None: both mean the same.
        """
        floats = (one.dtype for one in [*state.values(), *inputs] if one.is_floating_point())
        is_left_out = next(floats, self.dtypes[0]) == self.dtypes[0]
        return [] if is_left_out else [None] * (len(self.handed) - len(inputs))

    def given_to_module(self, row: Row, device: str) -> list[Any]:
        """Return new arguments for a call of a module that no other law has used."""
        copies = [one.copy(device)[0] for one in self.inputs_in(row.templates)]
        return [*copies, *self.called_with(*row.arrays)]

    def _made_for(self, solution: Any, arguments: Sequence[Any]) -> MadeModule:
        """Return the module for a case: one and the same for all that are made alike."""
        __tracebackhide__ = True
        with torch._C.DisableTorchFunction():
            made_with = self.made_with(*arguments)
        key = type(self), made_with
        if key not in solution.records:
            module = self.make(solution, made_with, self.state_in(arguments))
            solution.records[key] = MadeModule(
                module=module, text=str(Call(self.name, made_with, {}))
            )
        made: MadeModule = solution.records[key]
        return made
