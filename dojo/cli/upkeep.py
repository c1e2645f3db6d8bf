"""The commands that keep files and the installation in order: reset, undo, doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import typer

from dojo.cli.app import agree_or_exit, app, in_dojo
from dojo.cli.context import Context
from dojo.cli.options import All, Names, Yes
from dojo.cli.terminal import paint, say, say_all, warn
from dojo.course.katas import Kata, shown_path
from dojo.files.tools import typed
from dojo.progress.record import Progress
from dojo.progress.reset import Reset, reset
from dojo.progress.undo import UndoPlan, carry_out, plan_undo
from dojo.verdict.model import GREEN
from dojo.verdict.text import columns, wrapped


@app.command("reset")
def put_stubs_back(names: Names = None, everything: All = False, yes: Yes = False) -> None:
    """Put the stub back, after a dated copy of your file."""
    with in_dojo() as dojo:
        katas = dojo.chosen(names, everything)
        if len(katas) > max(len(names or ()), 1) and not yes:  # all, or a track
            agree_or_exit(
                f"Put the stubs of all {len(katas)} katas back? A copy of each file is kept."
            )
        outcome = reset(*katas)
        which = f"{katas[0].name} is" if len(katas) == 1 else "all are"
        nothing = f"Nothing to do: {which} already the stub."
        _print_outcome(outcome, dict.fromkeys(katas, "is the stub again"), nothing)
        if any(file.copy for file in outcome.files):
            say(f"To bring it back: {typed('dojo undo')}")


@app.command("undo")
def undo_reset(names: Names = None, everything: All = False, yes: Yes = False) -> None:
    """Undo the last reset, or that of the named katas; again, and the one before is undone."""
    with in_dojo() as dojo:
        katas = dojo.chosen(names, everything) if names or everything else None
        plan = plan_undo(dojo.root, katas)
        lines = list(_reasons_to_ask(plan, dojo.progress))
        if lines and not yes:
            agree_or_exit("\n".join([*lines, "Put the older file back? A copy is kept."]))
        done = {each.kata: f"is back as of {each.replaced.when}" for each in plan.files}
        outcome = carry_out(plan)
        _print_outcome(outcome, done, "Nothing to do: all is as it was before the reset.")


def _reasons_to_ask(plan: UndoPlan, progress: Progress) -> Iterator[str]:
    """A line for each file that an undo should not replace without a yes."""
    for each in plan.files:
        if reason := each.reason_to_ask(progress.state(each.kata) == GREEN):
            shown = shown_path(each.kata.stub, each.kata.root)
            yield f"{shown} {reason}; the file of {each.replaced.when} would take its place."


def _print_outcome(outcome: Reset, done: Mapping[Kata, str], nothing: str) -> None:
    """Print warnings, and a line for each file that was replaced.

    Args:
        outcome: the files that were replaced, and warnings.
        done: what to say of a kata's replaced file, after its name.
        nothing: what to say if no file was replaced.
    """
    for line in outcome.warnings:
        warn(line)
    for kata, copy in ((file.kata, file.copy) for file in outcome.files):
        kept = f"; what it replaced: {shown_path(copy, kata.root)}" if copy else ""
        say(f"{shown_path(kata.stub, kata.root)} {done[kata]}{kept}")
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
        indent = len(f"ok  {'':<17} ")
        first, *rest = wrapped(finding.text, max(columns() - indent, 20))
        say(f"{mark}  {finding.name:<17} {first}")
        say_all(f"{' ' * indent}{line}" for line in rest)
        if finding.remedy:
            say(f"    {finding.remedy}")  # not wrapped, so that a command in it can be copied
    raise typer.Exit(int(not is_well))
