"""Counts what a call costs: operations, lines of Python, and memory; never by a clock."""

from __future__ import annotations

import contextlib
import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from dojo.checks.expect import expect
from dojo.checks.tracing import FunctionTrace, Trace

_PYTHONS_OWN = 64_000  # bytes that a call may keep outside of torch, where 16,000 are usual


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
    with Trace() as trace, FunctionTrace() as functions:
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
