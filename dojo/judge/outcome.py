"""Makes the outcome of a check: its name before it runs, and the message of what it raised."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from dojo.checks.aspects import aspect_of
from dojo.checks.brief import cut
from dojo.checks.expect import CheckFailed
from dojo.checks.messages import Call, grid_of
from dojo.course.katas import shown_path
from dojo.course.reference import NoReference
from dojo.devices.select import device_of_item
from dojo.devices.write_order import REMARK, WriteOrder
from dojo.judge.error_words import (
    about_a_name,
    debugger_left,
    error_in_words,
    in_plain_words,
    name_of_type,
)
from dojo.judge.hints import hint_of_check
from dojo.judge.items import KATA
from dojo.judge.learner_lines import Trace, unstarted_name
from dojo.judge.loading import LoadError
from dojo.judge.solution import Solution
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, Check

_LONGEST = 4000  # characters of a message
_BEFORE = pytest.StashKey[tuple[Path, Check]]()  # the folder of answers, and what is known


def check_before(item: pytest.Item, solutions: Path) -> Check:
    """Return what is known of a check before it runs; its state is empty.

    Args:
        item: a check of a kata.
        solutions: the folder of answers, laid out like ``katas/``.
    """
    known = item.stash.get(_BEFORE, None)
    if known is None or known[0] != solutions:
        kata = item.stash[KATA]
        function = getattr(item, "function", None)
        text = (getattr(function, "__doc__", None) or "").strip().partition("\n")[0].rstrip(".")
        name = text or item.name.removeprefix("test_").replace("_", " ")
        path = shown_path(kata.solution_in(solutions), kata.root)
        check = Check(name, aspect_of(function), device_of_item(item), "", file=path)
        item.stash[_BEFORE] = known = solutions, check
    return known[1]


def check_after(
    item: pytest.Item,
    error: BaseException | None,
    solutions: Path,
    solution: Solution | None,
) -> Check:
    """Return the check with its outcome.

    Args:
        item: a check of a kata.
        error: what it raised, or None if it passed.
        solutions: the folder of answers, laid out like ``katas/``.
        solution: the answer that was judged, if it was asked for; it knows the last call.
    """
    before = check_before(item, solutions)
    error = getattr(solution, "load_error", None) or error  # whatever a check makes of it
    if error is None:
        return replace(before, state=GREEN)
    told = _told(item, error, solutions, solution)
    message = re.sub(r" object at 0x[0-9a-f]+", "", cut(told.message, _LONGEST))  # other each run
    check = replace(before, state=told.state, message=message, line=told.line, heading=told.heading)
    if isinstance(error, CheckFailed) and not told.heading:
        return replace(check, got=grid_of(error.got), expected=grid_of(error.expected))
    return check


class _Told(NamedTuple):
    """What is told of a check that is not green; see ``Check``."""

    state: str
    message: str
    line: int
    heading: str = ""


def _told(
    item: pytest.Item,
    error: BaseException,
    solutions: Path,
    solution: Solution | None,
) -> _Told:
    """Word what a check raised: an error of the file, a failed expectation, or an exception."""
    known = error if solution is None else getattr(solution, "load_error", None)
    if isinstance(error, LoadError) and error is known:  # and not raised by the answer
        return _Told(error.state, error.message, error.line)
    if isinstance(error, NoReference):
        return _Told(CRASHED, str(error), 0)
    kata = item.stash[KATA]
    path = kata.solution_in(solutions)
    trace = Trace(error, path)
    is_far_from_call = not trace.learner and not trace.is_in_call
    before = check_before(item, solutions)
    needs_autograd = before.aspect == "gradient" or not isinstance(error, CheckFailed)
    if is_far_from_call and needs_autograd and not torch.is_grad_enabled():
        return _autograd_off(solution, kata.stem)
    if isinstance(error, CheckFailed) and not trace.ends_in_learner:
        called = str(solution.last_call) if solution else ""
        text = f"{called} {error.sentence}".strip()
        line = solution.last_line if solution else 0
        hint = REMARK if _is_by_order(before) else error.hint
        return _Told(RED, f"{text}\n{hint}".strip(), line)
    is_unstarted = isinstance(error, NotImplementedError) and trace.ends_in_learner
    if is_unstarted and (name := unstarted_name(path, trace.line)):
        message = f"{name} is not started: it still raises NotImplementedError."
        return _Told(NOT_STARTED, message, trace.line)
    place = shown_path(path, kata.root) + (f", line {trace.line}" if trace.line else "")
    if words := debugger_left(error, kata.stem):
        return _Told(RED, f"{place}: {words}", trace.line, "your file stops in a debugger")
    return _exception(item, error, trace, f" ({place})" if trace.line else "", solution)


def _is_by_order(check: Check) -> bool:
    """Whether numbers on the GPU are wrong perhaps since their order was relied on."""
    return check.device == "cuda" and check.aspect == "values" and WriteOrder.was_open


def _exception(
    item: pytest.Item,
    error: BaseException,
    trace: Trace,
    where: str,
    solution: Solution | None,
) -> _Told:
    """Word an exception: what was called, what went in, and where to look."""
    stem = item.stash[KATA].stem
    call = solution.last_call if solution else ""
    shapes = call.shapes if isinstance(call, Call) else ""
    doer, verb = call.name if isinstance(call, Call) else stem, "raised"
    hint = about_a_name(error) if trace.learner else ""
    if not hint:
        hint = (solution.hint if solution else "") or hint_of_check(item, doer)
        hint = f"{in_plain_words(error)} {hint}".strip()
    subject = str(call) or stem
    if isinstance(call, Call) and not trace.is_in_call:
        if trace.learner:
            doer = trace.learner[0]
            subject = f"{subject}, then {doer}"
        else:
            verb = "returned what this check cannot use:"
    lines = [
        f"{subject} {verb} {error_in_words(error)}{where}",
        shapes and f"What went in: {shapes}",
        hint,
    ]
    heading = f"{cut(doer, 60)} {verb} {name_of_type(error)}"
    return _Told(RED, "\n".join(filter(None, lines)), trace.line, heading)


def _autograd_off(solution: Solution | None, stem: str) -> _Told:
    """Word that autograd does not record any more, which fails a check far from its cause."""
    call = solution.last_call if solution else ""
    name = call.name if isinstance(call, Call) else stem
    message = (
        f"After {call or stem} autograd is switched off, so that nothing is recorded any more.\n"
        "`with torch.no_grad():` switches it on again at its end, and "
        "`torch.set_grad_enabled(False)` does not."
    )
    line = solution.last_line if solution else 0
    return _Told(RED, message, line, f"{name} leaves autograd switched off")
