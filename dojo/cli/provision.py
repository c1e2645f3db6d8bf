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
    path = Path(folder).expanduser()
    try:
        new = start(path.absolute(), tracks or (), eject)
    except CannotStart as error:
        raise UsageError(str(error)) from None
    if not new:
        say("Nothing to do: these tracks are there already.")
        return
    count = f"{len(new)} kata{'s' if len(new) > 1 else ''}"
    tracks = list(dict.fromkeys(kata.track for kata in new))
    say(f"{count} in {path / 'katas'}: {', '.join(tracks)}")
    enter = "" if path.absolute() == Path.cwd() else f"cd {shlex.quote(str(path))} && "
    say(f"To begin: {enter}{typed('dojo')}")


@app.command("update")
def bring_new_katas() -> None:
    """After an upgrade: bring new katas and changed stubs, keep your answers, judge again."""
    from dojo.cli.update import update

    with in_dojo() as dojo:
        raise typer.Exit(update(dojo))
