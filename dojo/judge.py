"""Asks a warm process for the verdict on one kata's answer; it imports neither torch nor pytest.

The verdict is that of plain ``pytest`` on the same file, since the same plugin gives it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dojo.catalog import Kata
from dojo.isolation import Child, ChildDied, ChildStuck
from dojo.lost import what_became
from dojo.protocol import open_request, run_request
from dojo.verdict import Check, Verdict, state_of
from dojo.workers import Crew

TIME_LIMIT = 10.0  # seconds for one kata, unless an option says otherwise


class NoChecks(Exception):
    """No check of the kata could be collected, or none for the device."""


def judge(
    crew: Crew,
    kata: Kata,
    solutions: Path,
    device: str = "all",
    limit: float = TIME_LIMIT,
) -> Verdict:
    """The verdict on a kata's answer in a folder with the layout of ``katas/``.

    Raises:
        NoChecks: nothing was judged.
        HubDied: the checks could not be collected.
    """
    with contextlib.closing(crew.worker(limit)) as child:
        return judge_by(child, kata, solutions, device)


def judge_by(
    child: Child,
    kata: Kata,
    solutions: Path,
    device: str = "all",
    on_plan: Callable[[list[Check]], None] = lambda _checks: None,
    on_check: Callable[[Check], None] = lambda _check: None,
) -> Verdict:
    """The same by a process that has judged nothing yet.

    Args:
        on_plan: called with the checks to come.
        on_check: called with each check as it ends.
    """
    planned = _plan(child, kata, solutions, device)
    on_plan([check for _, check in planned])
    nodeids = [nodeid for nodeid, _ in planned] + [None]
    checks: list[Check] = []
    seconds, source_hash, lost = 0.0, "", None
    for index, (nodeid, check) in enumerate(planned):
        if lost is None:
            try:
                answer: Any = child.ask(run_request(nodeid, nodeids[index + 1]))
            except (ChildStuck, ChildDied) as error:
                lost = what_became(error, child, kata.solution_in(solutions), kata.root)
            else:
                check, source_hash = Check(**answer["check"]), answer["source_hash"]
                seconds += answer["seconds"]
        if lost is not None:
            check = lost.of(check)
        checks.append(check)
        on_check(check)
    return Verdict(kata.name, state_of(checks), seconds, source_hash, tuple(checks))


def _plan(child: Child, kata: Kata, solutions: Path, device: str) -> list[tuple[str, Check]]:
    """The checks that will be run: each one's nodeid, and what is known of it before."""
    answer = child.ask(open_request(kata, solutions, device))
    if not answer:
        raise NoChecks(f"{kata.name}: no check was collected; see: pytest {kata.checks}")
    return [(one["nodeid"], Check(**one["check"])) for one in answer]


def judge_source(crew: Crew, kata: Kata, source: str | bytes, **options: Any) -> Verdict:
    """The verdict on an answer given as text."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = kata.solution_in(folder)
        path.parent.mkdir(parents=True)
        path.write_bytes(source.encode() if isinstance(source, str) else source)
        return judge(crew, kata, folder, **options)
