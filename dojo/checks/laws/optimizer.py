"""The laws of an optimizer: a class that is driven for many steps beside an oracle in float64."""

from __future__ import annotations

import contextlib
import functools
import io
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn
from torch.utils._pytree import tree_map

from dojo.checks.aspects import aspect
from dojo.checks.expect import CheckFailed, expect, expect_raises
from dojo.checks.laws.contract import Contract
from dojo.checks.laws.driven import (
    Run,
    drive,
    groups_of,
    parameters_of,
    state_fault,
    state_tensors,
)
from dojo.checks.laws.planned import KINDS, SHORT, STEPS, Plan, options_of, plan_of
from dojo.checks.laws.settings import settings_untouched, settings_watched
from dojo.checks.laws.wording import PUT_BACK, SETTINGS, law
from dojo.checks.memory import untouched
from dojo.checks.messages import describe, dtype_name
from dojo.checks.tracing import Trace, modules_called

OPTIMIZER = "Inherit from torch.optim.Optimizer, and hand it params and a dict of the options."
IN_GROUPS = "Hand the options to Optimizer as defaults: each group holds them under their names."
CLOSURE = "step(closure) calls the closure first, with grad mode on, and returns what it returns."
STATE = "Keep all that a later step needs in self.state[p], made at p's first gradient."
LIKE = "Make the state like its parameter: torch.zeros_like(p) has its dtype and device."
ALLOWED = "Only a number below the border is refused."
OWN = "Write the update yourself: of torch.optim only the base class is free here."
_TORCHS = r"torch\.optim\.(?!optimizer$|lr_scheduler$).*"
_FUSED = r"aten\._?fused_.*"


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def _saved_and_loaded(state: dict[str, Any]) -> dict[str, Any]:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    loaded: dict[str, Any] = torch.load(buffer, weights_only=True)
    return loaded


MADE = "A new optimizer changes nothing: it only keeps a list of the parameters."


class OptimizerClass(Contract):
    """The laws of a class of optimizers.

    Attributes:
        runs: options, by name, with each of which an optimizer is driven.
        second: the options of the second group of parameters.
        later: the options that the second group gets on the way; each lr is halved then.
        allowed: options with which an optimizer can be made.
        refused: (options, hint): what raises ``ValueError`` when the optimizer is made.
    """

    tensors: ClassVar[Sequence[str]] = ()
    dtypes: ClassVar[Sequence[torch.dtype]] = (torch.float32, torch.float64)
    recorded: ClassVar[bool] = False
    runs: ClassVar[Sequence[dict[str, Any]]] = ({},)
    second: ClassVar[dict[str, Any]] = {}
    later: ClassVar[dict[str, Any]] = {}
    allowed: ClassVar[Sequence[dict[str, Any]]] = ()

    def all_rows(self) -> list[Any]:
        """Return no rows: an optimizer is driven."""
        return []

    # ---------------------------------------------------------------- what a kata says

    def update(
        self, p: np.ndarray, g: np.ndarray, state: dict[str, Any], **options: Any
    ) -> np.ndarray:
        """Return what a parameter holds after a step.

        A kata writes the options one by one, with the defaults that they have in the statement.

        Args:
            p, g: the parameter and its gradient, float64.
            state: what is kept for it between steps; empty at its first gradient.
            options: of its group, at this step.
        """
        raise NotImplementedError

    def mistakes(self) -> dict[str, Callable[..., np.ndarray]]:
        """Return what people write in place of ``update``, by the sentence that names the mistake.

        Such a function takes what ``update`` takes. ``state["calls"]`` counts the steps, and
        ``state["updates"]`` what all parameters together have had of them.
        """
        return {}

    # ---------------------------------------------------------------- how a law asks

    def made(self, solution: Any, params: Any, options: dict[str, Any]) -> Any:
        """Return an optimizer over parameters, once it is one."""
        __tracebackhide__ = True
        optimizer = getattr(solution, self.name)(params, **options)
        words = ", ".join(["params", *(f"{name}={value}" for name, value in options.items())])
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
            plan = self.plan(number, dtype)
            memory = plan.start.to(device, copy=True)
            held = parameters_of(memory)
            groups = groups_of(held, self.second)
            run = Run(self.made(solution, groups, self.runs[number]), held, memory)
            drive(self, run, plan, plan.steps[: STEPS if device == "cpu" else SHORT])
            solution.records[key] = run, solution.last_call
        run, solution.last_call = solution.records[key]
        return run

    def plan(self, number: int, dtype: torch.dtype) -> Plan:
        """Return the plan of a run, which is the same for each answer."""
        contract: Any = type(self)
        return plan_of(contract, number, dtype)

    def parameters(self, device: str) -> list[nn.Parameter]:
        """Return new parameters of the usual dtype."""
        plan = self.plan(0, self.dtypes[0])
        return parameters_of(plan.start.to(device, copy=True))

    def all_runs(self, device: str) -> list[tuple[int, torch.dtype]]:
        """Return which runs are made: on the CPU all options in the last dtype.

        Those of the first number are driven in each dtype there, and on the GPU in the first.
        """
        if device != "cpu":
            return [(0, self.dtypes[0])]
        first = [(0, dtype) for dtype in self.dtypes[:-1]]
        return first + [(number, self.dtypes[-1]) for number in range(len(self.runs))]

    def prepare(self) -> None:
        """Make the plans of all runs, which are the same for each answer; import what loads."""
        super().prepare()
        _saved_and_loaded({"state": torch.zeros(1)})  # the first time costs as much as a run
        for number, dtype in self.all_runs("cpu"):
            self.plan(number, dtype)

    # ---------------------------------------------------------------- the laws

    @aspect("type")
    def test_is_an_optimizer(self, solution: Any) -> None:
        """{name} makes a torch.optim.Optimizer, whose groups hold the options."""
        for given in ({}, *self.runs):
            params = (p for p in self.parameters("cpu"))
            optimizer = self.made(solution, params, given)
            self.expect_options(optimizer, options_of(self, given)[0])
        options = options_of(self, self.runs[-1])[0]
        optimizer = getattr(solution, self.name)(self.parameters("cpu"), *options.values())
        self.expect_options(optimizer, options)

    def expect_options(self, optimizer: Any, options: dict[str, Any]) -> None:
        """Fail unless the first group of an optimizer holds these options."""
        __tracebackhide__ = True
        held = optimizer.param_groups[0]
        for name, value in options.items():
            sentence = f"has the option {name} {held.get(name)!r} in its group; expected"
            is_there = name in held and bool(held[name] == value)
            expect(is_there, f"{sentence} {value!r}.", IN_GROUPS)

    @aspect("type")
    def test_calls_a_closure(self, solution: Any) -> None:
        """step() returns None; step(closure) calls it once and returns its result."""
        held = self.parameters("cpu")
        optimizer = self.made(solution, held, self.runs[0])
        got = optimizer.step()
        expect(got is None, f"returned {describe(got)} from step(); expected None.", CLOSURE)
        calls: list[tuple[bool, bool]] = []
        p = held[0]
        old = p.detach().clone()
        loss = torch.tensor(2.0)

        def closure() -> torch.Tensor:
            calls.append((torch.is_grad_enabled(), torch.equal(p.detach(), old)))
            optimizer.zero_grad()
            p.grad = torch.ones_like(p)
            return loss

        with settings_watched(solution) as found:
            got = optimizer.step(closure)
        expect(got is loss, f"returned {describe(got)}; expected the closure's result.", CLOSURE)
        expect(len(calls) == 1, f"called the closure {len(calls)} times; expected once.", CLOSURE)
        expect(calls[0][0], "called the closure with grad mode off.", CLOSURE)
        is_moved = calls[0][1] and not torch.equal(p.detach(), old)
        expect(is_moved, "did not use the gradients that the closure has made.", CLOSURE)
        expect(not found.text, found.text, self.hint("setting") or SETTINGS)

    @aspect("values")
    def test_values(self, solution: Any, device: str) -> None:
        """Every parameter is right after each of many steps."""
        for number, dtype in self.all_runs(device):
            if fault := self.driven(solution, device, number, dtype).faults.get("values"):
                raise fault.with_traceback(None)

    @aspect("values")
    def test_goes_on_from_a_state_dict(self, solution: Any) -> None:
        """A new optimizer that loads the state_dict goes on as the first one would."""
        for number in range(len(self.runs)):
            dtype = self.dtypes[-1]
            run = self.driven(solution, "cpu", number, dtype)
            saved = run.optimizer.state_dict()
            saved = _saved_and_loaded(saved) if number == 0 else tree_map(_copied, saved)
            plan = self.plan(number, dtype)
            memory = run.memory.clone()
            held = parameters_of(memory)
            for p, old in zip(held, run.parameters, strict=True):
                p.detach().copy_(old.detach())
            groups = groups_of(held, self.second, 3)
            then = Run(self.made(solution, groups, self.runs[number]), held, memory)
            then.optimizer.load_state_dict(saved)
            drive(self, then, plan, plan.steps[STEPS:])
            if fault := then.faults.get("values"):
                sentence = f"after load_state_dict {fault.sentence}"
                raise CheckFailed(sentence, then.why or STATE, fault.got, fault.expected)

    @aspect("dtype")
    def test_state_is_like_its_parameter(self, solution: Any, device: str) -> None:
        """What it keeps for a parameter has the parameter's dtype and device."""
        for number, dtype in self.all_runs(device):
            run = self.driven(solution, device, number, dtype)
            for p in run.parameters:
                for name, kept in state_tensors(run.optimizer, p).items():
                    if kept.shape != p.shape or not kept.is_floating_point() or not kept.dim():
                        continue
                    sentence = f"keeps {name} as {dtype_name(kept.dtype)} for a {dtype_name(dtype)}"
                    expect(kept.dtype == dtype, f"{sentence} parameter.", LIKE)
                    where = f"keeps {name} on {kept.device} for a parameter on {p.device}."
                    expect(kept.device.type == p.device.type, where, LIKE)

    @aspect("memory")
    def test_writes_in_place(self, solution: Any, device: str) -> None:
        """Parameters stay the same objects in their memory, and gradients stay as they are."""
        for number, dtype in self.all_runs(device):
            run = self.driven(solution, device, number, dtype)
            if found := run.faults.get("memory"):
                raise found.with_traceback(None)
            fault, hint = state_fault(run)
            expect(not fault, fault, hint)
            (unused,) = (place for place, kind in enumerate(KINDS) if kind.name == "unused")
            is_empty = not run.optimizer.state.get(run.parameters[unused])
            expect(is_empty, "keeps a state for a parameter that has had no gradient.", STATE)

    @aspect("memory")
    def test_leaves_torch_as_it_is(self, solution: Any, device: str) -> None:
        """A step changes no setting of torch, and leaves the random generators alone."""
        run = self.driven(solution, device, 0, self.dtypes[0])
        with settings_watched(solution, thoroughly=True) as found:
            run.optimizer.step()
        expect(not found.text, found.text, self.hint("setting") or SETTINGS)
        with torch.no_grad(), settings_untouched(solution, PUT_BACK):
            run.optimizer.step()

    @aspect("memory")
    def test_is_made_without_a_change(self, solution: Any, device: str) -> None:
        """To make an optimizer changes no parameter, no gradient and no setting of torch."""
        held = self.parameters(device)
        for p in held:
            p.grad = torch.ones_like(p)
        inputs = {f"parameter {number}": p for number, p in enumerate(held)}
        hint = self.hint("setting") or SETTINGS
        with settings_untouched(solution, hint, thoroughly=True), untouched(MADE, **inputs):
            self.made(solution, held, self.runs[0])

    @aspect("errors")
    @law("refused")
    def test_refuses(self, solution: Any) -> None:
        """Options that make no sense raise ValueError when the optimizer is made."""
        for options, hint in self.refused:
            params = self.parameters("cpu")
            make = functools.partial(getattr(solution, self.name), params, **options)
            expect_raises(ValueError, make, hint)

    @aspect("errors")
    @law("allowed")
    def test_allows(self, solution: Any) -> None:
        """Options at the border of what makes sense are taken."""
        for options in self.allowed:
            params = self.parameters("cpu")
            optimizer = None
            with contextlib.suppress(ValueError):
                optimizer = getattr(solution, self.name)(params, **options)
            sentence = "raised ValueError; expected an optimizer."
            expect(optimizer is not None, sentence, self.hint("allowed") or ALLOWED)

    @aspect("structure")
    def test_is_made_without_torchs(self, solution: Any) -> None:
        """It is made without torch's own optimizers, but for the base class."""
        params = self.parameters("cpu")[:1]
        trace = Trace()

        def steps() -> None:
            for options in self.runs:
                optimizer = self.made(solution, params, options)
                for _ in range(2):
                    for p in params:
                        p.grad = torch.ones_like(p)
                    with trace:
                        optimizer.step()

        used = [name for name in modules_called(steps) if re.fullmatch(_TORCHS, name)]
        used += [name for name in trace.operations if re.match(_FUSED, name)]
        expect(not used, f"used {''.join(used[:1])}, which is forbidden here.", OWN)
