"""The arguments and options that the commands share, and how a shell completes them."""

from __future__ import annotations

import contextlib
import platform
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

import dojo
from dojo.cli.terminal import say
from dojo.course.katas import find_katas
from dojo.course.lookup import completions
from dojo.course.trees import find_root
from dojo.workers.limits import LONGEST_TIME_LIMIT, TIME_LIMIT


class Form(Enum):
    """The form in which a command prints what it found."""

    TEXT = "for a person"
    JSON = "lines of JSON"
    GNU = "path:line: error: text, as compilers print it"


def form_of(as_json: bool, as_gnu: bool) -> Form:
    """The form that the options ask for.

    Raises:
        typer.BadParameter: they ask for two.
    """
    if as_json and as_gnu:
        raise typer.BadParameter("say --json or --gnu, but not both")
    return Form.JSON if as_json else Form.GNU if as_gnu else Form.TEXT


class Device(str, Enum):
    """Where the checks run."""

    CPU = "cpu"
    CUDA = "cuda"
    ALL = "all"


def complete(incomplete: str) -> list[str]:
    """The names of katas that begin like this; empty, without an error, outside a dojo."""
    with contextlib.suppress(OSError):
        root = find_root(Path.cwd())
        return completions(incomplete, find_katas(root)) if root else []
    return []


def _checked_seconds(value: float | None) -> float | None:
    """The time limit as it was typed.

    Raises:
        typer.BadParameter: it is no number of seconds between 0 and a day.
    """
    if value is not None and not 0 < value <= LONGEST_TIME_LIMIT:
        raise typer.BadParameter(f"a number of seconds above 0, at most {LONGEST_TIME_LIMIT:g}")
    return value


def _print_version(is_wanted: bool) -> None:
    """Print the version of the dojo and of Python, and end the command."""
    if is_wanted:
        say(f"torch-dojo {dojo.__version__}, Python {platform.python_version()}")
        raise typer.Exit


_KATA = {
    "metavar": "KATA",
    "help": "any part of its name",
    "show_default": False,
    "autocompletion": complete,
}
Name = Annotated[str, typer.Argument(**_KATA)]
Names = Annotated[list[str] | None, typer.Argument(**_KATA)]
All = Annotated[bool, typer.Option("--all", help="all katas")]
AsJson = Annotated[bool, typer.Option("--json", help="lines of JSON, for programs")]
AsGnu = Annotated[bool, typer.Option("--gnu", help="path:line: error: text, for editors")]
Plot = Annotated[bool, typer.Option("--plot", help="make a page with charts as well")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]
OnDevice = Annotated[Device, typer.Option("--device", help="cuda is simulated where there is none")]
Solutions = Annotated[
    str, typer.Option("--solutions", metavar="katas|reference|DIR", help="whose answers")
]
NotebookFile = Annotated[
    str, typer.Option("--notebook", metavar="FILE", help="the answers in an .ipynb or a script")
]
Version = Annotated[
    bool,
    typer.Option(
        "--version", is_eager=True, callback=_print_version, help="print the version and exit"
    ),
]
Limit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        metavar="SECONDS",
        help=f"time that one kata may take  [default: {TIME_LIMIT:g}]",
        callback=_checked_seconds,
    ),
]
