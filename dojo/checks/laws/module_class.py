"""The laws of a class of modules, whose parameters and buffers have names."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from dojo.checks.aspects import aspect
from dojo.checks.draws import expect_drawn
from dojo.checks.expect import (
    CheckFailed,
    expect,
    expect_device,
    expect_raises,
    expect_values,
)
from dojo.checks.laws.class_of_modules import STAYS, ClassOfModules
from dojo.checks.laws.made_module import MOVED
from dojo.checks.laws.module import INSIDE, SAVED
from dojo.checks.laws.numbers import as_array
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import SETTINGS, law
from dojo.checks.memory import shares_storage
from dojo.checks.messages import Call, dtype_name

OWN = "Each call computes with the parameters and buffers that the module holds at that moment."
DRAW = "Draw from torch's global generator when a module is made, and set no seed."
SOME = 40  # numbers of one parameter that are looked for in another one; chance brings few there
UNTRACKED = "Under torch.no_grad() nothing is recorded: leave the grad mode as it is."
KEPT = "Compute what comes from a parameter in forward, at each call, and keep none of it."
CONVERTED = "All that is a parameter or a buffer is converted by itself: leave it so."
OWN_GRADIENT = (
    "Compute with the parameters themselves; hang no hook on them, and write into no gradient."
)
NO_DRAW = "Nothing here is random: leave torch's generator alone."
LOADS = "load_state_dict finds each tensor by its name and its shape."


class ModuleClass(ClassOfModules):
    """The laws of a class of modules; those of a pure function hold for each call."""

    # ---------------------------------------------------------------- how a law asks

    def different(self) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """Yield each way in which the cases have a module made, with the first row for it."""
        seen = []
        for row in self.plain:
            made_with = self.made_with(*row.arrays)
            if made_with not in seen:
                seen.append(made_with)
                yield made_with, row

    def kinds(self) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """Yield the first of these ways for each set of parameters and kinds of arguments."""
        seen = []
        for made_with, row in self.different():
            kind = set(self.state_in(row.arrays)), [type(one) for one in made_with]
            if kind not in seen:
                seen.append(kind)
                yield made_with, row

    def prepare(self) -> None:
        """Make all that can be made before an answer is there, so that no verdict waits for it."""
        super().prepare()
        for _, row in self.own_rows:
            row.prepare()

    def new(
        self, solution: Any, made_with: Sequence[Any], row: Row, device: str = "cpu"
    ) -> nn.Module:
        """Return a module that no other law has used, on a device."""
        __tracebackhide__ = True
        solution.hint = self.hint("made") or self.hint_of(row)
        module = self.make(solution, made_with, self.state_in(row.arrays))
        return module if device == "cpu" else module.to(device)  # it is made on the CPU

    def expect_own(
        self, solution: Any, module: nn.Module, row: Row, device: str, what: str
    ) -> None:
        """Fail unless the output is the truth for what the module itself holds, in each mode.

        Args:
            solution: the answer.
            module: one that was made for this row.
            row: its inputs are asked, in the dtype of the module.
            device: where the module lies.
            what: has happened to the module, in words.
        """
        __tracebackhide__ = True
        held = [*module.parameters(), *module.buffers()]
        dtype = next((one.dtype for one in held if one.is_floating_point()), torch.float32)
        asked = row if row.dtype == dtype else Row(self, row.case, dtype)
        mode = self.trains(*asked.arrays)
        modes = sorted(self.modes if mode is None else [mode], key=lambda on: on != module.training)
        for training in modes:  # the mode in which it is comes first, and is not set anew
            arrays = list(asked.arrays)
            for name in self.state_in(asked.arrays):
                arrays[self.tensors.index(name)] = as_array(self.held(module, name))
            handed = [one.copy(device)[0] for one in self.inputs_in(asked.templates)]
            words = "in train mode" if training else "in eval mode under no_grad"
            solution.last_call = Call(str(Call(self.name, self.made_with(*arrays), {})), handed, {})
            if module.training != training:
                module.train(training)
            with torch.set_grad_enabled(training):
                got = module(*handed)
            expected = self.expected(arrays, dtype)
            limit = self.limit(expected.dtype) * max(1.0, float(expected.abs().max()))
            hint = self.hint("own") or OWN
            text = f"the output {what}, {words},"
            expect_values(got, expected, hint, text, rtol=limit, atol=limit)
            is_free = training or not got.requires_grad
            expect(is_free, "returned a tensor that requires grad under no_grad.", UNTRACKED)
            if training and self.recorded and self.state_in(asked.arrays).keys() & self.parameters:
                sentence = f"returned a tensor that autograd does not track, {what}, {words}."
                expect(got.requires_grad, sentence, KEPT)

    def copied(self, module: nn.Module) -> nn.Module:
        """Return a deepcopy of a module."""
        __tracebackhide__ = True
        try:
            return copy.deepcopy(module)
        except RuntimeError as error:
            if "graph leaves" not in str(error):
                raise
            sentence = "keeps a tensor that was computed from a parameter; so deepcopy fails."
            raise CheckFailed(sentence, KEPT) from None

    def converted(self, module: nn.Module, dtype: torch.dtype) -> nn.Module:
        """Return a module after it was converted to a dtype, with all that it holds."""
        __tracebackhide__ = True
        module.to(dtype)
        for name, one in [*module.named_parameters(), *module.named_buffers()]:
            if one.is_floating_point():
                sentence = f"holds {name} in {dtype_name(one.dtype)} after {_converting(dtype)}."
                expect(one.dtype == dtype, sentence, CONVERTED)
        return module

    def write(self, module: nn.Module, row: Row) -> None:
        """Write the numbers of a row into what a module holds, as training would."""
        for _, name, template in row.named:
            if name not in self.handed:
                held = self.held(module, name)
                held.data.copy_(template.x.to(held))  # as an optimizer may: no version counts it

    # ---------------------------------------------------------------- the laws

    @aspect("type")
    def test_returns_a_tensor(self, solution: Any, device: str) -> None:
        """{name} makes an nn.Module with the right parameters, which returns a tensor."""
        for _, row in itertools.islice(self.different(), None if device == "cpu" else 1):
            solution.hint = self.hint("made") or self.hint_of(row)
            self.make_ready(solution, self.arguments_of(row, device))
        super().test_returns_a_tensor(solution, device)

    @aspect("device")
    def test_moves_to_the_device(self, solution: Any, device: str) -> None:
        """After .to(device) all that the module holds lies there, and it computes there."""
        for made_with, row in self.kinds():
            module = self.new(solution, made_with, row).to(device)
            for name, one in [*module.named_parameters(), *module.named_buffers()]:
                sentence = f"holds {name} on {one.device} after .to({device!r})."
                expect(one.device.type == device, sentence, MOVED)
            handed = [one.copy(device)[0] for one in self.inputs_in(row.templates)]
            solution.last_call = Call(str(Call(self.name, made_with, {})), handed, {})
            try:
                got = module(*handed)
            except RuntimeError as error:
                if "same device" not in str(error):
                    raise
                sentence = f"computed with tensors on cpu and cuda after .to({device!r})."
                raise CheckFailed(sentence, MOVED) from None
            expect_device(got, device, MOVED)

    @aspect("values")
    def test_follows_what_it_holds(self, solution: Any, device: str) -> None:
        """It computes with its own numbers: new, written, loaded, copied, and in float64."""
        for made_with, row in itertools.islice(self.kinds(), None if device == "cpu" else 1):
            module = self.new(solution, made_with, row, device)
            if device == "cpu":
                self.expect_own(solution, module, row, device, "of a new module")
            self.write(module, row)
            self.expect_own(solution, module, row, device, "after its parameters were written")
            if device != "cpu":  # loading and copying is the same there
                twin = self.converted(module, torch.float64)
                self.expect_own(solution, twin, row, device, "after .double()")
                continue
            other = self.new(solution, made_with, row).eval()
            other.load_state_dict(module.state_dict())
            self.expect_own(solution, other, row, device, "after load_state_dict")
            twin = self.copied(module)
            self.expect_own(solution, twin, row, device, "of a deepcopy")
            self.converted(twin, torch.float64)
            self.expect_own(solution, twin, row, device, "after .double()")
            for dtype in self.dtypes:
                if dtype.is_floating_point and dtype.itemsize == 2:
                    self.converted(twin, dtype)

    @once
    def own_rows(self) -> list[tuple[tuple[Any, ...], Row]]:
        """The rows in which a module's own parameters get the gradients of the output's sum."""
        found = []
        for made_with, plain in self.kinds():
            row = Row(self, plain.case, plain.dtype, 0, "gradient", tuple(self.parameters))
            if row.tracked:
                row.weights = torch.ones_like(row.expected)
                found.append((made_with, row))
        return found

    @aspect("gradient")
    @law("recorded", "parameters")
    def test_trains_its_own_parameters(self, solution: Any, device: str) -> None:
        """backward() fills the .grad of the parameters that the module was made with."""
        for made_with, row in self.own_rows if device == "cpu" else self.own_rows[:1]:
            module = self.new(solution, made_with, row, device)
            self.write(module, row)
            mode = self.trains(*row.arrays)
            module.train(self.modes[0] if mode is None else mode)
            handed = [one.copy(device)[0] for one in self.inputs_in(row.templates)]
            solution.last_call = Call(str(Call(self.name, made_with, {})), handed, {})
            solution.hint = where = self.hint("own gradient") or OWN_GRADIENT
            got = module(*handed)
            expect(got.requires_grad, "returned a tensor that autograd does not track.", where)
            got.sum().backward()  # its gradient is one number, expanded: no hook can write into it
            for name in row.tracked:
                found, expected = self.held(module, name).grad, row.gradients[name]
                sentence = f"has no gradient in {name}.grad after backward()."
                expect(found is not None, sentence, where)
                found, (rtol, atol) = found.to_dense(), self.gradient_limits(expected)
                hint = self.why("gradient", row.arrays, found.cpu(), expected) or where
                expect_values(found, expected, hint, f"{name}.grad", rtol=rtol, atol=atol)

    @aspect("values")
    @law("drawn_with")
    def test_initial_values(self, solution: Any, device: str) -> None:
        """A new module holds the initial values, drawn anew for each where they are random."""
        for made_with in self.drawn_with if device == "cpu" else self.drawn_with[:1]:
            solution.hint = self.hint("initial")
            kind = getattr(solution, self.name)
            makers = [self.maker(kind, made_with) for _ in range(2)]
            with settings_watched(solution) as found:
                one, other = (make() for make in makers)
            initial = self.initial(*made_with)
            seen: list[tuple[str, torch.Tensor]] = []
            for name, distribution in initial.items():
                held = self.held(one.to(device), name)
                subject = f"made a module whose {name}"
                expect_drawn(as_array(held), distribution, subject, self.hint("initial"))
                if distribution.is_random:
                    same = [name for name, other in seen if torch.equal(other, held)]
                    sentence = (
                        f"made a module with the same numbers in {''.join(same[:1])} and {name}."
                    )
                    expect(not same, sentence, self.hint("draws") or DRAW)
                    for twin, numbers in seen:
                        sentence = f"made a module whose {name} repeats the numbers of {twin};"
                        sentence = f"{sentence} expected each to be drawn for itself."
                        expect(not _repeats(held, numbers), sentence, self.hint("draws") or DRAW)
                    seen.append((name, held))
                    is_other = bool((self.held(other, name).cpu() != held.cpu()).any())
                    sentence = f"made two modules with the same numbers in {name}."
                    expect(is_other, sentence, self.hint("draws") or DRAW)
            if not any(one.is_random for one in initial.values()):
                expect(not found.text, found.text, NO_DRAW)
            else:
                self._expect_follows_seed(solution, made_with)

    def _expect_follows_seed(self, solution: Any, made_with: Sequence[Any]) -> None:
        __tracebackhide__ = True
        states = []
        for _ in range(2):
            torch.manual_seed(1)
            torch.rand(3)
            module = self.maker(getattr(solution, self.name), made_with)()
            states.append(module.state_dict())
        is_same = all(torch.equal(states[0][name], states[1][name]) for name in states[0])
        sentence = "made two modules that differ, though torch.manual_seed was the same."
        expect(is_same, sentence, self.hint("draws") or DRAW)

    @aspect("memory")
    def test_shares_nothing(self, solution: Any) -> None:
        """Two modules share no memory, and neither do a module and its deepcopy."""
        made_with, row = next(self.different())
        one, other = (self.new(solution, made_with, row) for _ in range(2))
        for twin, kind in ((other, "two modules"), (self.copied(one), "a module and a deepcopy")):
            for name in self.state_in(row.arrays):
                shared = shares_storage(self.held(one, name), self.held(twin, name))
                sentence = f"made {kind} that share the memory of {name}."
                expect(not shared, sentence, self.hint("shares") or INSIDE)

    @aspect("memory")
    def test_is_made_without_a_setting(self, solution: Any) -> None:
        """To make a module changes no setting of torch."""
        for made_with, _ in self.kinds():
            make = self.maker(getattr(solution, self.name), made_with)
            with settings_watched(solution) as found:
                make()
            expect("generator" in found.text or not found.text, found.text, SETTINGS)

    @aspect("structure")
    @law("tied")
    def test_stays_tied(self, solution: Any, device: str) -> None:
        """One object stays under all names of a parameter: moved, converted, copied, loaded."""
        for made_with, row in self.kinds():
            module = self.new(solution, made_with, row)
            solution.last_call = Call(self.name, made_with, {})
            self.expect_tied(module.to(device), f"after .to({device!r})")
            self.expect_tied(copy.deepcopy(module), "in a deepcopy")
            self.write(module, row)
            state = module.state_dict()
            self._expect_loads_tied(solution, (made_with, row), device, state)
            for name, others in self.tied.items():  # a checkpoint may hold one of the names alone
                for left_out in (name, *others):
                    rest = {key: one for key, one in state.items() if key != left_out}
                    self._expect_loads_tied(solution, (made_with, row), device, rest)
            self.expect_tied(module.double(), "after .double()")

    def _expect_loads_tied(
        self, solution: Any, kind: tuple[Any, Row], device: str, state: dict[str, torch.Tensor]
    ) -> None:
        """Fail unless a new module that loads this state has its numbers under all names."""
        __tracebackhide__ = True
        made_with, row = kind
        module = self.new(solution, made_with, row, device)
        solution.last_call = Call(self.name, made_with, {})
        module.load_state_dict(state, strict=False)
        when = f"after load_state_dict with {' and '.join(state)}"
        self.expect_tied(module, when)
        for name, others in self.tied.items():
            expected = next(state[one] for one in (name, *others) if one in state)
            is_loaded = torch.equal(self.held(module, name).cpu(), expected.cpu())
            expect(is_loaded, f"does not hold what was loaded in {name} {when}.", STAYS)

    @aspect("structure")
    @law("torchs")
    def test_loads_from_and_into_torchs(self, solution: Any) -> None:
        """Its state_dict loads into torch's own class, and torch's loads into it."""
        for made_with, row in self.kinds():
            module = self.new(solution, made_with, row)
            assert self.torchs is not None
            torchs = self.maker(self.torchs, made_with)()
            self.write(torchs, row)
            wanted = {name: one.clone() for name, one in torchs.state_dict().items()}
            for source, target in ((torchs, module), (module, torchs)):
                self._expect_loads(source, target)
            for name, one in module.state_dict().items():
                expect_values(one, wanted[name], SAVED, name, rtol=0, atol=0)

    def _expect_loads(self, source: nn.Module, target: nn.Module) -> None:
        __tracebackhide__ = True
        try:
            target.load_state_dict(source.state_dict())
        except RuntimeError as error:
            words = str(error).partition("\n")[2].strip().partition("\n")[0].strip()
            sentence = f"and torch's own module do not load each other's state_dict: {words}"
            raise CheckFailed(sentence, self.hint("state_dict") or LOADS) from None

    @aspect("errors")
    @law("refused_when_made")
    def test_is_not_made_with(self, solution: Any) -> None:
        """Arguments that make no sense raise an error when the module is made."""
        for made_with, error, hint in self.refused_when_made:
            make = self.maker(getattr(solution, self.name), made_with)
            expect_raises(error, make, hint)


def _repeats(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether the numbers of the smaller tensor are in the other one, whatever their order."""
    sizes = (np.abs(as_array(each)).ravel() for each in (one, other))
    fewer, more = sorted(sizes, key=len)
    is_there = (fewer[:SOME, None] == more).any(1)
    return len(is_there) == SOME and bool(is_there.mean() > 1 / 2)


def _converting(dtype: torch.dtype) -> str:
    return ".double()" if dtype == torch.float64 else f".to({dtype})"
