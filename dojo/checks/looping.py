"""Whether a call loops over the data in Python: what it costs for much data and for little."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dojo.checks.costs import cost_of, expect_no_growth
from dojo.checks.expect import expect

_SAMPLES = 200  # looks at the number of objects; each takes a tenth of a millisecond
_ROUND = 100  # objects are counted in hundreds: how many there are depends on Python's version, too
_OBJECTS = "held some {more} more objects of Python for {many} than for {few}; expected no growth."


def expect_no_loop(
    function: Callable[..., object], inputs: Mapping[str, Sequence[object]], most: int, hint: str
) -> None:
    """Fail if operations of torch, numbers read into Python or its lines grow with the data.

    Args:
        function: the learner's function.
        inputs: its arguments by the size of the data in words, those with the least data first.
        most: by how much a count may be larger: enough for a branch, not for a loop.
        hint: where to look.
    """
    __tracebackhide__ = True
    counted = ((words, _counts(function, each)) for words, each in inputs.items())
    few, small = next(counted)
    for words, counts in counted:  # so the last call is the one that is told
        expect_no_growth(small, counts, (few, words), most, hint)


def _counts(function: Callable[..., object], arguments: Sequence[object]) -> dict[str, int]:
    cost = cost_of(function, *arguments)
    read = {"numbers read into Python": cost.numbers}
    return {"operations": cost.operations, "lines of Python": cost.lines, **read}


def expect_no_objects(
    function: Callable[..., object], inputs: Mapping[str, Sequence[object]], hint: str
) -> None:
    """Fail if the call holds an object of Python for each element of much data.

    Args:
        function: the learner's function; it has been called before, so that all is imported.
        inputs: its arguments by the size of the data in words: with little data, and with much.
        hint: where to look.
    """
    __tracebackhide__ = True
    few, many = inputs
    fewer, more = (objects_of(function, *arguments) for arguments in inputs.values())
    hundreds = (more - fewer) // _ROUND * _ROUND
    expect(hundreds <= 0, _OBJECTS.format(more=hundreds, few=few, many=many), hint)


def objects_of(function: Callable[..., object], *arguments: object) -> int:
    """Return how many objects of Python a call holds at most between its steps, of C code too.

    Each takes a block of Python's memory, while the elements of arrays and tensors lie elsewhere.
    """
    most = samples = 0

    def at_c_return(frame: Any, event: str, _argument: object) -> None:
        nonlocal most, samples
        if event == "c_return" and samples < _SAMPLES and _is_of_the_learner(frame):
            samples += 1
            most = max(most, sys.getallocatedblocks())

    before, is_collecting = sys.getprofile(), gc.isenabled()
    gc.disable()  # else what it frees is missing in the count
    start = most = sys.getallocatedblocks()
    sys.setprofile(at_c_return)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
        if is_collecting:
            gc.enable()
    return most - start


def _is_of_the_learner(frame: Any) -> bool:
    """Whether a frame runs the learner's code, or Python's own library for it."""
    package = frame.f_globals.get("__name__", "").partition(".")[0]
    return package not in ("torch", "numpy", "dojo")
