"""The commands that bring the course's files to a learner: init, update."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from dojo.cli.app import app, in_dojo
from dojo.cli.context import UsageError
from dojo.cli.terminal import say
from dojo.course.starting import CannotStart, start
from dojo.files.tools import typed

_Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="a new or an empty folder")]
_Tracks = Annotated[
    list[str] | None,
    typer.Option("--track", metavar="TRACK", help="only this track; may be said again"),
]
_Eject = Annotated[
    bool, typer.Option("--eject", help="copy the checks and solutions too, to change them")
]


@app.command("init")
def make_folder(folder: _Folder = ".", tracks: _Tracks = None, eject: _Eject = False) -> None:
    """Make the folder in which you work, with the katas of the installed course."""
    path = _folder_of(folder)
    try:
        new = start(path.absolute(), tracks or (), eject)
    except CannotStart as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be made or written to: {error.strerror}. What is there already stays: "
            "when that works, type the same again."
        ) from None
    if not new:
        there = f"The checks and solutions are in {path}, too." if eject else ""
        say(there or "Nothing to do: these tracks are there already.")
        return
    count = f"{len(new)} kata{'s' if len(new) > 1 else ''}"
    tracks = list(dict.fromkeys(kata.track for kata in new))
    say(f"{count} in {path / 'katas'}: {', '.join(tracks)}")
    name = f"./{path}" if str(path).startswith("-") else str(path)  # else an option of cd
    enter = "" if path.absolute() == Path.cwd() else f"cd {shlex.quote(name)} && "
    say(f"To begin: {enter}{typed('dojo', path)}")


def _folder_of(text: str) -> Path:
    """The folder that was typed.

    Raises:
        UsageError: it cannot be known, or the working folder is gone.
    """
    try:
        Path.cwd()
        return Path(text).expanduser()
    except FileNotFoundError:
        raise UsageError("the folder that you are in is gone. Go to another one: cd") from None
    except RuntimeError:  # ~ of nobody
        raise UsageError(f"{text}: nobody here has such a home folder. Name another one.") from None


@app.command("update")
def bring_new_katas() -> None:
    """After an upgrade: bring new katas and changed stubs, keep your answers, judge again."""
    from dojo.cli.update import update

    with in_dojo() as dojo:
        raise typer.Exit(update(dojo))
