"""Compares, traces and times one implementation at one size, in the process that measures.

Whether it agrees with the reference comes first, since the time of a wrong answer says nothing. The
timing itself is pytest-benchmark's.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dojo.bench.implementations import COPY, MATMUL, NAIVE, NEGATE, REFERENCE
from dojo.checks.benchmark import Benchmark
from dojo.checks.tracing import MemoryTrace
from dojo.course.katas import Kata, shown_path
from dojo.judge.learner_lines import learner_line
from dojo.judge.loading import load, read

# The work that shows what the machine can do: how much of it.
CEILINGS = {
    COPY: 1 << 24,  # floats: 64 MiB, more than the caches hold
    # floats: not more than the largest inputs of the katas, so that a cache which holds a part of
    # those holds as much of these
    NEGATE: 10_000_000,
    MATMUL: 1024,  # rows
}
_PYTHONS_OWN = 16 * 1024  # bytes of Python's objects around a call, which are no array


class NotTimed(Exception):
    """There is no time to give; the text says why."""


class TooLittleMemory(Exception):
    """The inputs, or the reference at work on them, do not fit into memory."""


@dataclass(frozen=True)
class Order:
    """What is to be timed."""

    kata: Kata
    solutions: Path
    benchmark: Benchmark
    implementation: str
    device: str
    n: int


@dataclass(frozen=True)
class PreparedCase:
    """An implementation that may be timed, as often as one likes.

    Attributes:
        facts: what is known of it besides its time.
    """

    order: Order
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    facts: dict[str, Any]

    def time(self, fixture: Any) -> None:
        """Have pytest-benchmark's fixture time it.

        Raises:
            NotTimed: it raises, or needs more memory than there is.
        """
        with _raising(self.order):
            fixture(_waited_for(self.function, self.order.device), *self.inputs)


def prepare_case(order: Order) -> PreparedCase:
    """Compare an implementation with the reference, count its operations and its memory.

    Raises:
        NotTimed: it computes something else, raises, or needs more memory than there is.
        TooLittleMemory: this size is too large for this machine.
    """
    if order.implementation in CEILINGS:
        return _ceiling(order)
    make = functools.partial(_inputs, order)
    function, source_hash = _function(order)
    with _raising(order):
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
    torch.manual_seed(0)
    with torch.device(order.device):
        return order.benchmark.inputs(order.n)


def _ceiling(order: Order) -> PreparedCase:
    """A large copy, a negation in place, or a large matmul; into memory that is there already."""
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


def _waited_for(function: Callable[..., Any], device: str) -> Callable[..., Any]:
    """The function, with the end of what it has set going on a GPU."""
    if device != "cuda":
        return function

    def call(*inputs: Any) -> Any:
        result = function(*inputs)
        torch.cuda.synchronize()
        return result

    torch.cuda.synchronize()
    return call


def _function(order: Order) -> tuple[Callable[..., Any], str]:
    """What to call with the inputs, and the hash of the file that it comes from."""
    if order.implementation == NAIVE:
        assert order.benchmark.naive is not None
        return order.benchmark.naive, ""
    is_reference = order.implementation == REFERENCE
    path = order.kata.reference if is_reference else order.kata.solution_in(order.solutions)
    raw = read(path, order.kata.root)
    module = load(raw, path, f"{order.implementation}.{order.kata.stem}", order.kata.root)
    call = order.benchmark.call
    name = order.benchmark.function
    function = functools.partial(call, module) if call else getattr(module, name)
    return function, hashlib.sha256(raw).hexdigest()


def _compare(order: Order, function: Callable[..., Any], make: Callable[[], Any]) -> None:
    try:
        inputs = make()
        expected = _function(_of_reference(order))[0](*inputs)
        inputs = make()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise TooLittleMemory from None
        raise
    got = function(*inputs)
    if difference := _difference(got, expected, order.benchmark.is_random):
        raise NotTimed(f"computes something else than the reference at n = {order.n}: {difference}")


def _of_reference(order: Order) -> Order:
    return Order(order.kata, order.solutions, order.benchmark, REFERENCE, order.device, order.n)


def _difference(got: Any, expected: Any, is_random: bool) -> str:
    """The first difference in words, or nothing."""
    if is_random:
        is_alike = got.shape == expected.shape and got.dtype == expected.dtype
        return "" if is_alike else f"shape {tuple(got.shape)}, {got.dtype}"
    try:
        torch.testing.assert_close(got, expected, check_stride=False, equal_nan=True)
    except (AssertionError, TypeError, ValueError) as error:
        return " ".join(str(error).split("\n\n")[0].split())
    return ""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says that memory could not be had."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


@contextlib.contextmanager
def _raising(order: Order) -> Iterator[None]:
    """Word what an implementation raises, with the size at which it does."""
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
    """How many operations torch ran, and the extra memory: the largest piece and all together."""
    inputs = make()
    with MemoryTrace() as trace:
        function(*inputs)
    inputs = make()
    tracemalloc.start()  # NumPy's arrays and Python's lists, which torch knows nothing of
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
