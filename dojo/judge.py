"""Asks the plugin for the verdict on one kata's answer, from a process that has torch loaded.

The verdict is that of plain ``pytest`` on the same file: this module only starts the run in a
forked process and gathers its checks.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from dojo import isolation
from dojo.catalog import Kata
from dojo.verdict import Check, Verdict, state_of

_START = 60.0  # seconds that the run may need beside the kata's own time limit


class _Gatherer:
    """Keeps what the plugin says of each check."""

    def __init__(self) -> None:
        self.checks: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.collected = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.collected = len(session.items)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds += report.duration
        if getattr(report, "dojo", None):
            self.checks.append(report.dojo)


def judge(
    kata: Kata,
    solutions: Path,
    device: str = "all",
    limit: float = 10.0,
    isolation_kind: str = "auto",
) -> Verdict:
    """The verdict on a kata's answer in a folder with the layout of ``katas/``.

    Raises:
        RuntimeError: pytest itself could not run the checks.
    """
    arguments = [
        str(kata.checks),
        f"--rootdir={kata.root}",
        f"--solutions={solutions}",
        f"--device={device}",
        f"--time-limit={limit}",
        f"--isolation={isolation_kind}",
        "-q",
        "-p",
        "no:cacheprovider",
    ]

    def serve(line: Connection) -> None:
        os.chdir(kata.root)
        with tempfile.TemporaryFile() as output:
            for stream in (1, 2):
                os.dup2(output.fileno(), stream)
            for _ in isolation.requests(line):
                gatherer = _Gatherer()
                code = pytest.main(arguments, plugins=[gatherer])
                output.seek(0)
                text = output.read().decode(errors="replace")[-4000:]
                isolation.answer(
                    line,
                    [int(code), gatherer.collected, gatherer.seconds, gatherer.checks, text],
                )

    child = isolation.ForkedChild(serve, limit + _START)
    try:
        code, collected, seconds, found, text = child.ask("judge")
    finally:
        child.close()
        child.notes.close()
    checks = tuple(Check(**check) for check in found)
    if not collected or len(checks) != collected or code not in (0, 1):
        raise RuntimeError(f"the run of {kata.name} was not complete (exit code {code}):\n{text}")
    return Verdict(kata.name, state_of(checks), seconds, "", checks)


def judge_source(kata: Kata, source: str | bytes, **options: Any) -> Verdict:
    """The verdict on an answer given as text."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = kata.solution_in(folder)
        path.parent.mkdir(parents=True)
        path.write_bytes(source.encode() if isinstance(source, str) else source)
        return judge(kata, folder, **options)
