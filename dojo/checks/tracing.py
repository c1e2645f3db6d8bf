"""Watches what torch and Python do during a call: which operations, how many, what is read.

It judges structure and cost by what happens, never by reading source or by a clock.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import re
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from dojo.checks.expect import expect

_PYTHONS_OWN = 64_000  # bytes that a call may keep outside of torch, where 16,000 are usual
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


class _FunctionTrace(TorchFunctionMode):
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
    with _FunctionTrace() as functions, Trace() as trace:
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


@dataclass(frozen=True)
class Cost:
    """The cost of a call: operations of torch, numbers read into Python, and lines of Python.

    Only lines outside torch and the dojo count; each call or return counts as one more.
    """

    operations: int
    numbers: int
    lines: int


def cost_of(function: Callable[..., object], *inputs: object) -> Cost:
    """Call the function, and return what the call cost."""
    lines = 0

    def follow(frame: Any, _event: str, _argument: object) -> Any:
        nonlocal lines
        if frame.f_globals.get("__name__", "").partition(".")[0] in ("torch", "dojo"):
            return None
        lines += 1
        return follow

    before = sys.gettrace()
    with Trace() as trace, _FunctionTrace() as functions:
        sys.settrace(follow)
        try:
            function(*inputs)
        finally:
            sys.settrace(before)
    return Cost(len(trace.operations), functions.elements, lines)


def expect_no_growth(
    small: Mapping[str, int], large: Mapping[str, int], sizes: tuple[str, str], most: int, hint: str
) -> None:
    """Fail if a call costs more for much data than for little.

    Args:
        small, large: the counts of both calls, by what is counted, in words.
        sizes: the data of both calls, in words.
        most: by how much the second count may be larger: enough for a branch, not for a loop.
        hint: where to look.
    """
    __tracebackhide__ = True
    for counted, count in large.items():
        sentence = f"took {count} {counted} for {sizes[1]}, and {small[counted]} for {sizes[0]}"
        expect(
            count <= small[counted] + most, f"{sentence}; expected no growth with the data.", hint
        )


class MemoryTrace(Trace):
    """A ``Trace`` that also records the size of each storage that operations make.

    Attributes:
        new: bytes of each new storage; one counts once, however often it is seen.
        elements: how many elements each of them holds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.new: list[int] = []
        self.elements: list[int] = []
        self._made: list[StorageWeakRef] = []
        # A weak reference keeps the address of a storage from being used again, not its memory.
        self._known: dict[int, StorageWeakRef] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # torch.tensor hands out by lift_fresh what it has made; from_numpy does so with memory that
        # is only lent, and cannot be resized.
        is_fresh = func is torch.ops.aten.lift_fresh.default
        if not (is_fresh and args[0].untyped_storage().resizable()):
            self._record_storages((args, kwargs))
        result = super().__torch_dispatch__(func, types, args, kwargs)
        for storage, width in self._record_storages(result):
            self.new.append(storage.nbytes())
            self.elements.append(storage.nbytes() // width)
            self._made.append(self._known[storage._cdata])
        return result

    @property
    def alive(self) -> list[int]:
        """Bytes of each of the new storages that something still holds now."""
        sizes = zip(self.new, self._made, strict=True)
        return [size for size, reference in sizes if not reference.expired()]

    def _record_storages(self, values: Any) -> list[tuple[Any, int]]:
        """Remember the storage of each tensor in the values; return the new ones.

        Returns:
            each new storage, and the bytes of an element of the tensor that lies there.
        """
        found = []
        for leaf in _tensors_in(values):
            # the id alone takes a fifth of the time
            if leaf.layout == torch.strided and torch._C._storage_id(leaf) not in self._known:
                storage = leaf.untyped_storage()
                self._known[storage._cdata] = StorageWeakRef(storage)
                found.append((storage, leaf.element_size()))
        return found


def _tensors_in(*values: Any) -> list[torch.Tensor]:
    """Return the tensors among what an operation is given or gives.

    torch's ``tree_leaves`` knows more kinds of containers, and takes as long as the operation.
    """
    found: list[torch.Tensor] = []
    for one in values:
        if isinstance(one, torch.Tensor):
            found.append(one)
        elif isinstance(one, list | tuple):
            found += _tensors_in(*one)
        elif isinstance(one, dict):
            found += _tensors_in(*one.values())
    return found


class Kept(NamedTuple):
    """What the graph of a result keeps, once the result itself is gone.

    Attributes:
        total: bytes of all memory that the call has made and that is alive, whoever holds it.
        of_result: those of them that are the result's own memory.
        outside_torch: those of them that lie in NumPy's arrays, Python's lists and the like.
    """

    total: int
    of_result: int
    outside_torch: int


def kept_for_backward(function: Callable[..., Any], *inputs: object, spare: int = 0) -> Kept:
    """Return what the graph of a result keeps beside the inputs, once the result is gone.

    The function is called twice: the first time may import modules and fill caches. Inputs of some
    100,000 numbers are large enough to tell an array of NumPy from what Python needs itself.

    Args:
        function: the learner's function; it returns a tensor.
        inputs: its arguments; one at least is tracked.
        spare: bytes that may be kept; only if there are more, garbage is collected, which is slow.
    """
    function(*inputs)
    with MemoryTrace() as trace, _python_memory() as python:
        got = function(*inputs)
        graph = got.grad_fn  # held until the end
        result, size = StorageWeakRef(got.untyped_storage()), got.untyped_storage().nbytes()
        del got
        if sum(trace.alive) > spare:
            gc.collect()  # a circle of objects that nobody holds is not kept
    kept = Kept(sum(trace.alive) + python[0], 0 if result.expired() else size, python[0])
    del graph
    return kept


@contextlib.contextmanager
def _python_memory() -> Iterator[list[int]]:
    """Yield a list that gets the bytes that Python has more of at the end of the block.

    A few kilobytes count as none: objects of a graph and of the trace.
    """
    found: list[int] = []
    tracemalloc.start()
    try:
        yield found
        more = tracemalloc.get_traced_memory()[0]
        found.append(more if more > _PYTHONS_OWN else 0)
    finally:
        tracemalloc.stop()
