"""Judges the file of a kata that is run with Python, as an editor's run button does."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from dojo.cli.app import in_dojo
from dojo.cli.check import CheckRequest, verdict_of
from dojo.cli.context import Context, UsageError
from dojo.cli.exit_codes import exit_code_of
from dojo.cli.listing import next_lines
from dojo.cli.terminal import paint, say, say_all
from dojo.course.katas import Kata, shown_path
from dojo.course.lookup import short_name
from dojo.course.trees import find_root
from dojo.files.tools import typed
from dojo.verdict.model import GREEN, NOT_STARTED, Verdict
from dojo.verdict.text import colour_of, counts_of, headline_of, place_of, wrapped
from dojo.workers.fork_client import ForkServerDied
from dojo.workers.pool import WorkerPool


def run_file(file: str) -> None:
    """Judge a file, print its verdict in a line, and where to read more; then end the process.

    The process goes on if the answer is green.
    """
    path = Path(file).absolute()
    with _in_dojo_of(path):
        code = exit_code_of(functools.partial(_judge, path))
    if code:
        sys.exit(code)


@contextlib.contextmanager
def _in_dojo_of(path: Path) -> Iterator[None]:
    """Work in the dojo that holds the file, if one does and the working folder is outside of it."""
    root, here = find_root(path.parent), Path.cwd()
    if root in (None, find_root(here)):
        yield
        return
    os.chdir(root)
    say(f"in {root}:")  # so that the paths and the commands that follow are right
    try:
        yield
    finally:
        os.chdir(here)


def _judge(path: Path) -> None:
    """Judge a file of the dojo around the working folder, and print the verdict.

    Raises:
        SystemExit: the answer is not green, or there is no verdict.
    """
    with in_dojo() as dojo:
        katas, folder = dojo.answers([str(path)], False, "katas")
        request = CheckRequest(dojo.root, katas, folder)
        kata = katas[0]
        try:
            with contextlib.closing(WorkerPool(dojo.root)) as pool:
                verdict = verdict_of(pool, kata, request)
        except ForkServerDied as error:
            raise UsageError(f"the checks cannot be collected: {error}") from None
        if verdict is None:
            sys.exit(1)
        if request.is_own:
            dojo.progress.record(verdict)
        _print(dojo, kata, verdict, request)
    if verdict.state != GREEN:
        sys.exit(1)


def _print(dojo: Context, kata: Kata, verdict: Verdict, request: CheckRequest) -> None:
    state = paint(verdict.state, colour_of(verdict.state))
    say(f"{kata.stem}: {state}, {counts_of(verdict)}")
    if verdict.state == GREEN:
        if request.is_own:
            say_all(next_lines(dojo.katas, dojo.progress))
        return
    shown = shown_path(kata.solution_in(request.solutions), dojo.root)
    if verdict.state != NOT_STARTED:
        say_all(f"  {line}" for line in (place_of(verdict, shown), *wrapped(headline_of(verdict))))
    name = short_name(kata, dojo.katas) if request.is_own else shown
    say(f"  to read more: {typed(f'dojo check {name}')}")
