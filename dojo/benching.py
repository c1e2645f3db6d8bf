"""What ``dojo bench`` does: has katas timed and shows the findings as a table or as JSON."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo.bench import CannotTime, Findings, has_benchmark, json_lines, time_katas
from dojo.bench_results import STORAGE
from dojo.bench_table import painted_lines
from dojo.catalog import Kata
from dojo.files import write_atomically
from dojo.judge import TIME_LIMIT
from dojo.progress import STALE, Progress
from dojo.terminal import paint, say, warn
from dojo.verdict import GREEN

_PAGE = "report.html"


@dataclass(frozen=True)
class Asked:
    """What is to be timed, and how; no ``limit`` stands for the usual one."""

    root: Path
    katas: Sequence[Kata]
    device: str = "all"
    limit: float | None = None
    as_json: bool = False
    plot: bool = False


def last_edited(katas: Sequence[Kata], progress: Progress) -> list[Kata]:
    """Of the green katas with a benchmark the one that was edited last; none if none is."""
    solved = [k for k in katas if progress.state(k) in (GREEN, STALE) and has_benchmark(k)]
    return [max(solved, key=lambda kata: kata.stub.stat().st_mtime)] if solved else []


def bench(asked: Asked) -> int:
    """Time, and tell what was found.

    Returns:
        the exit code: 1 if a kata is not green or nothing could be timed.
    """
    timed = [kata for kata in asked.katas if has_benchmark(kata)]
    without = [kata.stem for kata in asked.katas if kata not in timed]
    if without:
        warn(f"no benchmark, since speed means little there: {', '.join(without)}")
    if not timed:
        return 0
    _show_progress("timing …")
    try:
        limit = asked.limit or TIME_LIMIT
        findings = time_katas(asked.root, timed, asked.device, limit, _tell_progress)
    except CannotTime as error:
        warn(str(error))
        return 1
    except SystemExit:  # Ctrl-C, or another signal to end
        _clear_progress()
        with contextlib.suppress(OSError):  # the terminal may be closed
            warn("stopped; nothing of this run is kept.")
        raise
    finally:
        _clear_progress()
    _tell(findings, asked)
    if asked.plot:
        _draw(findings, asked.root)
    return int(bool(findings.not_green))


def _tell(findings: Findings, asked: Asked) -> None:
    for line in findings.warnings:
        warn(line)
    for reason in findings.not_green:
        warn(reason)
    if asked.as_json:
        for line in json_lines(findings):
            say(line)
        return
    for line in painted_lines(findings.run, findings.earlier):
        say(line)


def _draw(findings: Findings, root: Path) -> None:
    """Write the page and say where it is."""
    from dojo.bench_page import page  # not needed without --plot

    path = root / STORAGE / _PAGE
    write_atomically(path, page(findings.run, findings.earlier))
    warn(f"the charts: {path.as_uri()}")


def _tell_progress(note: dict[str, Any]) -> None:
    """Show what has just ended."""
    _show_progress(f"timing … {note['kata']}: {note['implementation']}, n = {note['n']:,}")


def _show_progress(text: str) -> None:
    """On a terminal, in a line that the next one replaces."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{paint(text[:79], 'cyan')}")
        sys.stderr.flush()


def _clear_progress() -> None:
    if sys.stderr.isatty():
        with contextlib.suppress(OSError):  # it may have been closed since
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
