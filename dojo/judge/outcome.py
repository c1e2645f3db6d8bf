"""Makes the outcome of a check: its name before it runs, and the message of what it raised."""

from __future__ import annotations

import re
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from dojo.checks.aspects import aspect_of
from dojo.checks.brief import cut
from dojo.checks.expect import CheckFailed
from dojo.checks.messages import grid_of
from dojo.course.katas import shown_path
from dojo.devices.select import device_of_item
from dojo.judge.error_words import debugger_left, error_in_words
from dojo.judge.items import KATA
from dojo.judge.learner_lines import learner_line, unstarted_name
from dojo.judge.loading import LoadError
from dojo.judge.solution import NullSolution, Solution
from dojo.verdict.model import GREEN, NOT_STARTED, RED, Check

_LONGEST = 4000  # characters of a message
_CHECK = pytest.StashKey[Check]()


def check_before(item: pytest.Item, solutions: Path) -> Check:
    """Return what is known of a check before it runs; its state is empty.

    Args:
        item: a check of a kata.
        solutions: the folder of answers, laid out like ``katas/``.
    """
    if _CHECK not in item.stash:
        kata = item.stash[KATA]
        function = getattr(item, "function", None)
        text = (getattr(function, "__doc__", None) or "").strip().partition("\n")[0].rstrip(".")
        name = text or item.name.removeprefix("test_").replace("_", " ")
        path = shown_path(kata.solution_in(solutions), kata.root)
        item.stash[_CHECK] = Check(name, aspect_of(function), device_of_item(item), "", file=path)
    return item.stash[_CHECK]


def check_after(
    item: pytest.Item,
    error: BaseException | None,
    solutions: Path,
    solution: Solution | NullSolution | None,
) -> Check:
    """Return the check with its outcome.

    Args:
        item: a check of a kata.
        error: what it raised, or None if it passed.
        solutions: the folder of answers, laid out like ``katas/``.
        solution: the answer that was judged, if it was asked for; it knows the last call.
    """
    before = check_before(item, solutions)
    if error is None:
        return replace(before, state=GREEN)
    state, message, line = _failure(item, error, solutions, solution)
    message = re.sub(r" object at 0x[0-9a-f]+", "", cut(message, _LONGEST))  # other in each run
    check = replace(before, state=state, message=message, line=line)
    if isinstance(error, CheckFailed):
        return replace(check, got=grid_of(error.got), expected=grid_of(error.expected))
    return check


def _failure(
    item: pytest.Item,
    error: BaseException,
    solutions: Path,
    solution: Solution | NullSolution | None,
) -> tuple[str, str, int]:
    """Return state, message and learner's line for what a check raised."""
    known = error if solution is None else getattr(solution, "load_error", None)
    if isinstance(error, LoadError) and error is known:  # and not raised by the answer
        return error.state, error.message, error.line
    kata = item.stash[KATA]
    path = kata.solution_in(solutions)
    called = str(solution.last_call) if solution else ""
    line = learner_line(error.__traceback__, path)
    frames = list(traceback.walk_tb(error.__traceback__))
    ends_in_learner = bool(frames) and frames[-1][0].f_code.co_filename == str(path)
    if isinstance(error, CheckFailed) and not ends_in_learner:
        text = f"{called} {error.sentence}".strip()
        return RED, f"{text}\n{error.hint}".strip(), solution.last_line if solution else 0
    is_unstarted = isinstance(error, NotImplementedError) and ends_in_learner
    if is_unstarted and (name := unstarted_name(path, line)):
        return NOT_STARTED, f"{name} is not started: it still raises NotImplementedError.", line
    if words := debugger_left(error, kata.stem):
        place = shown_path(path, kata.root) + (f", line {line}" if line else "")
        return RED, f"{place}: {words}", line
    where = f" ({shown_path(path, kata.root)}, line {line})" if line else ""
    return RED, f"{called or kata.stem} raised {error_in_words(error)}{where}", line
