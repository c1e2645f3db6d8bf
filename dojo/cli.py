"""The command ``dojo``: reads what is asked for and says what came of it.

It imports neither torch nor pytest. What only some commands need is imported there, since every
command should start in a blink.
"""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from dojo.catalog import Kata, solutions_folder
from dojo.here import Here, Unclear
from dojo.loading import shown_path
from dojo.names import short_name
from dojo.options import All, AsJson, Device, Limit, Name, Names, OnDevice, Plot, Solutions, Yes
from dojo.process import exit_code_of
from dojo.saved import Swap, reset, undo
from dojo.standing import bar_line, list_json, list_lines, next_lines, status_lines, task_of
from dojo.statement import read_statement
from dojo.terminal import agrees, is_interactive, paint, say, warn
from dojo.verdict import GREEN
from dojo.wording import prose_lines, wrapped

app = typer.Typer(
    help="A kata dojo for PyTorch: edit a file in katas/, save it, and be told the truth.\n\n"
    "KATA is any part of a name that no other has (k03, in_place, intro/k03), or the kata's file. "
    "Where several tracks have a k03, that of the track you are in is meant. Without KATA it is "
    "the current one: the first that is neither green nor skipped.",
    epilog="Exit codes: 0 all asked for is green, 1 something is not, 2 the question is unclear.",
    rich_markup_mode=None,  # rich would take a third of the time that a command takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@contextlib.contextmanager
def _dojo() -> Iterator[Here]:
    """The dojo around the working folder; whatever its state has to say is said at the end."""
    here = Here()
    try:
        yield here
    finally:
        for line in here.progress.warnings:
            warn(line)


# ---------------------------------------------------------------- verdicts


@app.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    with _dojo() as here:
        if is_interactive():
            _watch(here, here.current, here.root / "katas")
        _say_all(status_lines(here.katas, here.progress))


@app.command()
def watch(
    name: Name = "",
    as_json: AsJson = False,
    device: OnDevice = Device.ALL,
    solutions: Solutions = "katas",
    limit: Limit = None,
) -> None:
    """Judge a kata at each save, on a screen or for a program."""
    if not as_json and not is_interactive():
        raise Unclear("the screen needs a terminal. For programs: dojo watch --json")
    with _dojo() as here:
        folder = solutions_folder(solutions, here.root)
        kata = here.kata(name) if name else here.current
        _watch(here, kata, folder, device, limit, as_json)


def _watch(
    here: Here,
    kata: Kata | None,
    folder: Path,
    device: Device = Device.ALL,
    limit: float | None = None,
    as_json: bool = False,
) -> NoReturn:
    from dojo.judge import TIME_LIMIT

    first = kata or here.katas[0]
    if as_json:
        from dojo.loop import watch_json as run
    else:
        from dojo.screen import run_screen as run
    raise typer.Exit(run(here.root, first, folder, device.value, limit or TIME_LIMIT))


@app.command()
def check(
    names: Names = None,
    everything: All = False,
    as_json: AsJson = False,
    device: OnDevice = Device.ALL,
    solutions: Solutions = "katas",
    limit: Limit = None,
) -> None:
    """Judge the named katas, all, or the current one."""
    from dojo import checking
    from dojo.workers import HubDied

    with _dojo() as here:
        folder = solutions_folder(solutions, here.root)
        katas = here.chosen(names, everything)
        asked = checking.Asked(here.root, katas, folder, device.value, limit)
        try:
            states = checking.check(asked, here.progress, as_json) if katas else []
        except HubDied as error:
            warn(f"the checks cannot be collected: {error}\nTo see why: dojo doctor")
            raise typer.Exit(1) from None
        if not as_json:
            if len(states) > 1:
                say(bar_line(states))
            if asked.is_own:
                _say_all(next_lines(here.katas, here.progress))
        if asked.is_own and not asked.is_complete and GREEN in states:
            warn("green on one device alone is not recorded. On all of them: dojo check")
        raise typer.Exit(int(any(state != GREEN for state in states)))


@app.command()
def bench(
    names: Names = None,
    everything: All = False,
    as_json: AsJson = False,
    device: OnDevice = Device.ALL,
    plot: Plot = False,
    limit: Limit = None,
) -> None:
    """Time green answers beside the reference; without KATA the one that you edited last."""
    from dojo import benching

    with _dojo() as here:
        if names or everything:
            katas = here.chosen(names, everything)
        elif not (katas := benching.last_edited(here.katas, here.progress)):
            raise Unclear("no kata with a benchmark is green yet. Name a kata, or say --all.")
        asked = benching.Asked(here.root, katas, device.value, limit, as_json, plot)
        raise typer.Exit(benching.bench(asked))


# ---------------------------------------------------------------- where you are


@app.command("list")
def list_katas(as_json: AsJson = False) -> None:
    """Every kata and its state; > marks the current one."""
    with _dojo() as here:
        if as_json:
            _say_all(map(json.dumps, list_json(here.katas, here.progress)))
        else:
            _say_all(list_lines(here.katas, here.progress))


@app.command("next")
def show_next() -> None:
    """The kata to go on with: its task and its file."""
    with _dojo() as here:
        if (kata := here.current) is not None:
            _say_all([*prose_lines(task_of(kata)), ""])
        _say_all(next_lines(here.katas, here.progress))


@app.command()
def skip(name: Name = "") -> None:
    """Leave a kata for later; it stays on the list."""
    with _dojo() as here:
        kata = here.kata(name)
        if here.progress.state(kata) == GREEN:
            say(f"{kata.name} is green: there is nothing to skip.")
        else:
            here.progress.skip(kata)
            say(f"{kata.name} is left for later.")
        _say_all(next_lines(here.katas, here.progress))


# ---------------------------------------------------------------- help with a kata


@app.command()
def hint(
    name: Name = "",
    everything: Annotated[bool, typer.Option("--all", help="open the whole ladder")] = False,
) -> None:
    """Open the next hint, from a nudge to nearly the answer."""
    with _dojo() as here:
        kata = here.kata(name)
        hints = read_statement(kata.reference).hints
        before = here.progress.hints_opened(kata)
        opened = len(hints) if everything else min(before + 1, len(hints))
        for _ in range(before, opened):
            here.progress.open_hint(kata)
        say(kata.name)
        for number, text in enumerate(hints[:opened], 1):
            for line in wrapped(f"hint {number} of {len(hints)}: {text}"):
                say(f"  {line}")
        shown = short_name(kata, here.katas)
        if opened < len(hints):
            say(f"the next one: dojo hint {shown}")
        else:
            say(f"that was the last one; the solution: dojo solution {shown}")


@app.command()
def solution(name: Name = "", yes: Yes = False) -> None:
    """The reference beside yours as a diff, and why."""
    from dojo.comparison import diff_to_reference, why

    with _dojo() as here:
        kata = here.kata(name)
        if not yes and not here.progress.was_green(kata):
            _ask(f"{kata.name} has never been green. Show its solution?")
        diff = diff_to_reference(kata, kata.stub)
        colours = {"-": "red", "+": "green", "@": "cyan"}
        for line in diff or ["Your code is the reference's, word for word."]:
            say(paint(line, colours[line[0]]) if line[:1] in colours else line)
        _say_all(["", *prose_lines(why(kata))])


# ---------------------------------------------------------------- the learner's files


@app.command("reset")
def put_stubs_back(names: Names = None, everything: All = False, yes: Yes = False) -> None:
    """Put the stub back, after a dated copy of your file."""
    with _dojo() as here:
        katas = here.chosen(names, everything)
        if everything and not yes:
            _ask(f"Put the stubs of all {len(katas)} katas back? A copy of each file is kept.")
        swap = reset(*katas)
        _tell(swap, "is the stub again", "Nothing to do: already the stub.")
        if any(file.copy for file in swap.files):
            say("To bring it back: dojo undo")


@app.command("undo")
def undo_reset() -> None:
    """Bring back what the last reset or undo has replaced."""
    with _dojo() as here:
        swap = undo(here.root)
        _tell(swap, "is back as it was", "Nothing to do: all is as it was before the reset.")


def _tell(swap: Swap, done: str, nothing: str) -> None:
    for line in swap.warnings:
        warn(line)
    for kata, copy in ((file.kata, file.copy) for file in swap.files):
        kept = f"; what it replaced: {shown_path(copy, kata.root)}" if copy else ""
        say(f"{shown_path(kata.stub, kata.root)} {done}{kept}")
    if not swap.files:
        say(nothing)


# ---------------------------------------------------------------- the installation


@app.command()
def doctor() -> None:
    """Look for what is wrong here, and name its remedy."""
    from dojo.doctor import examine

    is_well = True
    for finding in examine(Here().root):
        is_well = is_well and finding.is_well
        mark = paint("ok", "green") if finding.is_well else paint("!!", "red")
        say(f"{mark}  {finding.name:<17} {finding.text}")
        if finding.remedy:
            say(f"    {finding.remedy}")  # not wrapped, so that a command in it can be copied
    raise typer.Exit(int(not is_well))


# ---------------------------------------------------------------- what commands share


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _ask(question: str) -> None:
    """Go on only if the person at the terminal agrees."""
    if not is_interactive():
        raise Unclear(f"{question} There is no terminal to ask at: say --yes.")
    if not agrees(question):
        raise typer.Exit(1)


def main() -> None:
    sys.exit(exit_code_of(functools.partial(app, prog_name="dojo")))
