"""The command ``dojo``: lists katas and opens hints. It imports neither torch nor pytest."""

from __future__ import annotations

import difflib
from pathlib import Path

import typer

from dojo.catalog import Kata, find_katas, find_root, track_title
from dojo.statement import read_statement

app = typer.Typer(help="A kata dojo for PyTorch. Verdicts come from: pytest", no_args_is_help=True)


def main() -> None:
    app()


@app.command("list")
def list_katas() -> None:
    """Every kata with its title, by track."""
    track = ""
    for kata in find_katas(_root()):
        if kata.track != track:
            track = kata.track
            typer.echo(f"{track}: {track_title(kata.root, track)}")
        typer.echo(f"  {kata.stem:<26} {read_statement(kata.reference).title}")


@app.command()
def hint(
    kata: str = typer.Argument(help="any part of a kata's name, such as k03"),
    number: int = typer.Option(1, min=1, help="which hint of the ladder"),
) -> None:
    """A hint, from a nudge (1) to nearly the answer."""
    found = _find(kata)
    hints = read_statement(found.reference).hints
    if number > len(hints):
        raise typer.BadParameter(f"{found.name} has {len(hints)} hints")
    typer.echo(f"{found.name}, hint {number} of {len(hints)}: {hints[number - 1]}")
    if number < len(hints):
        typer.echo(f"the next one: dojo hint {kata} --number {number + 1}")


def _root() -> Path:
    root = find_root(Path.cwd())
    if root is None:
        raise typer.BadParameter("no dojo here: run this in a clone of torch-dojo")
    return root


def _find(part: str) -> Kata:
    """The only kata whose name has this part."""
    katas = find_katas(_root())
    found = [kata for kata in katas if part in kata.name]
    if len(found) == 1:
        return found[0]
    names = [kata.name for kata in katas]
    near = [kata.name for kata in found] or difflib.get_close_matches(part, names, 3, 0.2)
    problem = "names several katas" if found else "names no kata"
    raise typer.BadParameter(f"{part!r} {problem}; did you mean {', '.join(near)}?")
