"""How an optimizer is driven by a plan, and what was seen on the way.

A run is made once for an answer, and each law reads what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from dojo.checks.expect import CheckFailed, expect_values
from dojo.checks.laws.numbers import as_array
from dojo.checks.laws.planned import (
    ADDED,
    CHANGED,
    FROZEN,
    KINDS,
    TOLERANCES,
    Plan,
    Step,
    parts_of,
    why_wrong,
)
from dojo.checks.laws.wording import DIGITS
from dojo.checks.memory import shares_storage

ALONE = "Write into the parameter itself, under torch.no_grad(): p.add_(…), not p = …"
READS = "An optimizer only reads gradients: compute in new tensors or in the state."
RECORDED = "Compute the update under torch.no_grad(), so that no graph grows with the steps."
SHARED = "Copy what the state keeps: a gradient is written anew at each step."
STAYS = "requires_grad is the caller's: a step changes numbers alone."
GIVEN = "A group holds what the caller has set: step() only reads it."


@dataclass
class Run:
    """What a run has shown: the optimizer, its parameters, and the first fault of each aspect.

    The parameters are parts of one memory. Of the first that was wrong, its place among ``KINDS``
    is kept, what it held from then on, and the mistake if that is a known one.
    """

    optimizer: Any
    parameters: list[nn.Parameter]
    memory: torch.Tensor
    faults: dict[str, CheckFailed] = field(default_factory=dict)
    why: str = ""
    wrong: int = -1
    seen: dict[int, np.ndarray] = field(default_factory=dict)


def parameters_of(memory: torch.Tensor) -> list[nn.Parameter]:
    """Return new parameters, which are parts of a memory; one does not require grad."""
    names = [kind.name for kind in KINDS]
    parts = zip(names, parts_of(memory), strict=True)
    return [nn.Parameter(part, name != FROZEN) for name, part in parts]


def groups_of(
    parameters: list[nn.Parameter], second: dict[str, Any], count: int = 2
) -> list[dict[str, Any]]:
    """Return the first groups as an optimizer takes them: the second has own options."""
    groups: list[dict[str, Any]] = [{"params": _of_group(parameters, n)} for n in range(count)]
    groups[1].update(second)
    return groups


def _of_group(parameters: list[nn.Parameter], number: int) -> list[nn.Parameter]:
    return [p for p, kind in zip(parameters, KINDS, strict=True) if kind.group == number]


def drive(contract: Any, run: Run, plan: Plan, steps: list[Step]) -> None:
    """Take steps, and record the first fault of each aspect: values, memory.

    A scheduler halves each lr on the way, the second group gets other options then, and a third
    group is added. Some gradients come from a closure.
    """
    optimizer, parameters = run.optimizer, run.parameters
    scheduler: Any = None
    if not steps[0].number:
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    home = [(p.data_ptr(), p.stride()) for p in parameters]
    for step in steps:
        if step.number == ADDED:
            optimizer.add_param_group({"params": _of_group(parameters, 2)})
        if step.number == CHANGED:
            scheduler.step()
            optimizer.param_groups[1].update(contract.later)
        given = _take_step(run, step)
        if "memory" not in run.faults:
            _expect_unchanged_gradients(run, *given, step)
            _expect_in_place(run, home)
        if "values" not in run.faults:
            _compare(run, plan, step)
        if run.wrong >= 0:
            run.seen[step.number] = as_array(parameters[run.wrong])
    if fault := run.faults.get("values"):
        fault.hint = _hint(contract, run, plan)
    _expect_given_options(run, steps[-1])


def _take_step(run: Run, step: Step) -> tuple[torch.Tensor, list[Any]]:
    """Give each parameter its gradient and take a step; return what was given, and its memory.

    The gradient of `weight` stays one tensor that is written anew, as with
    ``zero_grad(set_to_none=False)``; the rest are parts of one new memory.
    """
    memory = step.gradients.to(run.memory.device, copy=True)
    parts = parts_of(memory)
    old = run.parameters[0].grad
    given: list[Any] = [part if has else None for part, has in zip(parts, step.has, strict=True)]
    given[0] = parts[0].clone() if old is None else old

    def closure() -> float:
        given[0].copy_(parts[0])
        for p, grad in zip(run.parameters, given, strict=True):
            p.grad = grad
        return 1.0

    if step.number % 5 == 4:
        run.optimizer.step(closure=closure)
    else:
        closure()
        run.optimizer.step()
    return memory, given


# ---------------------------------------------------------------- memory


def _expect_unchanged_gradients(
    run: Run, memory: torch.Tensor, given: list[Any], step: Step
) -> None:
    """Record a fault if a gradient is another one, or holds other numbers."""
    first = step.gradients[: given[0].numel()]  # that of `weight`, which lies elsewhere
    is_whole = torch.equal(memory.cpu(), step.gradients)
    is_whole = is_whole and torch.equal(given[0].flatten().cpu(), first)
    if is_whole and all(p.grad is old for p, old in zip(run.parameters, given, strict=True)):
        return
    parts = parts_of(step.gradients)
    for kind, p, old, part in zip(KINDS, run.parameters, given, parts, strict=True):
        fault = ""
        if p.grad is not old:
            fault = "replaced" if old is not None else "made"
        elif old is not None and not torch.equal(old.cpu(), part):
            fault = "changed"
        if fault:
            sentence = f"{fault} the .grad of the parameter {kind.name}."
            run.faults["memory"] = CheckFailed(sentence, READS)
            return


def _expect_in_place(run: Run, home: list[Any]) -> None:
    """Record a fault if a parameter has moved, or is recorded."""
    for kind, p, (pointer, stride) in zip(KINDS, run.parameters, home, strict=True):
        fault, hint = "", ALONE
        if p.data_ptr() != pointer or p.stride() != stride:
            fault = "gave other memory to"
        elif not p.is_leaf:
            fault = "let autograd record the change of"
        elif p.requires_grad != (kind.name != FROZEN):
            fault, hint = "changed the requires_grad of", STAYS
        if fault:
            run.faults["memory"] = CheckFailed(f"{fault} the parameter {kind.name}.", hint)
            return


def _expect_given_options(run: Run, step: Step) -> None:
    """Record a fault if an option of a group is not what it was set to."""
    groups = zip(run.optimizer.param_groups, step.options, strict=False)  # the third comes late
    for number, (group, options) in enumerate(groups):
        for name, value in options.items():
            if group.get(name) != value:
                sentence = f"left the option {name} of group {number} as {group.get(name)!r};"
                fault = CheckFailed(f"{sentence} expected {value!r}.", GIVEN)
                run.faults.setdefault("memory", fault)


def state_tensors(optimizer: Any, p: nn.Parameter) -> dict[str, torch.Tensor]:
    """Return the tensors that an optimizer keeps for a parameter, by their names."""
    state = optimizer.state.get(p, {})
    return {str(name): one for name, one in state.items() if isinstance(one, torch.Tensor)}


def state_fault(run: Run) -> tuple[str, str]:
    """Say what is wrong with the memory of a state, and where to look; empty if nothing.

    It may not share memory with a parameter or a gradient, nor hold a graph.
    """
    for kind, p in zip(KINDS, run.parameters, strict=True):
        others = [("the parameter", p.detach()), ("the gradient", p.grad)]
        for name, tensor in state_tensors(run.optimizer, p).items():
            if tensor.requires_grad:
                return f"keeps {name} of {kind.name} as a part of autograd's graph.", RECORDED
            for words, other in others:
                if other is not None and tensor.numel() and shares_storage(tensor, other):
                    return f"keeps {name} of {kind.name} in the memory of {words}.", SHARED
    return "", ""


# ---------------------------------------------------------------- values


def _compare(run: Run, plan: Plan, step: Step) -> None:
    """Record a fault if a parameter is not where the oracle is, but for rounding."""
    values, limits = step.flat
    is_at_home = "memory" not in run.faults
    if is_at_home and (np.abs(as_array(run.memory) - values) <= limits).all():
        return
    rtol, atol = TOLERANCES[plan.dtype]
    for place, (kind, p) in enumerate(zip(KINDS, run.parameters, strict=True)):
        right, size, got = step.values[place], step.sizes[place], as_array(p)
        if got.shape == right.shape and (np.abs(got - right) <= rtol * size + atol).all():
            continue
        try:
            expect_values(p, torch.tensor(right, dtype=plan.dtype), rtol=rtol, atol=atol)
        except CheckFailed as error:
            left = f"left the parameter {kind.name} after step {step.number + 1} with"
            error.sentence = error.sentence.replace("returned", left, 1)
            run.faults["values"], run.wrong = error, place
            return


def _hint(contract: Any, run: Run, plan: Plan) -> str:
    """Say where to look for what made the first wrong parameter wrong."""
    step = plan.steps[min(run.seen)]
    right, size, got = step.values[run.wrong], step.sizes[run.wrong], run.seen[step.number]
    words = [KINDS[run.wrong].words, contract.hint("values")]
    if all(one.shape == right.shape for one in run.seen.values()):
        run.why = why_wrong(contract, plan, run.wrong, run.seen)
        if (np.abs(got - right) <= 1e-6 * size).all():
            words.append(DIGITS)
    return run.why or " ".join(filter(None, words))
