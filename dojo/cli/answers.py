"""The commands that judge and time answers: the screen, watch, check, bench."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NoReturn

import typer

from dojo.cli.app import app, in_dojo
from dojo.cli.context import Context, UsageError
from dojo.cli.listing import bar_line, next_lines, status_lines
from dojo.cli.options import (
    All,
    AsGnu,
    AsJson,
    Device,
    Form,
    Limit,
    Name,
    Names,
    NotebookFile,
    OnDevice,
    Plot,
    Solutions,
    Version,
    form_of,
)
from dojo.cli.terminal import is_interactive, say, say_all, warn
from dojo.course.katas import Kata
from dojo.files.tools import typed
from dojo.verdict.model import GREEN


@app.callback(invoke_without_command=True)
def start(context: typer.Context, _version: Version = False) -> None:
    """Run ``dojo`` without a command: open the screen; without a terminal, print the progress."""
    if context.invoked_subcommand is not None:
        return
    with in_dojo() as dojo:
        if is_interactive():
            _watch(dojo, dojo.current, dojo.root / "katas")
        say_all(status_lines(dojo.katas, dojo.progress))


@app.command()
def watch(
    name: Name = "",
    as_json: AsJson = False,
    as_gnu: AsGnu = False,
    device: OnDevice = Device.ALL,
    solutions: Solutions = "katas",
    limit: Limit = None,
) -> None:
    """Judge a kata at each save, on a screen or for a program."""
    form = form_of(as_json, as_gnu)
    if form is Form.TEXT and not is_interactive():
        command = typed("dojo watch --json")
        raise UsageError(f"the screen needs a terminal. For programs: {command}")
    with in_dojo() as dojo:
        katas, folder = dojo.answers([name] if name else [], False, solutions)
        kata = dojo.progress.current(katas) or next(iter(katas), None)
        _watch(dojo, kata, folder, device, limit, form)


def _watch(
    dojo: Context,
    kata: Kata | None,
    folder: Path,
    device: Device = Device.ALL,
    limit: float | None = None,
    form: Form = Form.TEXT,
) -> NoReturn:
    """Run the screen or, in another form than text, print events; then exit with its code."""
    from dojo.workers.limits import TIME_LIMIT

    first = kata or dojo.katas[0]
    if form is Form.JSON:
        from dojo.cli.watch_lines import watch_json as run
    elif form is Form.GNU:
        from dojo.cli.watch_lines import watch_gnu as run
    else:
        from dojo.tui.app import run_screen as run
    raise typer.Exit(run(dojo.root, first, folder, device.value, limit or TIME_LIMIT))


@app.command()
def check(
    names: Names = None,
    everything: All = False,
    as_json: AsJson = False,
    as_gnu: AsGnu = False,
    device: OnDevice = Device.ALL,
    solutions: Solutions = "katas",
    notebook: NotebookFile = "",
    limit: Limit = None,
) -> None:
    """Judge the named katas, all, or the current one."""
    from dojo.cli import check as checking
    from dojo.cli.notebook import opened_answers
    from dojo.workers.fork_client import ForkServerDied

    form = form_of(as_json, as_gnu)
    with in_dojo() as dojo, contextlib.ExitStack() as stack:
        if notebook:
            if solutions != "katas":
                raise UsageError("say --notebook or --solutions, but not both.")
            taken = stack.enter_context(opened_answers(dojo, notebook, names, everything))
            request = checking.CheckRequest(
                dojo.root, taken.katas, taken.folder, device.value, limit, taken
            )
        else:
            katas, folder = dojo.answers(names, everything, solutions)
            request = checking.CheckRequest(dojo.root, katas, folder, device.value, limit)
        try:
            states = checking.check(request, dojo.progress, form) if request.katas else []
        except ForkServerDied as error:
            warn(f"the checks cannot be collected: {error}\nTo see why: {typed('dojo doctor')}")
            raise typer.Exit(1) from None
        if form is Form.TEXT:
            if len(states) > 1:
                say(bar_line(states))
            if request.is_own:
                say_all(next_lines(dojo.katas, dojo.progress))
        if request.is_own and not request.is_complete and GREEN in states:
            command = typed("dojo check")
            warn(f"green on one device alone is not recorded. On all of them: {command}")
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
    from dojo.cli import bench as timing

    with in_dojo() as dojo:
        if names or everything:
            katas = dojo.chosen(names, everything)
        elif not (katas := timing.last_edited(dojo.katas, dojo.progress)):
            names_of_all = timing.with_benchmark(dojo.katas)
            raise UsageError(
                f"no kata with a benchmark is green yet. These have one: {names_of_all}."
            )
        request = timing.BenchRequest(dojo.root, katas, device.value, limit, as_json, plot)
        raise typer.Exit(timing.bench(request))
