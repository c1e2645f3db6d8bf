"""Prints to the person at the terminal, and asks them; uses colours only where they are seen."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import typer

from dojo.verdict.text import columns, wrapped


def say(text: str = "") -> None:
    """Print a line of what was asked for, to stdout."""
    typer.echo(text)


def say_all(lines: Iterable[str]) -> None:
    """Print lines of what was asked for, to stdout."""
    for line in lines:
        say(line)


def warn(text: str) -> None:
    """Print a line that is no part of what was asked for, to stderr; wrapped at a terminal."""
    told = f"dojo: {text}"
    if _is_terminal(sys.stderr):
        told = "\n".join(row for line in told.splitlines() for row in wrapped(line, columns()))
    typer.echo(told, err=True)


def show_passing(text: str) -> None:
    """Write a line to a terminal that the next such line replaces; elsewhere write nothing."""
    if _is_terminal(sys.stderr):
        sys.stderr.write(f"\r\x1b[K{paint(text[: columns() - 1], 'cyan')}")
        sys.stderr.flush()


def clear_passing() -> None:
    """Remove the line of ``show_passing``."""
    if _is_terminal(sys.stderr):
        with contextlib.suppress(OSError):  # it may have been closed since
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def link(text: str, path: Path) -> str:
    """The text as a link to a file, where stdout is a terminal that shows colours."""
    return f"\x1b]8;;{path.as_uri()}\x1b\\{text}\x1b]8;;\x1b\\" if _has_colours() else text


def paint(text: str, colour: str) -> str:
    """The text in a colour if stdout is a terminal that shows colours, else as it is."""
    return typer.style(text, fg=colour) if _has_colours() else text


def is_interactive() -> bool:
    """Whether a person sees what is printed and can answer: stdin and stdout are a terminal."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stdout)


def agrees(question: str) -> bool:
    """Ask the person at the terminal, and return whether they answer yes."""
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        say()
        return False
    return answer.strip().lower() in ("y", "yes")


@functools.cache
def _has_colours() -> bool:
    """Whether stdout is a terminal with colours, and NO_COLOR is not set."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and _is_terminal(sys.stdout)


def _is_terminal(stream: object) -> bool:
    """Whether a stream, which may have been closed, is a terminal."""
    is_terminal = getattr(stream, "isatty", bool)
    return bool(is_terminal())
