"""``dojo bench``: has katas timed, and prints the times as a table or as JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo.bench.results import STORAGE, Run, Subject
from dojo.bench.run import CannotTime, Findings, has_benchmark, json_lines, time_katas
from dojo.bench.table import table_lines
from dojo.cli.terminal import clear_passing, paint, say, show_passing, warn
from dojo.course.katas import Kata
from dojo.files.atomic import write_atomically
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, STALE
from dojo.verdict.text import columns
from dojo.workers.limits import TIME_LIMIT

_PAGE = "report.html"


@dataclass(frozen=True)
class BenchRequest:
    """What is to be timed, and how.

    Attributes:
        root: the dojo.
        katas: the katas to time; those without a benchmark are left out.
        device: "cpu", "cuda" or "all".
        limit: seconds that one kata may take; None for the usual limit.
        as_json: whether lines of JSON are printed, not a table.
        plot: whether a page with charts is written as well.
    """

    root: Path
    katas: Sequence[Kata]
    device: str = "all"
    limit: float | None = None
    as_json: bool = False
    plot: bool = False


def last_edited(katas: Sequence[Kata], progress: Progress) -> list[Kata]:
    """The green kata with a benchmark that was edited last, as a list; empty if there is none."""
    solved = [k for k in katas if progress.state(k) in (GREEN, STALE) and has_benchmark(k)]
    return [max(solved, key=lambda kata: kata.stub.stat().st_mtime)] if solved else []


def with_benchmark(katas: Sequence[Kata]) -> str:
    """The names of the katas that have a benchmark, for a message."""
    return ", ".join(kata.name for kata in katas if has_benchmark(kata))


def bench(request: BenchRequest) -> int:
    """Time katas, and print what was found.

    Returns:
        the exit code: 1 if a kata is not green or nothing could be timed.
    """
    timed = [kata for kata in request.katas if has_benchmark(kata)]
    without = [kata.stem for kata in request.katas if kata not in timed]
    if without:
        warn(f"no benchmark, since speed means little there: {', '.join(without)}")
    if not timed:
        return 0
    warn(f"timing {', '.join(kata.name for kata in timed)}, beside the reference")
    show_passing("timing …")
    try:
        limit = request.limit or TIME_LIMIT
        findings = time_katas(request.root, timed, request.device, limit, _show_case)
    except CannotTime as error:
        warn(str(error))
        return 1
    except SystemExit:  # Ctrl-C, or another signal to end
        clear_passing()
        with contextlib.suppress(OSError):  # the terminal may be closed
            warn("stopped; nothing of this run is kept.")
        raise
    finally:
        clear_passing()
    _print_findings(findings, request)
    if request.plot:
        _write_charts(findings, request.root)
    return int(bool(findings.not_green))


def _print_findings(findings: Findings, request: BenchRequest) -> None:
    """Print warnings and katas that are not green, then the times."""
    for line in findings.warnings:
        warn(line)
    for reason in findings.not_green:
        warn(reason)
    if request.as_json:
        for line in json_lines(findings):
            say(line)
        return
    for line in painted_lines(findings.run, findings.earlier):
        say(line)


def _write_charts(findings: Findings, root: Path) -> None:
    """Write the page with charts, and say where it is."""
    from dojo.bench.page import page  # not needed without --plot

    path = root / STORAGE / _PAGE
    write_atomically(path, page(findings.run, findings.earlier))
    warn(f"the charts: {path.as_uri()}")


def _show_case(note: dict[str, Any]) -> None:
    """Show on a terminal which case has just ended."""
    show_passing(f"timing … {note['kata']}: {note['implementation']}, n = {note['n']:,}")


def painted_lines(run: Run, earlier: Mapping[Subject, Run]) -> Iterator[str]:
    """The lines of a table of times, coloured for a terminal."""
    for text, colour in table_lines(run, earlier, columns()):
        yield paint(text, colour) if colour else text
