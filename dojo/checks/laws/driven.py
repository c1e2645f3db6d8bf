"""How an optimizer is driven: parameters of many kinds, many steps, and what was seen on the way.

A run is made once for an answer, and each law reads what was seen. The oracle follows in float64.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from dojo.checks.expect import CheckFailed, expect_values
from dojo.checks.laws.numbers import as_array
from dojo.checks.memory import shares_storage

STEPS, NEW_RATE, LATE = 30, 12, 5  # steps of a run; before which lr changes, and `late` has grads
TOLERANCES = {torch.float32: (1e-4, 1e-6), torch.float64: (1e-10, 1e-10)}
ALONE = "Write into the parameter itself, under torch.no_grad(): p.add_(…), not p = …"
READS = "An optimizer only reads gradients: compute in new tensors or in the state."


@dataclass
class Trained:
    """A parameter that is driven, and what the oracle knows of it.

    Attributes:
        name: what a message calls it.
        group: the number of its group.
        p: the parameter.
        value: what it should hold.
        state: what the oracle keeps for it between steps.
    """

    name: str
    group: int
    p: nn.Parameter
    value: np.ndarray
    state: dict[str, Any] = field(default_factory=dict)


@dataclass
class Run:
    """What a run has shown: the optimizer, its parameters, and the first fault of each aspect."""

    optimizer: Any
    trained: list[Trained]
    faults: dict[str, CheckFailed] = field(default_factory=dict)


def parameters(dtype: torch.dtype, device: str) -> list[Trained]:
    """Return the parameters of a run: two groups; 0-d, empty and transposed ones among them."""
    generator = np.random.default_rng(3)
    shapes = [
        ("weight", 0, (2, 3)),
        ("bias", 0, (2,)),
        ("scale", 0, ()),
        ("late", 0, (3,)),
        ("never", 0, (2,)),
        ("transposed", 1, (3, 2)),
        ("empty", 1, (0, 2)),
    ]
    trained = []
    for name, group, shape in shapes:
        x = torch.tensor(generator.uniform(-2, 2, shape), dtype=dtype)
        if name == "transposed":
            x = x.t().contiguous().t()
        p = nn.Parameter(x.to(device))
        trained.append(Trained(name, group, p, as_array(p)))
    return trained


def gradient_of(one: Trained, step: int, generator: np.random.Generator) -> np.ndarray | None:
    """Return the gradient of a parameter in a step; None where it has none."""
    if one.name == "never" or (one.name == "late" and step < LATE):
        return None
    if one.name == "bias" and step % 3 == 1:
        return np.zeros(one.value.shape)  # a gradient of 0 is a gradient
    size = (1.0, 1e-3, 10.0)[step % 3]
    return generator.uniform(-1, 1, one.value.shape) * size + 0.25 * size


def groups_of(trained: list[Trained], second: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters as an optimizer takes them: the second group has own options."""
    groups: list[list[nn.Parameter]] = [[], []]
    for one in trained:
        groups[one.group].append(one.p)
    return [{"params": groups[0]}, {"params": groups[1], **second}]


def drive(
    contract: Any, optimizer: Any, trained: list[Trained], steps: range, seed: int = 1
) -> Run:
    """Take steps, and record the first fault of each aspect: values, memory, gradient.

    The gradient of `weight` stays one tensor that is written anew, as with
    ``zero_grad(set_to_none=False)``; the rest are new ones.
    """
    run = Run(optimizer, trained)
    generator = np.random.default_rng(seed)
    names = inspect.signature(contract.update).parameters  # a group may hold more
    places = [(one.p.data_ptr(), one.p.stride(), one.p.detach()) for one in trained]
    for step in steps:
        if step == NEW_RATE:
            optimizer.param_groups[0]["lr"] *= 0.5
        before = [_give_gradient(one, gradient_of(one, step, generator)) for one in trained]
        optimizer.step()
        for one, place, grad in zip(trained, places, before, strict=True):
            where = f"the parameter {one.name}"
            if fault := _moved(one.p, place):
                run.faults.setdefault("memory", CheckFailed(f"{fault} {where}.", ALONE))
            if fault := _grad_fault(one.p, grad):
                run.faults.setdefault("memory", CheckFailed(f"{fault} {where}.", READS))
            group = optimizer.param_groups[one.group]
            options = {name: group[name] for name in names if name in group}
            if grad is not None:
                one.value = contract.update(one.value, as_array(grad[1]), one.state, **options)
            if "values" not in run.faults:
                _compare(contract, run, one, step)
    return run


def _give_gradient(
    one: Trained, numbers: np.ndarray | None
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Give a parameter its gradient; return it, and a copy of its numbers."""
    p = one.p
    if numbers is None:
        p.grad = None
        return None
    new = torch.tensor(numbers, dtype=p.dtype).to(p.device)
    if one.name != "weight" or p.grad is None:
        p.grad = torch.empty_strided(p.shape, p.stride(), dtype=p.dtype, device=p.device)
    p.grad.copy_(new)
    grad: torch.Tensor = p.grad
    return grad, grad.clone()


def _moved(p: nn.Parameter, place: Any) -> str:
    pointer, stride, alias = place
    if p.data_ptr() != pointer or p.stride() != stride:
        return "gave other memory to"
    if not p.requires_grad or not p.is_leaf:
        return "let autograd record the change of"
    same = torch.equal(p.detach(), alias)
    return "" if same else "left the old numbers in the memory of"


def _grad_fault(p: nn.Parameter, grad: tuple[torch.Tensor, torch.Tensor] | None) -> str:
    if grad is None:
        return "" if p.grad is None else "made a gradient for"
    if p.grad is not grad[0]:
        return "replaced the .grad of"
    return "" if torch.equal(grad[0], grad[1]) else "changed the .grad of"


def _compare(contract: Any, run: Run, one: Trained, step: int) -> None:
    expected = torch.tensor(one.value, dtype=one.p.dtype)
    rtol, atol = TOLERANCES[one.p.dtype]
    why = contract.why_step(one.name, step) or contract.hint("values")
    try:
        expect_values(one.p, expected, why, rtol=rtol, atol=atol)
    except CheckFailed as error:
        error.sentence = error.sentence.replace(
            "returned", f"left the parameter {one.name} after step {step + 1} with", 1
        )
        run.faults["values"] = error


def state_tensors(optimizer: Any, p: nn.Parameter) -> dict[str, torch.Tensor]:
    """Return the tensors that an optimizer keeps for a parameter, by their names."""
    state = optimizer.state.get(p, {})
    return {str(name): one for name, one in state.items() if isinstance(one, torch.Tensor)}


def shared_with(run: Run) -> str:
    """Say what memory a state shares with a parameter, a gradient or another state."""
    others = [(f"the parameter {one.name}", one.p.detach()) for one in run.trained]
    grads = [(one.name, one.p.grad) for one in run.trained]
    others += [(f"the gradient of {name}", grad) for name, grad in grads if grad is not None]
    for one in run.trained:
        kept = state_tensors(run.optimizer, one.p)
        for name, tensor in kept.items():
            for words, other in others:
                if tensor.numel() and shares_storage(tensor, other):
                    return f"keeps {name} of {one.name} in the memory of {words}."
        others += [(f"{name} of {one.name}", tensor) for name, tensor in kept.items()]
    return ""


def copies_of(trained: list[Trained]) -> list[Trained]:
    """Return copies of the parameters as they are, with what the oracle keeps for each."""
    return [
        dataclasses.replace(
            one,
            p=nn.Parameter(one.p.detach().clone()),
            value=as_array(one.p),
            state=copy.deepcopy(one.state),
        )
        for one in trained
    ]
