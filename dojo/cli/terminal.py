"""Prints to a person and asks them; colours only on a terminal that has them."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable

import typer


def say(text: str = "") -> None:
    """Print a line of what was asked for."""
    typer.echo(text)


def say_all(lines: Iterable[str]) -> None:
    """Print lines of what was asked for."""
    for line in lines:
        say(line)


def warn(text: str) -> None:
    """Print a line that is no part of what was asked for."""
    typer.echo(f"dojo: {text}", err=True)


def paint(text: str, colour: str) -> str:
    """The text in a colour, where that can be seen."""
    return typer.style(text, fg=colour) if _has_colours() else text


def is_interactive() -> bool:
    """Whether there is a person who sees what is printed and can answer."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stdout)


def agrees(question: str) -> bool:
    """Whether the person answers yes; anything else is a no."""
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        say()
        return False
    return answer.strip().lower() in ("y", "yes")


@functools.cache
def _has_colours() -> bool:
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and _is_terminal(sys.stdout)


def _is_terminal(stream: object) -> bool:
    """Whether a stream, which may have been closed, is a terminal."""
    is_terminal = getattr(stream, "isatty", bool)
    return bool(is_terminal())
