"""The laws of an optimizer: a class that is driven for many steps beside an oracle in float64."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from dojo.checks.aspects import aspect
from dojo.checks.expect import CheckFailed, expect, expect_raises
from dojo.checks.laws.contract import Contract
from dojo.checks.laws.driven import (
    STEPS,
    Run,
    copies_of,
    drive,
    groups_of,
    parameters,
    shared_with,
    state_tensors,
)
from dojo.checks.laws.settings import settings_watched
from dojo.checks.laws.wording import SETTINGS, law
from dojo.checks.messages import describe, dtype_name
from dojo.checks.tracing import modules_called

OPTIMIZER = "Inherit from torch.optim.Optimizer, and hand it params and a dict of the options."
IN_GROUPS = "Hand the options to Optimizer as defaults: each group holds them under their names."
CLOSURE = "step(closure) calls the closure first, with grad mode on, and returns what it returns."
STATE = "Keep all that a later step needs in self.state[p], made at p's first gradient."
SHARED = "Copy what the state keeps: a gradient is written anew at each step."
OWN = "Write the update yourself: of torch.optim only the base class is free here."
_TORCHS = r"torch\.optim\.(?!optimizer$|lr_scheduler$).*"


class OptimizerClass(Contract):
    """The laws of a class of optimizers.

    Attributes:
        runs: options, by name, with each of which an optimizer is driven.
        second: the options of the second group of parameters.
        refused: (options, hint): what raises ``ValueError`` when the optimizer is made.
    """

    tensors: ClassVar[Sequence[str]] = ()
    dtypes: ClassVar[Sequence[torch.dtype]] = (torch.float32, torch.float64)
    recorded: ClassVar[bool] = False
    runs: ClassVar[Sequence[dict[str, Any]]] = ({},)
    second: ClassVar[dict[str, Any]] = {}

    def all_rows(self) -> list[Any]:
        """Return no rows: an optimizer is driven."""
        return []

    # ---------------------------------------------------------------- what a kata says

    def update(
        self, p: np.ndarray, g: np.ndarray, state: dict[str, Any], **options: Any
    ) -> np.ndarray:
        """Return what a parameter holds after a step.

        Args:
            p, g: the parameter and its gradient, float64.
            state: what is kept for it between steps; empty at its first gradient.
            options: of its group, at this step.
        """
        raise NotImplementedError

    def why_step(self, name: str, step: int) -> str:  # noqa: ARG002
        """Return a hint for a parameter that is wrong after a step; empty if none is known."""
        return ""

    # ---------------------------------------------------------------- how a law asks

    def made(self, solution: Any, params: Any, options: dict[str, Any]) -> Any:
        """Return an optimizer over parameters, once it is one."""
        __tracebackhide__ = True
        words = ", ".join(["params", *(f"{name}={value}" for name, value in options.items())])
        optimizer = getattr(solution, self.name)(params, **options)
        solution.last_call = f"{self.name}({words})"
        if not isinstance(optimizer, torch.optim.Optimizer):
            sentence = f"made {describe(optimizer)}; expected a torch.optim.Optimizer."
            raise CheckFailed(sentence, OPTIMIZER)
        return optimizer

    def driven(self, solution: Any, device: str, number: int, dtype: torch.dtype) -> Run:
        """Return the run with the options of this number; it is made once for an answer."""
        __tracebackhide__ = True
        key = type(self), number, dtype, device
        solution.hint = self.hint("values")
        if key not in solution.records:
            trained = parameters(dtype, device)
            options = self.runs[number]
            optimizer = self.made(solution, groups_of(trained, self.second), options)
            run = drive(self, optimizer, trained, range(STEPS))
            solution.records[key] = run, solution.last_call
        run, solution.last_call = solution.records[key]
        return run

    def all_runs(self, device: str) -> list[tuple[int, torch.dtype]]:
        """Return which runs are made: all options in each dtype, on the GPU the first ones."""
        numbers = range(len(self.runs) if device == "cpu" else 1)
        dtypes = self.dtypes if device == "cpu" else self.dtypes[:1]
        return [(number, dtype) for dtype in dtypes for number in numbers]

    # ---------------------------------------------------------------- the laws

    @aspect("type")
    def test_is_an_optimizer(self, solution: Any, device: str) -> None:
        """{name} makes a torch.optim.Optimizer, whose groups hold the options."""
        for options in self.runs:
            trained = parameters(self.dtypes[0], device)
            optimizer = self.made(solution, (one.p for one in trained), options)
            for name, value in options.items():
                held = optimizer.param_groups[0].get(name)
                sentence = f"has the option {name} {held!r} in its group; expected {value!r}."
                expect(held == value and name in optimizer.param_groups[0], sentence, IN_GROUPS)

    @aspect("type")
    def test_calls_a_closure(self, solution: Any, device: str) -> None:
        """step() returns None; step(closure) calls it once and returns its result."""
        trained = parameters(self.dtypes[0], device)
        optimizer = self.made(solution, [one.p for one in trained], self.runs[0])
        got = optimizer.step()
        expect(got is None, f"returned {describe(got)} from step(); expected None.", CLOSURE)
        calls: list[tuple[bool, bool]] = []
        p = trained[0].p
        old = p.detach().clone()
        loss = torch.tensor(2.0)

        def closure() -> torch.Tensor:
            calls.append((torch.is_grad_enabled(), torch.equal(p.detach(), old)))
            p.grad = torch.ones_like(p)
            return loss

        got = optimizer.step(closure)
        expect(got is loss, f"returned {describe(got)}; expected the closure's result.", CLOSURE)
        expect(len(calls) == 1, f"called the closure {len(calls)} times; expected once.", CLOSURE)
        expect(calls[0][0], "called the closure with grad mode off.", CLOSURE)
        is_moved = calls[0][1] and not torch.equal(p.detach(), old)
        expect(is_moved, "did not use the gradients that the closure has made.", CLOSURE)

    @aspect("values")
    def test_values(self, solution: Any, device: str) -> None:
        """Every parameter is right after each of 30 steps, with its own group's options."""
        for number, dtype in self.all_runs(device):
            if fault := self.driven(solution, device, number, dtype).faults.get("values"):
                raise fault.with_traceback(None)

    @aspect("values")
    def test_goes_on_from_a_state_dict(self, solution: Any, device: str) -> None:
        """A new optimizer that loads the state_dict goes on as the first one would."""
        for number, dtype in self.all_runs(device):
            run = self.driven(solution, device, number, dtype)
            buffer = io.BytesIO()
            torch.save(run.optimizer.state_dict(), buffer)
            buffer.seek(0)
            trained = copies_of(run.trained)
            other = self.made(solution, groups_of(trained, self.second), self.runs[number])
            other.load_state_dict(torch.load(buffer, weights_only=True))
            then = drive(self, other, trained, range(STEPS, STEPS + 4), seed=2)
            if fault := then.faults.get("values"):
                hint = self.hint("state") or STATE
                sentence = f"after load_state_dict {fault.sentence}"
                raise CheckFailed(sentence, hint, fault.got, fault.expected) from None

    @aspect("dtype")
    def test_state_is_like_its_parameter(self, solution: Any, device: str) -> None:
        """What it keeps for a parameter has the parameter's dtype and device."""
        for number, dtype in self.all_runs(device):
            run = self.driven(solution, device, number, dtype)
            for one in run.trained:
                for name, kept in state_tensors(run.optimizer, one.p).items():
                    if kept.shape != one.p.shape or not kept.is_floating_point() or not kept.dim():
                        continue
                    sentence = f"keeps {name} as {dtype_name(kept.dtype)} for a {dtype_name(dtype)}"
                    expect(kept.dtype == dtype, f"{sentence} parameter.", self.hint("dtype"))
                    where = f"keeps {name} on {kept.device} for a parameter on {one.p.device}."
                    expect(kept.device.type == one.p.device.type, where, self.hint("device"))

    @aspect("memory")
    def test_writes_in_place(self, solution: Any, device: str) -> None:
        """Parameters stay the same objects in their memory, and gradients stay as they are."""
        for number, dtype in self.all_runs(device):
            run = self.driven(solution, device, number, dtype)
            if fault := run.faults.get("memory"):
                raise fault.with_traceback(None)
            shared = shared_with(run)
            expect(not shared, shared, self.hint("shared") or SHARED)
            (never,) = (one for one in run.trained if one.name == "never")
            is_empty = not run.optimizer.state.get(never.p)
            expect(is_empty, "keeps a state for a parameter that has had no gradient.", STATE)

    @aspect("memory")
    def test_leaves_torch_as_it_is(self, solution: Any, device: str) -> None:
        """A step changes no setting of torch, and leaves the random generators alone."""
        run = self.driven(solution, device, 0, self.dtypes[0])
        with settings_watched(solution, thoroughly=True) as found:
            run.optimizer.step()
        expect(not found.text, found.text, self.hint("setting") or SETTINGS)

    @aspect("errors")
    @law("refused")
    def test_refuses(self, solution: Any, device: str) -> None:
        """Options that make no sense raise ValueError when the optimizer is made."""
        for options, hint in self.refused:
            params = [one.p for one in parameters(self.dtypes[0], device)]
            make = functools.partial(getattr(solution, self.name), params, **options)
            expect_raises(ValueError, make, hint)

    @aspect("structure")
    def test_is_made_without_torchs(self, solution: Any) -> None:
        """It is made without torch's own optimizers, but for the base class."""
        params = [one.p for one in parameters(self.dtypes[0], "cpu")]

        def step() -> None:
            optimizer = self.made(solution, params, self.runs[0])
            for p in params:
                p.grad = torch.ones_like(p)
            optimizer.step()

        used = [name for name in modules_called(step) if re.fullmatch(_TORCHS, name)]
        expect(not used, f"used {''.join(used[:1])}, which is forbidden here.", OWN)
