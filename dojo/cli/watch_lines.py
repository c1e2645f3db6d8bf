"""``dojo watch`` for programs: judges at each save and prints lines of JSON or of a compiler."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from dojo.course.katas import Kata, shown_path
from dojo.verdict.gnu import gnu_lines, judging_line, trouble_lines, unjudged_line
from dojo.verdict.model import Verdict
from dojo.watch.events import Diagnosed, Event, Judged, Started, Trouble, as_json
from dojo.watch.loop import Loop

_WAKE = 0.2  # seconds


def watch_json(root: Path, kata: Kata, solutions: Path, device: str, limit: float) -> int:
    """Judge at each save, and print a line of JSON per event, until the reader is gone or a signal.

    Args:
        root: the dojo.
        kata: the one to judge first.
        solutions: the folder of answers, laid out like ``katas/``.
        device: "cpu", "cuda" or "all".
        limit: seconds that one kata may take.

    Returns:
        the exit code: 0, or 128 plus the number of the signal.
    """
    return _watch(root, kata, solutions, device, limit, _json_lines)


def watch_gnu(root: Path, kata: Kata, solutions: Path, device: str, limit: float) -> int:
    """Judge at each save, and print ``path:line: error: text``; otherwise like ``watch_json``.

    A line ``dojo: judging …`` comes before, and ``dojo: judged …`` after, or ``dojo: did not
    judge …`` where a new save has ended the run. A mistake that is recognised later makes the three
    lines come again.
    """
    return _watch(root, kata, solutions, device, limit, _GnuLines(solutions))


def _json_lines(event: Event) -> list[str]:
    return [json.dumps(as_json(event))]


class _GnuLines:
    """Words events as compilers do; called with each event, it returns the lines to print."""

    def __init__(self, solutions: Path) -> None:
        self._solutions = solutions
        self._running = ""  # the file that is being judged
        self._last: Verdict | None = None

    def __call__(self, event: Event) -> list[str]:
        path = shown_path(event.kata.solution_in(self._solutions), Path.cwd())
        if isinstance(event, Started):
            # An editor that was told of a beginning waits for the end, and ignores a second one.
            dropped = [unjudged_line(self._running)] if self._running else []
            self._running = path
            return [*dropped, judging_line(path)]
        if isinstance(event, Judged):
            self._running, self._last = "", event.verdict
            return gnu_lines(event.verdict, path)
        if isinstance(event, Trouble):
            self._running = ""
            return trouble_lines(path, event.message)
        if isinstance(event, Diagnosed) and self._last is not None:
            # Told as a whole once more: an editor drops what it had when something new comes.
            told = gnu_lines(replace(self._last, diagnosis=event.diagnosis), path)
            return [judging_line(path), *told]
        return []


def _watch(
    root: Path,
    kata: Kata,
    solutions: Path,
    device: str,
    limit: float,
    lines_of: Callable[[Event], Iterable[str]],
) -> int:
    is_over = threading.Event()
    code = 0

    def stop(number: int, _frame: object) -> None:
        nonlocal code
        code = 128 + number
        is_over.set()

    def print_event(event: Event) -> None:
        try:
            for line in lines_of(event):
                print(line, flush=True)  # noqa: T201 - this is the output
        except OSError:  # the reader has gone
            is_over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    loop = Loop(root, solutions, device, limit, print_event)
    loop.follow(kata)
    while not is_over.wait(_WAKE):  # a wait without end hears no signal on Windows
        pass
    loop.close()
    return code
