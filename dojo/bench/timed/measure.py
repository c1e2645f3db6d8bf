"""Compares, traces and times one implementation at one size, in the process that measures.

It is compared with the reference first, since the time of a wrong answer says nothing. The timing
itself is done by pytest-benchmark.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from dojo.bench.implementations import COPY, MATMUL, NAIVE, NEGATE, REFERENCE, TORCHS
from dojo.checks.benchmark import Benchmark
from dojo.checks.costs import MemoryTrace
from dojo.course.katas import Kata, shown_path
from dojo.judge.learner_lines import learner_line
from dojo.judge.loading import load, read

# The work that shows what the machine can do, and its size.
CEILINGS = {
    COPY: 1 << 24,  # floats: 64 MiB, more than the caches hold
    # floats: no more than the largest inputs of the katas have, so that a cache holds as large a
    # part of these as of those
    NEGATE: 10_000_000,
    MATMUL: 1024,  # rows
}
_PYTHONS_OWN = 16 * 1024  # bytes of Python's objects around a call, which hold no numbers


class NotTimed(Exception):
    """The case cannot be timed; the text says why."""


class TooLittleMemory(Exception):
    """The inputs, or the reference's work on them, do not fit into memory."""


@dataclass(frozen=True)
class Order:
    """What is to be timed: an implementation of a kata's function at size ``n`` on a device."""

    kata: Kata
    solutions: Path
    benchmark: Benchmark
    implementation: str
    device: str
    n: int


@dataclass(frozen=True)
class PreparedCase:
    """An implementation that was compared and traced, and may be timed several times.

    Attributes:
        order: what is to be timed.
        function: the implementation.
        inputs: its arguments.
        facts: what was counted: operations, bytes, and the least of both that are needed.
    """

    order: Order
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    facts: dict[str, Any]

    def time(self, fixture: Any) -> None:
        """Time the implementation with pytest-benchmark's fixture.

        Raises:
            NotTimed: the implementation raises, or needs more memory than there is.
        """
        with _reworded_errors(self.order):
            fixture(_synchronized(self.function, self.order.device), *self.inputs)


def prepare_case(order: Order) -> PreparedCase:
    """Compare an implementation with the reference, and count its operations and its memory.

    Raises:
        NotTimed: the implementation computes something else, raises, or needs more memory than
            there is.
        TooLittleMemory: this size is too large for this machine.
    """
    if order.implementation in CEILINGS:
        return _prepare_ceiling(order)
    make = functools.partial(_inputs, order)
    function, source_hash = _find_function(order)
    with _reworded_errors(order):
        _compare(order, function, make)
        facts = _trace(function, make)
        inputs = make()
    benchmark, n = order.benchmark, order.n
    facts = {
        **facts,
        "bytes_moved": benchmark.bytes_moved(n),
        "operations_needed": benchmark.operations(n),
        "source_hash": source_hash,
    }
    return PreparedCase(order, function, inputs, facts)


def _inputs(order: Order) -> tuple[Any, ...]:
    """Make the arguments, the same at each call."""
    torch.manual_seed(0)
    with torch.device(order.device):
        return order.benchmark.inputs(order.n)


def _prepare_ceiling(order: Order) -> PreparedCase:
    """Prepare a large copy, a negation in place, or a large matmul, none of which takes memory."""
    with torch.device(order.device):
        n = order.n
        if order.implementation == COPY:
            x, out = torch.ones(n), torch.ones(n)
            facts = {"bytes_moved": 2 * x.numel() * x.element_size(), "operations_needed": 0}
            return PreparedCase(order, torch.Tensor.copy_, (out, x), facts)
        if order.implementation == NEGATE:
            x = torch.ones(n)
            facts = {"bytes_moved": 2 * x.numel() * x.element_size(), "operations_needed": 0}
            return PreparedCase(order, torch.Tensor.neg_, (x,), facts)
        x, out = torch.ones(n, n), torch.ones(n, n)
        facts = {"bytes_moved": 0, "operations_needed": 2 * n**3}
        return PreparedCase(order, functools.partial(torch.mm, out=out), (x, x), facts)


def _synchronized(function: Callable[..., Any], device: str) -> Callable[..., Any]:
    """Return a function that also waits for the work that it has started on a GPU."""
    if device != "cuda":
        return function

    def call(*inputs: Any) -> Any:
        result = function(*inputs)
        torch.cuda.synchronize()
        return result

    torch.cuda.synchronize()
    return call


def _find_function(order: Order) -> tuple[Callable[..., Any], str]:
    """Return the function to call with the inputs, and the hash of the file that it is in."""
    beside = {NAIVE: order.benchmark.naive, TORCHS: order.benchmark.torchs}
    if function := beside.get(order.implementation):
        return function, ""
    is_reference = order.implementation == REFERENCE
    path = order.kata.reference if is_reference else order.kata.solution_in(order.solutions)
    raw = read(path, order.kata.root)
    module = load(raw, path, f"{order.implementation}.{order.kata.stem}", order.kata.root)
    call = order.benchmark.call
    name = order.benchmark.function
    function = functools.partial(call, module) if call else getattr(module, name)
    return function, hashlib.sha256(raw).hexdigest()


def _compare(order: Order, function: Callable[..., Any], make: Callable[[], Any]) -> None:
    """Compare what a function computes with what the reference computes.

    Raises:
        NotTimed: they differ.
        TooLittleMemory: there is none for the inputs or for the reference.
    """
    try:
        inputs = make()
        expected = _find_function(replace(order, implementation=REFERENCE))[0](*inputs)
        inputs = make()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise TooLittleMemory from None
        raise
    got = function(*inputs)
    if difference := _difference(got, expected, order.benchmark.is_random):
        raise NotTimed(f"computes something else than the reference at n = {order.n}: {difference}")


def _difference(got: Any, expected: Any, is_random: bool) -> str:
    """Return the first difference in words; an empty text if there is none."""
    if is_random:
        is_alike = got.shape == expected.shape and got.dtype == expected.dtype
        return "" if is_alike else f"shape {tuple(got.shape)}, {got.dtype}"
    try:
        torch.testing.assert_close(got, expected, check_stride=False, equal_nan=True)
    except (AssertionError, TypeError, ValueError) as error:
        return " ".join(str(error).split("\n\n")[0].split())
    return ""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that there is not enough memory."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


@contextlib.contextmanager
def _reworded_errors(order: Order) -> Iterator[None]:
    """Turn what an implementation raises into ``NotTimed``, worded with the size and the line."""
    try:
        yield
    except (NotTimed, TooLittleMemory):
        raise
    except Exception as error:  # noqa: BLE001 - whatever the learner's code raises
        if is_out_of_memory(error):
            text = "needs more memory than this machine has"
        else:
            said = " ".join(str(error).split())[:200]
            text = f"raised {type(error).__name__}: {said}".rstrip(": ")
        path = order.kata.solution_in(order.solutions)
        line = learner_line(error.__traceback__, path)
        where = f" ({shown_path(path, order.kata.root)}, line {line})" if line else ""
        raise NotTimed(f"{text} at n = {order.n}{where}") from None


def _trace(function: Callable[..., Any], make: Callable[[], Any]) -> dict[str, Any]:
    """Count the operations that torch runs, and the new memory in bytes: the largest piece, all."""
    inputs = make()
    with MemoryTrace() as trace:
        function(*inputs)
    inputs = make()
    tracemalloc.start()  # for NumPy's arrays and Python's lists, which torch does not trace
    try:
        function(*inputs)
        outside_torch = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if outside_torch < _PYTHONS_OWN:
        outside_torch = 0
    return {
        "operations": len(trace.operations),
        "largest_new": max([*trace.new, outside_torch]),
        "total_new": sum(trace.new) + outside_torch,
    }
