"""The commands that keep files and the installation in order: reset, undo, doctor."""

from __future__ import annotations

import typer

from dojo.cli.app import agree_or_exit, app, in_dojo
from dojo.cli.context import Context
from dojo.cli.options import All, Names, Yes
from dojo.cli.terminal import paint, say, warn
from dojo.course.katas import shown_path
from dojo.progress.reset import Reset, reset, undo


@app.command("reset")
def put_stubs_back(names: Names = None, everything: All = False, yes: Yes = False) -> None:
    """Put the stub back, after a dated copy of your file."""
    with in_dojo() as dojo:
        katas = dojo.chosen(names, everything)
        if everything and not yes:
            agree_or_exit(
                f"Put the stubs of all {len(katas)} katas back? A copy of each file is kept."
            )
        outcome = reset(*katas)
        _print_reset(outcome, "is the stub again", "Nothing to do: already the stub.")
        if any(file.copy for file in outcome.files):
            say("To bring it back: dojo undo")


@app.command("undo")
def undo_reset() -> None:
    """Bring back what the last reset or undo has replaced."""
    with in_dojo() as dojo:
        outcome = undo(dojo.root)
        _print_reset(
            outcome, "is back as it was", "Nothing to do: all is as it was before the reset."
        )


def _print_reset(outcome: Reset, done: str, nothing: str) -> None:
    """Print warnings, and a line for each file that was replaced.

    Args:
        outcome: the files that were replaced, and warnings.
        done: what to say of a replaced file, after its name.
        nothing: what to say if no file was replaced.
    """
    for line in outcome.warnings:
        warn(line)
    for kata, copy in ((file.kata, file.copy) for file in outcome.files):
        kept = f"; what it replaced: {shown_path(copy, kata.root)}" if copy else ""
        say(f"{shown_path(kata.stub, kata.root)} {done}{kept}")
    if not outcome.files:
        say(nothing)


@app.command()
def doctor() -> None:
    """Look for what is wrong here, and name its remedy."""
    from dojo.cli.doctor import examine

    is_well = True
    for finding in examine(Context().root):
        is_well = is_well and finding.is_well
        mark = paint("ok", "green") if finding.is_well else paint("!!", "red")
        say(f"{mark}  {finding.name:<17} {finding.text}")
        if finding.remedy:
            say(f"    {finding.remedy}")  # not wrapped, so that a command in it can be copied
    raise typer.Exit(int(not is_well))
