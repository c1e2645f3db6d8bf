"""The command line application to which each command is added, and what all commands share."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

import typer

from dojo.cli.context import Context, UsageError
from dojo.cli.terminal import agrees, is_interactive, warn

app = typer.Typer(
    help="A kata dojo for PyTorch: edit a file in katas/, save it, and be told the truth.\n\n"
    "KATA is any part of a name that no other has (k03, in_place, intro/k03), or the kata's file. "
    "Where several tracks have a k03, that of the folder or the track you are in is meant. A whole "
    "track can be named where several katas can (intro, katas/intro/). Without KATA it is "
    "the current one: the first that is neither green nor skipped.",
    epilog="Exit codes: 0 all asked for is green, 1 something is not, 2 the question is unclear.",
    rich_markup_mode=None,  # rich would take a third of the time that a command takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@contextlib.contextmanager
def in_dojo() -> Iterator[Context]:
    """Give the dojo around the working folder; at the end, print the warnings of its progress.

    Raises:
        UsageError: the working folder is in no dojo.
    """
    gc.freeze()
    gc.enable()
    dojo = Context()
    try:
        yield dojo
    finally:
        for line in dojo.progress.warnings:
            warn(line)


def agree_or_exit(question: str) -> None:
    """Ask the person at the terminal; end the command with exit code 1 unless they agree.

    Raises:
        UsageError: there is no terminal to ask at.
    """
    if not is_interactive():
        raise UsageError(f"{question} There is no terminal to ask at: say --yes.")
    if not agrees(question):
        raise typer.Exit(1)
