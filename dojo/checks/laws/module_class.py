"""The laws of a class of modules, whose parameters and buffers have names."""

from __future__ import annotations

import copy
import itertools
from typing import Any, ClassVar

import torch
from torch import nn

from dojo.checks.aspects import aspect
from dojo.checks.expect import (
    CheckFailed,
    expect,
    expect_device,
    expect_raises,
    expect_values,
)
from dojo.checks.laws.initial_values import DRAW, DrawnModules
from dojo.checks.laws.made_module import MOVED
from dojo.checks.laws.module import INSIDE, SAVED, UNWRITTEN
from dojo.checks.laws.module_state import STAYS
from dojo.checks.laws.rows import Row
from dojo.checks.laws.settings import expect_made_aside
from dojo.checks.laws.wording import SETTINGS, law
from dojo.checks.memory import shares_storage
from dojo.checks.messages import Call
from dojo.checks.modules import module_untouched

OWN_GRADIENT = (
    "Compute with the parameters themselves; hang no hook on them, and write into no gradient."
)
AS_IT_IS = "A call computes an output; it clears no .grad, and leaves no hook on the module."
LENGTHS = "Keep nothing that was made for the size of one call, such as a mask or places."
LOADS = "load_state_dict finds each tensor by its name and its shape."


class ModuleClass(DrawnModules):
    """The laws of a class of modules; those of a pure function hold for each call.

    Attributes:
        lengths: name → the dimension of an input along which calls may differ in size. A shorter
            one is handed to the module first.
    """

    lengths: ClassVar[dict[str, int]] = {}

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
            self.expect_tied(module, f"after .to({device!r})")
            handed = self.given_to_module(row, device)
            solution.last_call = Call(str(Call(self.name, made_with, {})), handed, {})
            try:
                got = module(*handed)
            except RuntimeError as error:
                if "same device" not in str(error):
                    raise
                sentence = f"computed with tensors on cpu and cuda after .to({device!r})."
                raise CheckFailed(sentence, MOVED) from None
            for subject, one in self.results_of(got):
                expect_device(one, device, MOVED, subject)

    @aspect("values")
    def test_follows_what_it_holds(self, solution: Any, device: str) -> None:
        """It computes with its own numbers: new, written, loaded, copied, and in float64."""
        for made_with, row in itertools.islice(self.kinds(), None if device == "cpu" else 1):
            module = self.new(solution, made_with, row, device)
            if device == "cpu":
                for name in self.state_in(row.arrays):
                    is_finite = bool(torch.isfinite(self.held(module, name).detach()).all())
                    expect(is_finite, f"made a module whose {name} holds NaN or inf.", UNWRITTEN)
                self.expect_own(solution, module, row, device, "of a new module")
            self.write(module, row)
            self.expect_own(solution, module, row, device, "after its parameters were written")
            if device != "cpu":  # loading and copying is the same there
                twin = self.converted(module, torch.float64)
                self.expect_own(solution, twin, row, device, "after .double()")
                continue
            other = self.new(solution, made_with, row).eval()
            other.load_state_dict(module.state_dict())
            self.expect_own(solution, other, row, device, "after load_state_dict", is_copy=True)
            twin = self.copied(module)
            self.expect_own(solution, twin, row, device, "of a deepcopy", is_copy=True)
            self.converted(twin, torch.float64)
            self.expect_own(solution, twin, row, device, "after .double()", is_copy=True)
            for dtype in self.dtypes:
                if dtype.is_floating_point and dtype.itemsize == 2:
                    self.converted(twin, dtype)

    @aspect("values")
    @law("lengths", last=True)
    def test_takes_other_lengths(self, solution: Any) -> None:
        """One module takes inputs of other lengths, one after the other."""
        made_with, row = self._long_row()
        module = self.new(solution, made_with, row)
        self.write(module, row)
        handed = self.given_to_module(row, "cpu")
        for n, name in enumerate(self.handed[: len(handed)]):
            if name in self.lengths and handed[n] is not None:
                handed[n] = handed[n].narrow(self.lengths[name], 0, 1).clone()
        solution.last_call = Call(str(Call(self.name, made_with, {})), handed, {})
        solution.hint = LENGTHS
        module(*handed)
        self.expect_own(solution, module, row, "cpu", "after a shorter input", LENGTHS)

    def _long_row(self) -> tuple[Any, Row]:
        """Return a row whose inputs are longer than 1."""
        name, axis = next(iter(self.lengths.items()))
        index = self.tensors.index(name)
        return next(one for one in self.different() if one[1].arrays[index].shape[axis] > 1)

    @aspect("gradient")
    @law("recorded", "parameters")
    def test_trains_its_own_parameters(self, solution: Any, device: str) -> None:
        """backward() fills the .grad of its own parameters, and another call leaves it there."""
        for made_with, row in self.own_rows if device == "cpu" else self.own_rows[:1]:
            module = self.new(solution, made_with, row, device)
            self.write(module, row)
            mode = self.trains(*row.arrays)
            module.train(self.modes[0] if mode is None else mode)
            handed = self.given_to_module(row, device)
            solution.last_call = Call(str(Call(self.name, made_with, {})), handed, {})
            solution.hint = where = self.hint("own gradient") or OWN_GRADIENT
            _, got = self.results_of(module(*handed))[0]
            expect(got.requires_grad, "returned a tensor that autograd does not track.", where)
            got.sum().backward()  # its gradient is one number, expanded: no hook can write into it
            for name in row.tracked:
                found, expected = self.held(module, name).grad, row.gradients[name]
                sentence = f"has no gradient in {name}.grad after backward()."
                expect(found is not None, sentence, where)
                found, (rtol, atol) = found.to_dense(), self.gradient_limits(expected)
                hint = self.why("gradient", row.arrays, found.cpu(), expected) or where
                expect_values(found, expected, hint, f"{name}.grad", rtol=rtol, atol=atol)
            for name in self.frozen:
                is_free = getattr(self.held(module, name), "grad", None) is None  # it may be None
                expect(is_free, f"has a gradient in {name}.grad, which is not trained.", where)
            changing = [name for name, _ in module.named_buffers()]
            with module_untouched(module, AS_IT_IS, {"buffers": (), "values": changing}):
                module(*handed)

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
            expect_made_aside(solution, make, SETTINGS, DRAW)

    @aspect("structure")
    @law("tied")
    def test_stays_tied(self, solution: Any) -> None:
        """One object stays under all names of a parameter: converted, copied, loaded."""
        for made_with, row in self.kinds():
            module, other = (self.new(solution, made_with, row) for _ in range(2))
            solution.last_call = Call(self.name, made_with, {})
            self.expect_tied(copy.deepcopy(module), "in a deepcopy")
            self.write(module, row)
            state = {name: one.clone() for name, one in module.state_dict().items()}
            self._expect_loads_tied(other, state)
            for name, others in self.tied.items():  # a checkpoint may hold one of the names alone
                for left_out in (name, *others):
                    rest = {key: one for key, one in state.items() if key != left_out}
                    self._expect_loads_tied(other, rest)
            self.expect_tied(module.double(), "after .double()")

    def _expect_loads_tied(self, module: nn.Module, state: dict[str, torch.Tensor]) -> None:
        """Fail unless a module that loads this state has its numbers under all names."""
        __tracebackhide__ = True
        for name in self.tied:
            self.held(module, name).data.zero_()
        module.load_state_dict(state, strict=False)
        when = f"after load_state_dict with {' and '.join(state)}"
        self.expect_tied(module, when)
        for name, others in self.tied.items():
            expected = next(state[one] for one in (name, *others) if one in state)
            is_loaded = torch.equal(self.held(module, name), expected)
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
