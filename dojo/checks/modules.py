"""What a module holds, and whether a call has changed it: names, objects, numbers, modes, hooks."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from dojo.checks.differences import differing
from dojo.checks.expect import CheckFailed
from dojo.checks.memory import shares_storage
from dojo.checks.modes import without_modes

_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
)
_CHANGES = {
    "requires_grad": "the requires_grad of {name} to {new}",
    "modes": "the mode of {name}: its training is {new} now",
    "hooks": "the hooks of {name}",
    "forward": "the forward of {name}",
    "common hooks": "the hooks that run for all modules",
}
_COMMON_HOOKS = ("_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks")
But = Collection[str] | Mapping[str, Collection[str]]
# what a call may leave changed, for the argument ``but``
FACTS = ("values", "grad", "requires_grad", "modes", "hooks", "modules", "buffers")


@contextlib.contextmanager
def module_untouched(module: nn.Module, hint: str = "", but: But = ()) -> Iterator[None]:
    """Fail if the ``with`` block changed a module, or a part of it.

    Its modules, Parameters and buffers are the same objects in the same memory, under the same
    names and in the same order, with the same numbers, ``requires_grad``, ``.grad``, modes, hooks.
    No ``forward`` is replaced, and no hook is left that runs for all modules.

    Args:
        module: it is looked at before and after.
        hint: where to look if it did change.
        but: names in ``FACTS`` of what may change; a mapping has for each fact the names of the
            parts for which it may, except for modules and buffers: these may change everywhere.
    """
    __tracebackhide__ = True
    before = _state(module)
    yield
    if change := _change(before, _state(module), but):
        raise CheckFailed(change, hint)


@without_modes
def _state(module: nn.Module) -> dict[str, dict[str, Any]]:
    """Return all that can change: kind → name → what stands there."""
    parameters = dict(module.named_parameters(remove_duplicate=False))
    buffers = dict(module.named_buffers(remove_duplicate=False))
    tensors = {**parameters, **buffers}
    grads = {name: one.grad for name, one in parameters.items()}
    modules = dict(module.named_modules(remove_duplicate=False))
    return {
        "modules": modules,
        "parameters": parameters,
        "buffers": buffers,
        "memory": {name: one.detach() for name, one in tensors.items()},
        "values": {name: one.detach().clone() for name, one in tensors.items()},
        "requires_grad": {name: one.requires_grad for name, one in parameters.items()},
        "grad objects": grads,
        "grad": {
            name: None if grad is None else grad.detach().to_dense().clone()
            for name, grad in grads.items()
        },
        "modes": {name: one.training for name, one in modules.items()},
        "hooks": {
            name: [list(getattr(one, kind).values()) for kind in _HOOKS]
            for name, one in modules.items()
        },
        "forward": {name: vars(one).get("forward") for name, one in modules.items()},
        "common hooks": {"": [list(getattr(nn.modules.module, one)) for one in _COMMON_HOOKS]},
    }


@without_modes
def _change(before: dict[str, Any], now: dict[str, Any], but: But) -> str:
    """Say in words what is not as it was; empty if all is."""

    def may(fact: str, name: str) -> bool:
        return fact in but and (not isinstance(but, Mapping) or name in but[fact])

    for kind in ("modules", "parameters", "buffers"):
        if "modules" in but or kind in but:
            continue
        old, new = before[kind], now[kind]
        if list(old) != list(new):
            return f"changed the {kind} of the module from {list(old)} to {list(new)}."
        for name, one in old.items():
            if new[name] is not one:
                return f"put another object in the place of {_called(name)}."
    same = {
        name
        for kind in ("modules", "parameters", "buffers")
        for name, one in before[kind].items()
        if now[kind].get(name) is one
    }
    for name in [one for one in before["memory"] if one in same]:
        old, new = before["memory"][name], now["memory"][name]
        if not _is_same_memory(old, new):
            return f"gave {name} other memory."
        if not may("values", name) and _differ(before["values"][name], now["values"][name]):
            return f"changed the values of {name}."
    for name in before["grad"]:
        if name not in same or may("grad", name):
            continue
        if before["grad objects"][name] is not now["grad objects"][name]:
            return f"replaced the .grad of {name}."
        old, new = before["grad"][name], now["grad"][name]
        if old is not None and _differ(old, new):
            return f"changed the .grad of {name}."
    for kind in _CHANGES:
        for name, one in before[kind].items():
            if name in same and not may(kind, name) and now[kind][name] != one:
                change = _CHANGES[kind].format(name=_called(name), new=now[kind][name])
                return f"changed {change}."
    return ""


def _called(name: str) -> str:
    return name or "the module itself"


def _is_same_memory(a: torch.Tensor, b: torch.Tensor) -> bool:
    is_there = a.data_ptr() == b.data_ptr() and a.stride() == b.stride()
    return is_there and (not a.numel() or shares_storage(a, b))


def _differ(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype or a.device != b.device:
        return True
    return bool(differing(a.cpu(), b.cpu(), 0, 0))
