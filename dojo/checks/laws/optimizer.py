"""The laws of an optimizer: a class that is driven for many steps beside an oracle in float64."""

from __future__ import annotations

import contextlib
import functools
import re
from typing import Any

import torch
from torch.utils._pytree import tree_map

from dojo.checks.aspects import aspect
from dojo.checks.expect import CheckFailed, expect, expect_raises
from dojo.checks.laws.driven import (
    Run,
    drive,
    groups_of,
    parameters_of,
    state_fault,
    state_tensors,
)
from dojo.checks.laws.driven_optimizer import DrivenOptimizer, saved_and_loaded
from dojo.checks.laws.planned import KINDS, STEPS, options_of
from dojo.checks.laws.settings import settings_untouched, settings_watched
from dojo.checks.laws.wording import PUT_BACK, SETTINGS, law
from dojo.checks.memory import untouched
from dojo.checks.messages import describe, dtype_name
from dojo.checks.tracing import Trace, modules_called

IN_GROUPS = "Hand the options to Optimizer as defaults: each group holds them under their names."
CLOSURE = "step(closure) calls the closure first, with grad mode on, and returns what it returns."
STATE = "Keep all that a later step needs in self.state[p], made at p's first gradient."
LIKE = "Make the state like its parameter: torch.zeros_like(p) has its dtype and device."
ALLOWED = "Only a number below the border is refused."
MADE = "A new optimizer changes nothing: it only keeps a list of the parameters."
OWN = "Write the update yourself: of torch.optim only the base class is free here."
_TORCHS = r"torch\.optim\.(?!optimizer$|lr_scheduler$).*"
_FUSED = r"aten\._?fused_.*"


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


class OptimizerClass(DrivenOptimizer):
    """The laws of a class of optimizers."""

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
            saved = saved_and_loaded(saved) if number == 0 else tree_map(_copied, saved)
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
