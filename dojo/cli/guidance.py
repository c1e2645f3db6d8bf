"""The commands that guide a learner: list, next, skip, hint, solution."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dojo.cli.app import agree_or_exit, app, in_dojo
from dojo.cli.listing import list_json, list_lines, next_lines
from dojo.cli.options import All, AsJson, Name, Names, Yes
from dojo.cli.terminal import paint, say, say_all, warn
from dojo.course.katas import Kata
from dojo.course.lesson import task_of
from dojo.course.lookup import short_name
from dojo.course.reference import read_reference
from dojo.files.tools import typed
from dojo.practice.schedule import Schedule
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN
from dojo.verdict.text import prose_lines, wrapped


@app.command("list")
def list_katas(names: Names = None, is_all: All = False, as_json: AsJson = False) -> None:
    """How far each track is, and the katas of the current one, or of those named; > marks it."""
    with in_dojo() as dojo:
        schedule = Schedule(dojo.progress, warn)
        if as_json:
            say_all(map(json.dumps, list_json(dojo.katas, dojo.progress, schedule)))
        else:
            opened = dojo.chosen(names, is_all)
            say_all(list_lines(dojo.katas, dojo.progress, opened, schedule))


@app.command("next")
def show_next() -> None:
    """The kata to go on with: its task and its file."""
    with in_dojo() as dojo:
        if (kata := dojo.current) is not None:
            say_all([*prose_lines(task_of(kata)), ""])
        say_all(next_lines(dojo.katas, dojo.progress))


@app.command()
def skip(name: Name = "") -> None:
    """Leave a kata for later, or take that back; it stays on the list."""
    with in_dojo() as dojo:
        kata = dojo.kata(name)
        if dojo.progress.state(kata) == GREEN:
            say(f"{kata.name} is green: there is nothing to skip.")
        elif dojo.progress.is_skipped(kata):
            dojo.progress.take_skip_back(kata)
            say(f"{kata.name} was left for later; that is taken back.")
        else:
            dojo.progress.skip(kata)
            again = typed(f"dojo skip {short_name(kata, dojo.katas)}")
            say(f"{kata.name} is left for later. To take that back: {again}")
        say_all(next_lines(dojo.katas, dojo.progress))


@app.command()
def hint(
    name: Name = "",
    everything: Annotated[bool, typer.Option("--all", help="open the whole ladder")] = False,
) -> None:
    """Open the next hint, from a nudge to nearly the answer."""
    with in_dojo() as dojo:
        kata = dojo.kata(name)
        has_more = open_hints(dojo.progress, kata, everything)
        shown = short_name(kata, dojo.katas)
        if has_more:
            say(f"the next one: {typed(f'dojo hint {shown}')}")
        else:
            say(f"that was the last one; the solution: {typed(f'dojo solution {shown}')}")


def open_hints(progress: Progress, kata: Kata, everything: bool) -> bool:
    """Open the next hint of a kata, or all; print those that are open.

    Returns:
        Whether there are more.
    """
    hints = read_reference(kata).hints
    before = progress.hints_opened(kata)
    opened = len(hints) if everything else min(before + 1, len(hints))
    for _ in range(before, opened):
        progress.open_hint(kata)
    say(kata.name)
    for number, text in enumerate(hints[:opened], 1):
        print_hint(number, len(hints), text)
    return opened < len(hints)


def print_hint(number: int, count: int, text: str) -> None:
    """Print one hint of so many."""
    for line in wrapped(f"hint {number} of {count}: {text}"):
        say(f"  {line}")


@app.command()
def solution(name: Name = "", yes: Yes = False) -> None:
    """The reference beside yours as a diff, and why."""
    with in_dojo() as dojo:
        kata = dojo.kata(name)
        if not yes and not dojo.progress.was_green(kata):
            agree_or_exit(f"{kata.name} has never been green. Show its solution?")
        print_solution(kata, kata.stub)


def print_solution(kata: Kata, answer: Path) -> None:
    """Print the difference from an answer to the reference, and why the reference works."""
    from dojo.course.reference_diff import diff_to_reference, why

    diff = diff_to_reference(kata, answer)
    colours = {"-": "red", "+": "green", "@": "cyan"}
    for line in diff or ["Your code is the reference's, word for word."]:
        say(paint(line, colours[line[0]]) if line[:1] in colours else line)
    say_all(["", *prose_lines(why(kata))])
