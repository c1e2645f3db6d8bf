"""Watches what torch and Python do during a call: which operations, which functions.

It judges structure by what happens, never by reading source.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from dojo.checks.expect import expect

_READING = {"tolist", "apply_", "map_", "map2_"}  # these hand each element to Python


class Trace(TorchDispatchMode):
    """A mode that records the operations that torch's dispatcher runs.

    Attributes:
        operations: their names, such as "aten.add.Tensor".
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[str] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: else torch wraps ``__torch_dispatch__``, and imports its compiler at once."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations.append(_name_of(func))
        return func(*args, **(kwargs or {}))


@functools.cache
def _name_of(operation: Any) -> str:
    """Return such as "aten.add.Tensor"; torch builds the name anew each time, which is slow."""
    return str(operation)


@contextlib.contextmanager
def calls_of(*functions: Any) -> Iterator[list[str]]:
    """Record who calls Python functions of torch from outside torch, under whatever name.

    Yields:
        a list that grows by the file name of each caller.
    """
    callers: list[str] = []
    codes = {function.__code__ for function in functions}

    def profile(frame: Any, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code in codes and frame.f_back is not None:
            module = frame.f_back.f_globals.get("__name__", "")
            if not module.startswith(("torch.", "dojo.")):
                callers.append(frame.f_back.f_code.co_filename)

    sys.setprofile(profile)
    try:
        yield callers
    finally:
        sys.setprofile(None)


@contextlib.contextmanager
def runs_of(module: Any) -> Iterator[list[str]]:
    """Record which functions of a Python module run, under whatever name they are called.

    Yields:
        a list that grows by the name of each.
    """
    names: list[str] = []

    def profile(frame: Any, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename == module.__file__:
            names.append(frame.f_code.co_name)

    sys.setprofile(profile)
    try:
        yield names
    finally:
        sys.setprofile(None)


def modules_called(function: Callable[[], object]) -> list[str]:
    """Call a function, and return the names of the modules whose Python functions have run."""
    names: dict[str, None] = {}

    def profile(frame: Any, event: str, _argument: object) -> None:
        if event == "call":
            names[frame.f_globals.get("__name__", "")] = None

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return list(names)


class FunctionTrace(TorchFunctionMode):
    """A mode that records the functions of torch that are called, and counts elements Python reads.

    Some functions, such as one_hot, are split up before the dispatcher sees them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.elements = 0

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "").partition(".")[0]
        self.names.append(name)
        if name in _READING:
            self.elements += args[0].numel()
        return func(*args, **(kwargs or {}))


def expect_made_without(
    pattern: str, function: Callable[..., Any], *inputs: object, hint: str = ""
) -> None:
    """Fail if the function runs an operation of torch of such a name, forward or backward.

    Args:
        pattern: a regular expression for the whole name, without underscores around it.
        function: the learner's function.
        inputs: its arguments.
        hint: where to look.
    """
    __tracebackhide__ = True
    with FunctionTrace() as functions, Trace() as trace:
        got = function(*inputs)
        if isinstance(got, torch.Tensor) and got.requires_grad:
            got.sum().backward()
    names = functions.names + [operation.split(".")[1] for operation in trace.operations]
    names = list(dict.fromkeys(names))  # each comes many times, and to match takes long
    used = [name for name in names if re.fullmatch(pattern, name.strip("_"))]
    expect(not used, f"ran torch's {''.join(used[:1])}, which is forbidden here.", hint)


class _PassTrace(Trace):
    """A mode that records the operations that run in a pass of autograd, in either direction."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        is_backward = torch._C._current_graph_task_id() != -1
        # torch.func.jvp enters a level of forward mode too
        if is_backward or torch.autograd.forward_ad._current_level >= 0:
            self.operations.append(_name_of(func))
        return func(*args, **(kwargs or {}))


def expect_no_autograd_pass(function: Callable[..., Any], *inputs: object, hint: str = "") -> None:
    """Fail if the call has autograd compute a derivative, backward or in forward mode.

    Args:
        function: the learner's function.
        inputs: its arguments; they may be tracked.
        hint: where to look.
    """
    __tracebackhide__ = True
    with _PassTrace() as trace:
        function(*inputs)
    sentence = "had autograd compute a derivative; expected one that is computed by hand."
    expect(not trace.operations, sentence, hint)
