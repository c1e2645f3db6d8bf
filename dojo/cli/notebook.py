"""``dojo notebook`` writes the notebook of a track; ``dojo check --notebook`` reads answers."""

from __future__ import annotations

import contextlib
import re
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from dojo.cli.app import app, in_dojo
from dojo.cli.context import Context, UsageError
from dojo.cli.terminal import say, warn
from dojo.course.katas import Kata
from dojo.course.lookup import UnclearName, find_kata, katas_of_track
from dojo.files.tools import typed
from dojo.notebook.relocation import NotebookAnswers

_OWN_MAGIC = re.compile(r": %(load_ext dojo|dojo|kata|hint|solution)\b")  # goes without saying
_SHOWN = 3  # lines that are named of those that are left out

Track = Annotated[str, typer.Argument(metavar="TRACK", show_default=False, help="a track's name")]
Output = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="the new file  [default: TRACK.ipynb]")
]


@app.command("notebook")
def write_track(track: Track = "", output: Output = "") -> None:
    """Write a track as a notebook: each statement, and a cell that judges your answer."""
    from dojo.notebook.read import NoNbformat
    from dojo.notebook.stub_cells import stub_of
    from dojo.notebook.write import notebook_of, write_notebook

    with in_dojo() as dojo:
        katas = _track(dojo, track)
        path = Path(output or f"{katas[0].track}.ipynb")
        if path.suffix != ".ipynb":
            raise UsageError(f"{path} does not end in .ipynb, so that no program would open it.")
        try:
            made = notebook_of(katas[0].track, {k: stub_of(k) for k in katas}, dojo.katas)
            write_notebook(made, path)
        except NoNbformat as error:
            raise UsageError(str(error)) from None
        except FileExistsError:
            raise UsageError(
                f"{path} is there already, and stays as it is. To write another: --output FILE"
            ) from None
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
        say(f"{path}: {len(katas)} katas. To open it: jupyter lab {shlex.quote(str(path))}")


def _track(dojo: Context, name: str) -> list[Kata]:
    """The katas of a track; of the current one without a name.

    Raises:
        UsageError: there is no such track.
    """
    if not name:
        name = (dojo.current or dojo.katas[0]).track
    if katas := katas_of_track(name, dojo.katas):
        return katas
    tracks = ", ".join(dict.fromkeys(kata.track for kata in dojo.katas))
    raise UsageError(f"there is no track {name!r}. The tracks are: {tracks}.")


@contextlib.contextmanager
def opened_answers(
    dojo: Context, file: str, names: Sequence[str] | None, everything: bool
) -> Iterator[NotebookAnswers]:
    """Take the answers out of a notebook, and give them in a folder that is removed at the end.

    Raises:
        UnclearName: a ``%%kata`` cell or a name on the command line means no kata, or several.
        UsageError: the file cannot be read, or holds no answer.
    """
    from dojo.notebook.answers import UnusableCell, find_answers
    from dojo.notebook.read import UnreadNotebook, read_cells

    wanted = dojo.chosen(names, everything) if names or everything else []
    try:
        cells = read_cells(Path(file), file)
        tracks = list(dict.fromkeys(kata.track for kata in wanted))
        kata_of = partial(_kata_of_cell, dojo, tracks)
        found = find_answers(cells, dojo.katas, wanted, kata_of)
    except (UnreadNotebook, UnusableCell) as error:
        raise UsageError(str(error)) from None
    left_out = [line for cell in cells for line in cell.shown_left_out]
    magics = _left_out("magics and shell lines", left_out)
    for note in (*magics, *_left_out("cells that are no Python", found.unread), *found.notes):
        warn(note)
    if not found.by_kata and not wanted:
        raise UsageError(
            f"{file} has no %%kata cell, and no function with a name that a kata asks for. "
            f"To write a notebook that has them: {typed('dojo notebook TRACK')}"
        )
    with tempfile.TemporaryDirectory(prefix="dojo-") as folder:
        yield NotebookAnswers(file, found, wanted, Path(folder))


def _kata_of_cell(dojo: Context, tracks: Sequence[str], name: str) -> Kata:
    """The kata that a ``%%kata`` cell names, where it may be of several tracks in one of these.

    Raises:
        UnclearName: the name means no kata, or several.
    """
    try:
        return find_kata(name, dojo.katas, tracks)
    except UnclearName:
        with _as_unclear():
            return dojo.kata(name)


@contextlib.contextmanager
def _as_unclear() -> Iterator[None]:
    """Turn ``UsageError`` into ``UnclearName``, to which the place of the cell is added."""
    try:
        yield
    except UsageError as error:
        raise UnclearName(str(error)) from None


def _left_out(what: str, lines: Sequence[str]) -> Iterator[str]:
    """A line that names what was left out of a notebook, if anything was but the dojo's magics."""
    others = [line for line in lines if not _OWN_MAGIC.search(line)]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        yield f"{what} are left out: {'; '.join(others[:_SHOWN])}{more}"
