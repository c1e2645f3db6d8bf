"""``dojo update``: brings a newer course to the learner's folder, and says what was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dojo.cli import check as checking
from dojo.cli.context import Context, UsageError
from dojo.cli.listing import bar_line
from dojo.cli.terminal import say, say_all, warn
from dojo.course.katas import Kata, find_katas, shown_path
from dojo.course.starting import new_tracks, refresh, start
from dojo.course.stubs import kept_katas
from dojo.files.atomic import read_file, write_dated
from dojo.files.tools import typed
from dojo.progress.update import DIFFERS, MERGED, NEW, REPLACED, Update, carry_out, plan_update
from dojo.verdict.model import GREEN, STALE


def update(dojo: Context) -> int:
    """Bring new katas and changed stubs, print a table of that, and judge stale answers again.

    Returns:
        the exit code: 1 if an answer that was green is green no more.

    Raises:
        UsageError, CannotReplace: a file cannot be written.
    """
    _bring_files(dojo.root)
    katas = find_katas(dojo.root)
    updates = plan_update(katas)
    done = carry_out(katas, updates)
    for line in done.warnings:
        warn(line)
    gone = [kata for kata in kept_katas(dojo.root) if kata not in katas and kata.stub.exists()]
    say_all(_table(updates, {file.kata: file.copy for file in done.files}, dojo.root))
    say_all(
        f"{shown_path(kata.stub, dojo.root)} is in the course no more, and stays." for kata in gone
    )
    if not updates:
        say(f"All {len(katas)} files in katas/ are up to date.")
    if any(file.copy for file in done.files):
        say(f"To bring the replaced files back: {typed('dojo undo')}")
    return _judge_again(dojo, katas)


def _judge_again(dojo: Context, katas: Sequence[Kata]) -> int:
    """Judge the answers that were green before, and return the exit code."""
    progress = dojo.progress
    stale = [kata for kata in katas if progress.was_green(kata) and progress.state(kata) == STALE]
    if not stale:
        return 0
    say(f"\n{len(stale)} that were green are judged again:")
    states = checking.check(checking.CheckRequest(dojo.root, stale, dojo.root / "katas"), progress)
    say(bar_line(states))
    return int(any(state != GREEN for state in states))


def _bring_files(root: Path) -> None:
    """Bring new tracks, READMEs, and the files of an ejected course, after dated copies."""

    def save(file: Path) -> None:
        folder = root / ".dojo" / "saved" / "course" / file.relative_to(root).with_suffix("")
        copy = write_dated(folder, read_file(file), file.suffix)
        say(f"{shown_path(file, root)} is newer; what it replaced: {shown_path(copy, root)}")

    try:
        if tracks := new_tracks(root):
            start(root, tracks)
        refresh(root, save)
    except OSError as error:
        where = error.filename or root  # without a name where the disk is full
        raise UsageError(f"{where} cannot be written: {error.strerror}.") from None


_KINDS = {
    NEW: "is new",
    REPLACED: "is the new stub",
    MERGED: "has the new docstring, and your answer",
    DIFFERS: "stays as it is, and its task has changed:",
}


def _table(
    updates: Sequence[Update], copies: Mapping[Kata, Path | None], root: Path
) -> Iterator[str]:
    """A line for each file that an update has to do with, and the changes to make by hand."""
    for update in updates:
        copy = copies.get(update.kata)
        kept = f"; what it replaced: {shown_path(copy, root)}" if copy else ""
        yield f"{shown_path(update.kata.stub, root)} {_KINDS[update.kind]}{kept}"
        yield from (f"    {line}" for line in update.diff)
