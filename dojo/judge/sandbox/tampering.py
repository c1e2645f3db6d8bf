"""Notices when a learner's code replaces parts of Python, torch, NumPy, pytest or the dojo.

A judge that is patched cannot be trusted: the verdict is then red, and the original is put back.
Attributes are compared by identity; a function's own code is not looked into.
"""

from __future__ import annotations

import builtins
import os
import sys
import types
from collections.abc import Iterable
from typing import Any

import numpy as np
import pluggy
import pytest
import torch
import torch._compile
import torch.testing

from dojo.judge.sandbox.defaults import reset_defaults
from dojo.judge.sandbox.dict_snapshots import DictSnapshots

# What pytest itself sets anew for each test.
_CHANGING = {"_reprcompare", "_assertion_pass"}
_PACKAGES = ("_pytest.", "pluggy.", "dojo.", "torch.testing.")
_NAMESPACES: tuple[Any, ...] = (
    builtins,
    os,
    np,
    np.testing,
    pluggy,
    pytest,
    torch,
    torch.Tensor,
    torch._C.TensorBase,
    torch._C._VariableFunctionsClass,
    torch.autograd,
    torch.cuda,
    torch.nn,
    torch.nn.Module,
    torch.nn.functional,
    torch.overrides,
    torch.testing,
    torch.utils.data,
)


class Snapshot:
    """A record of the judge's tools, taken before the learner's code runs."""

    def __init__(self) -> None:
        self._spaces = list(_namespaces())
        self._known = [_callables(space) for space in self._spaces]
        # Kept in the object, since an answer may replace the methods of the classes.
        self._changed = DictSnapshots(self._spaces).changed
        self.restore = self.restore  # type: ignore[method-assign]

    def restore(self, thoroughly: bool = True) -> list[str]:
        """Put back what was replaced or deleted since the snapshot, and return the names of it.

        Args:
            thoroughly: look at every name; else only at torch's modes and default settings.
        """
        found = []
        reset_defaults()  # first, since a default dtype that was left changes torch.Storage
        for index in self._changed() if thoroughly else ():
            space = self._spaces[index]
            now = vars(space)
            for name, value in self._known[index].items():
                if now.get(name) is not value and not _is_torchs_own(now.get(name), value):
                    setattr(space, name, value)
                    found.append(f"{space.__name__}.{name}")
        if torch._C._len_torch_function_stack() or torch._C._len_torch_dispatch_stack():
            found.append("torch's mode stack")
            _empty_mode_stacks()
        return found


def _is_torchs_own(now: object, before: object) -> bool:
    """Whether torch's compiler, imported meanwhile, has wrapped a function of torch's own."""
    if not isinstance(now, types.FunctionType):
        return False
    if now.__globals__ is vars(torch._compile):
        return getattr(now, "__wrapped__", None) is before
    wrapping = sys.modules.get("torch._dynamo.mutation_guard")  # it wraps Module.__init__
    return wrapping is not None and now.__globals__ is vars(wrapping)


def _namespaces() -> Iterable[Any]:
    """Yield the modules and classes that a verdict relies on."""
    yield from _NAMESPACES
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGES) and isinstance(module, types.ModuleType):
            yield module
            yield from (
                value
                for value in list(vars(module).values())
                if isinstance(value, type) and value.__module__ == name
            )


def _callables(space: Any) -> dict[str, object]:
    """Return the functions, classes, properties and constants of a module or class, by name.

    Constants are what the dojo writes in capitals, such as ``RED``.
    """
    is_dojos = isinstance(space, types.ModuleType) and space.__name__.startswith("dojo.")
    return {
        name: value
        for name, value in list(vars(space).items())
        if callable(value)
        or isinstance(value, property | classmethod | staticmethod)
        or (is_dojos and name.isupper())
        if name not in _CHANGING
    }


def _empty_mode_stacks() -> None:
    """Pop every mode of torch, since the answer that entered it has ended."""
    while torch._C._len_torch_function_stack():
        torch._C._pop_torch_function_stack()
    while torch._C._len_torch_dispatch_stack():
        torch._C._pop_torch_dispatch_stack(None)
