"""The laws of a class of modules whose buffers change with each call in train mode."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from dojo.checks.aspects import aspect
from dojo.checks.expect import CheckFailed, expect, expect_raises, expect_values
from dojo.checks.laws.module_class import ModuleClass
from dojo.checks.laws.numbers import is_rounded
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import settings_untouched
from dojo.checks.laws.wording import BEFORE, DIGITS, LEFT, law
from dojo.checks.memory import untouched
from dojo.checks.messages import Call, describe, dtype_name, numbers_text, rounded
from dojo.devices.tags import device_of

EVAL = "In eval mode (`self.training` is False) what the module holds is only read."
GRAPH = "Update from `x.detach()`, or under `torch.no_grad()`: no gradient goes through a buffer."
NO_GRAD = "It is train and eval that decide whether buffers change; under no_grad they change too."
WITH_GRADIENTS = "Buffers change in train mode, whether an input requires grad or not."
WRITTEN = "Each call computes with the numbers that the module holds at that moment."
GOES_ON = "All that a later call needs has to be in a buffer: that is what is copied and loaded."


class StatefulModule(ModuleClass):
    """The laws of a class of modules whose buffers change with each call in train mode.

    The cases say in which mode a module is: ``trains`` reads it from them.

    Attributes:
        driven_with: what a module is made with that is called with several batches.
        batches: what it is called with, one after another: of different sizes.
        in_train, in_eval: what follows the tensors in a case in each mode.
    """

    driven_with: ClassVar[Sequence[Any]] = ()
    batches: ClassVar[Sequence[Any]] = ()
    in_train: ClassVar[Sequence[Any]] = (True,)
    in_eval: ClassVar[Sequence[Any]] = (False,)

    def __init_subclass__(cls) -> None:
        if "name" in vars(cls) and not cls.updated:
            cls.updated = cls.buffers
        super().__init_subclass__()

    # ---------------------------------------------------------------- what a kata says

    def after(self, *arguments: Any) -> dict[str, Any]:
        """Return what the buffers hold after a call in train mode, by their names."""
        raise NotImplementedError

    # ---------------------------------------------------------------- how a law asks

    def buffers_after(self, row: Row) -> dict[str, torch.Tensor]:
        """Return what the buffers should hold after a call, by their names."""
        before = dict(zip(self.tensors, row.arrays, strict=False))
        wanted = self.after(*row.arrays) if self.trains(*row.arrays) else before
        return {
            name: torch.tensor(np.array(wanted[name]), dtype=self.fixed.get(name, row.dtype))
            for name in self.buffers
        }

    def expect_buffers(
        self,
        row: Row,
        now: Mapping[str, Any],
        device: str,
        what: str = "",
        hint: str = "",
    ) -> None:
        """Fail unless the buffers hold what they should after a call.

        Args:
            row: what was asked, with the buffers as they were before.
            now: the buffers after the call, by their names.
            device: where they should lie.
            what: of which call, in words.
            hint: where to look, if the kata knows nothing better.
        """
        __tracebackhide__ = True
        arrays = row.arrays
        trains = bool(self.trains(*arrays))
        before = dict(zip(self.tensors, arrays, strict=False))
        for name, expected in row.buffers.items():
            one, dtype = now[name], expected.dtype
            kind = self.hint("buffers")
            if not isinstance(one, torch.Tensor) or one.shape != expected.shape:
                raise CheckFailed(f"holds {describe(one)} as {name} after the call{what}.", kind)
            got, place = one.detach().cpu(), device_of(one).type
            limit = self.limit(dtype) if trains else 0.0
            is_there = one.dtype == dtype and place == device
            if is_there and torch.allclose(got, expected, rtol=limit, atol=limit):
                continue
            # only now: to word what a buffer holds takes longer than to compare
            words = f"has {name}{numbers_text(one)} after the call{what}"
            sentence = f"{words}, a {dtype_name(one.dtype)} tensor; expected {dtype_name(dtype)}."
            expect(one.dtype == dtype, sentence, kind)
            expect(place == device, f"{words}, which lies on {place}; expected {device}.", kind)
            old = torch.tensor(np.array(before[name]), dtype=dtype)
            same = ", as before" if trains and torch.equal(got, old) else ""
            where = hint or self.hint("update") if trains else self.hint("eval") or EVAL
            where = self.why(f"buffer {name}", arrays, got, expected) or where
            right = numbers_text(expected)
            if is_rounded(got, expected):
                where = f"{where} {self.hint('precise') or DIGITS}"
            if right and right == numbers_text(one):  # they differ only behind the sixth digit
                words = f"has {name} {got.tolist()} after the call{what}"
                right = f" {expected.tolist()}"
            sentence = f"{words}{same}; expected{right}."
            raise CheckFailed(sentence, f"{where} {row.words}".strip())

    def step(
        self,
        solution: Any,
        module: nn.Module,
        number: int,
        training: bool,
        what: str = "",
        hint: str = "",
    ) -> None:
        """Call a module with a batch, and fail unless its output and its buffers are right then."""
        __tracebackhide__ = True
        held = {name: self.held(module, name) for name in self.tensors if name not in self.handed}
        first = next(one for one in held.values() if one.is_floating_point())
        device = device_of(first).type
        tail = self.in_train if training else self.in_eval
        state = [held[name].tolist() for name in self.tensors if name in held]
        row = Row(self, [self.batches[number], *state, *tail], first.dtype)
        x = self.inputs_in(row.templates)[0].copy(device)[0]
        mode = "" if training else ".eval()"
        solution.last_call = Call(f"{Call(self.name, self.driven_with, {})}{mode}", [x], {})
        solution.hint = hint or self.hint("update")
        got = module.train(training)(x)
        limit = self.limit(first.dtype)
        words = f"the output{what}"
        where = hint or self.hint("values")
        expect_values(got, row.expected, where, words, rtol=limit, atol=limit)
        now = {name: self.held(module, name) for name in self.buffers}
        self.expect_buffers(row, now, device, what, hint)

    def driven(self, solution: Any, device: str = "cpu") -> nn.Module:
        """Return a new module for the batches."""
        __tracebackhide__ = True
        solution.hint = self.hint("made")
        module: nn.Module = getattr(solution, self.name)(*self.driven_with)
        return module if device == "cpu" else module.to(device)

    # ---------------------------------------------------------------- the laws

    test_follows_what_it_holds: Any = None  # the laws below ask that, too

    @aspect("values")
    def test_buffers_after_a_call(self, solution: Any, device: str) -> None:
        """After a call in train mode the buffers hold the new numbers; in eval mode the old."""
        for record in self.records(solution, device, self.usual(device)):
            state = getattr(record.call, "state", {})
            self.expect_buffers(record.row, state, device)

    @aspect("values")
    def test_buffers_after_batches(self, solution: Any) -> None:
        """Each batch counts, of whatever size, under no_grad too; in eval mode none does."""
        module = self.driven(solution)
        self.step(solution, module, 0, True, " of the first batch")
        for number in range(1, len(self.batches)):
            self.step(solution, module, number - 1, False, " in eval mode after a batch")
            self.step(solution, module, number, True, f" of batch {number + 1}")
        with torch.no_grad():
            self.step(solution, module, 1, True, " under no_grad", NO_GRAD)
            self.step(solution, module, 0, False, " in eval mode under no_grad")

    @aspect("values")
    def test_goes_on_from_a_copy(self, solution: Any, device: str) -> None:
        """A module that was written to, loaded, copied or converted goes on from there."""
        module = self.driven(solution)
        self.step(solution, module, 0, True)
        for one in [*module.parameters(), *module.buffers()]:
            if one.is_floating_point():
                one.data.mul_(0.5).add_(0.25)
        if device == "cpu":
            self.step(solution, module, 1, True, " after its numbers were written", WRITTEN)
            loaded = self.driven(solution)
            self.step(solution, loaded, len(self.batches) - 1, True)  # it has numbers of its own
            loaded.load_state_dict(module.state_dict())
            twins = {" after load_state_dict": loaded, " of a deepcopy": copy.deepcopy(module)}
            twins[" after .double()"] = copy.deepcopy(module).double()
        else:
            twins = {f" after .to({device!r})": copy.deepcopy(module).to(device)}
        held = {name: self.held(module, name).tolist() for name in self.buffers}
        for what, twin in twins.items():
            hint = self.hint("goes on") or GOES_ON
            for name, one in held.items():
                now = self.held(twin, name)
                sentence = f"has {name}{numbers_text(now)}{what}; expected {rounded(one)}."
                expect(now.tolist() == one, sentence, hint)
            self.step(solution, twin, 2 % len(self.batches), True, what, hint)

    @aspect("gradient")
    @law("recorded")
    def test_buffers_have_no_graph(self, solution: Any, device: str) -> None:
        """Buffers change where inputs require grad too, and are no part of autograd's graph."""
        for record in self.records(solution, device, self.tracked_on(device)):
            for name in self.buffers:
                is_free = not record.call.state[name].requires_grad
                sentence = f"has a buffer {name} that requires grad after the call."
                expect(is_free, sentence, self.hint("graph") or GRAPH)
            self.expect_buffers(record.row, record.call.state, device, "", WITH_GRADIENTS)

    @once
    def refused_rows(self) -> list[Row]:
        """The rows that must raise an error."""
        return [Row(self, case, self.dtypes[0]) for case, *_ in self.refused]

    def prepare(self) -> None:
        """Make all that can be made before an answer is there, so that no verdict waits for it."""
        super().prepare()
        for row in [*self.usual("cpu"), *self.usual("cuda"), *self.tracked_rows]:
            _ = row.buffers
        for row in self.refused_rows:
            _ = row.templates, row.arrays

    @aspect("errors")
    @law("refused")
    def test_refuses(self, solution: Any, device: str) -> None:
        """What it cannot take raises an error, and changes nothing."""
        modules: dict[Any, nn.Module] = {}
        refused = self.refused_rows if device == "cpu" else self.refused_rows[:1]
        for row, (_, _, error, hint) in zip(refused, self.refused, strict=False):
            made_with = self.made_with(*row.arrays)
            if made_with not in modules:
                modules[made_with] = self.new(solution, made_with, row, device)
            module = modules[made_with]
            self.write(module, row)
            before = {name: one.clone() for name, one in module.state_dict().items()}
            handed = {
                name: one.copy(device)[0]
                for name, one in zip(self.handed, self.inputs_in(row.templates), strict=True)
            }
            mode = "" if self.trains(*row.arrays) else ".eval()"
            module.train(bool(self.trains(*row.arrays)))
            call = Call(f"{Call(self.name, made_with, {})}{mode}", list(handed.values()), {})
            solution.last_call, solution.hint = call, hint
            kept = settings_untouched(solution, LEFT, may_draw=True)
            with kept, untouched(BEFORE, **handed):
                expect_raises(error, functools.partial(module, *handed.values()), hint)
            for name, one in module.state_dict().items():
                is_same = torch.equal(one.cpu(), before[name].cpu())
                expect(is_same, f"changed {name}, and then raised {error.__name__}.", BEFORE)
