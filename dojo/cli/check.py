"""``dojo check``: judges katas one after another, prints each verdict, and records it."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dojo.cli.listing import heading
from dojo.cli.options import Form
from dojo.cli.terminal import paint, say, say_all, warn
from dojo.course.katas import Kata, shown_path
from dojo.files.tools import pytest_of
from dojo.notebook.relocation import NotebookAnswers
from dojo.progress.record import Progress
from dojo.verdict.diagnosis import diagnose, known_table, make_table
from dojo.verdict.gnu import gnu_lines
from dojo.verdict.model import GREEN, NOT_STARTED, RED, Verdict
from dojo.verdict.text import colour_of, failure_lines, row_of, wrapped
from dojo.workers.client import JUDGING_ERRORS, NoChecks, judge, judge_source
from dojo.workers.limits import TIME_LIMIT
from dojo.workers.pool import WorkerPool
from dojo.workers.worker import WorkerDied, WorkerStuck

NO_VERDICT = "not judged"  # for a reason outside the learner's file


@dataclass(frozen=True)
class CheckRequest:
    """What is to be judged, and how.

    Attributes:
        root: the dojo.
        katas: the katas to judge, in this order.
        solutions: the folder of answers, laid out like ``katas/``.
        device: "cpu", "cuda" or "all".
        limit: seconds that one kata may take; None for the usual limit.
        notebook: the notebook from which the answers in ``solutions`` were taken, if they were.
    """

    root: Path
    katas: Sequence[Kata]
    solutions: Path
    device: str = "all"
    limit: float | None = None
    notebook: NotebookAnswers | None = None

    @property
    def is_own(self) -> bool:
        """Whether the answers are the learner's own; only their verdicts are recorded."""
        return self.solutions.resolve() == (self.root / "katas").resolve()

    @property
    def is_complete(self) -> bool:
        """Whether the checks of all devices are judged; only then is green recorded."""
        return self.device == "all"


def check(request: CheckRequest, progress: Progress, form: Form = Form.TEXT) -> list[str]:
    """Judge katas, print their verdicts, and record those on the learner's own answers.

    Returns:
        the states, in the order of the katas; ``NO_VERDICT`` where there is no verdict.

    Raises:
        ForkServerDied: the checks cannot be collected.
    """
    states = []
    devices = ""
    if not request.is_own and form is Form.TEXT:
        say(f"answers: {_judged_path(request)}")
    with contextlib.closing(WorkerPool(request.root)) as pool:
        for kata in request.katas:
            verdict = verdict_of(pool, kata, request)
            states.append(verdict.state if verdict else NO_VERDICT)
            if verdict is None:
                continue
            if request.notebook is not None:
                verdict = request.notebook.relocated(kata, verdict)
            if request.is_own:
                progress.record(verdict, complete=request.is_complete)
            if form is Form.JSON:
                say(json.dumps(verdict.as_json()))
            elif form is Form.GNU:
                say_all(gnu_lines(verdict, _path_from_here(kata, verdict, request)))
            else:
                _print_verdict(pool, kata, verdict, request)
            devices = max(devices, verdict.devices, key=len)
    if devices and form is Form.TEXT:
        say(f"devices: {devices}")
    return states


def _judged_path(request: CheckRequest) -> str:
    """What is judged: the notebook, the one file or the folder of several, as it is typed."""
    if request.notebook is not None:
        return request.notebook.shown
    is_one = len(request.katas) == 1
    path = request.katas[0].solution_in(request.solutions) if is_one else request.solutions
    return shown_path(path, request.root)


def verdict_of(pool: WorkerPool, kata: Kata, request: CheckRequest) -> Verdict | None:
    """Judge one kata; print a warning and return None if there is no verdict.

    A red verdict has its diagnosis if the table of the kata's known mistakes is there already.
    """
    try:
        verdict = judge(pool, kata, request.solutions, request.device, request.limit or TIME_LIMIT)
    except (NoChecks, WorkerDied, WorkerStuck) as error:
        warn(f"{kata.name} is not judged. {error}")
        return None
    table = known_table(kata) if verdict.state == RED else None
    return verdict if table is None else replace(verdict, diagnosis=diagnose(verdict, table))


def _print_verdict(pool: WorkerPool, kata: Kata, verdict: Verdict, request: CheckRequest) -> None:
    """Print a verdict in one line, then what is wrong.

    Of a kata that is not started the line is enough, if others are judged too.
    """
    is_alone = len(request.katas) == 1
    place = request.katas.index(kata)
    if place == 0 or request.katas[place - 1].track != kata.track:
        say(heading(kata))
    print_row(kata, verdict)
    if verdict.state == GREEN or (verdict.state == NOT_STARTED and not is_alone):
        return
    print_failure(kata, verdict, request)
    if is_alone and (found := _diagnose_late(pool, kata, verdict)):
        print_diagnosis(found)


def print_row(kata: Kata, verdict: Verdict) -> None:
    """Print a verdict in one line."""
    name, state, counts = row_of(verdict, kata.stem)
    say(f"  {name} {paint(state, colour_of(verdict.state))} {counts}")


def print_failure(kata: Kata, verdict: Verdict, request: CheckRequest) -> None:
    """Print what is wrong, by a verdict that is not green."""
    file, lists_all = _file_and_command(kata, verdict, request)
    path, headline, *message = failure_lines(verdict, file, lists_all)
    say(f"    {path}")
    state, colon, law = headline.partition(":")
    say(f"    {paint(state, colour_of(state))}{colon}{law}")
    for line in message:
        say(f"      {line}")


def _file_and_command(kata: Kata, verdict: Verdict, request: CheckRequest) -> tuple[str, str]:
    """The file that is judged, as it is shown, and the command that lists all of its failures.

    Pytest does not read notebooks, so there is none for the cell of one.
    """
    if request.notebook is not None:
        shown = verdict.first_failure
        return (shown.file if shown is not None else request.notebook.shown), ""
    file = shown_path(kata.solution_in(request.solutions), request.root)
    choice = "katas" if request.is_own else shown_path(request.solutions, request.root)
    return file, f"{pytest_of(kata.stem, request.root, Path.cwd(), choice)} -rf"


def _path_from_here(kata: Kata, verdict: Verdict, request: CheckRequest) -> str:
    """The file that is judged, as an editor finds it from the working folder."""
    if request.notebook is not None:
        return _file_and_command(kata, verdict, request)[0]
    return shown_path(kata.solution_in(request.solutions), Path.cwd())


def print_diagnosis(diagnosis: str) -> None:
    """Print a known mistake that was recognised after what is wrong was printed."""
    for line in wrapped(f"This looks like: {diagnosis}"):
        say(f"      {line}")


def _diagnose_late(pool: WorkerPool, kata: Kata, verdict: Verdict) -> str | None:
    """The diagnosis of a kata's first red verdict: its table is made now, which takes a second."""
    if verdict.state != RED or known_table(kata) is not None:
        return None
    try:
        table = make_table(kata, functools.partial(judge_source, pool))
    except JUDGING_ERRORS:
        return None
    return diagnose(verdict, table)
