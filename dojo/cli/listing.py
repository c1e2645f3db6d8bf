"""Makes the lines that say how far a learner is: the list of the katas, and what is next."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from dojo.cli.terminal import paint
from dojo.course.katas import Kata, shown_path, track_title
from dojo.course.lesson import kata_title
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, STALE
from dojo.verdict.text import bar_of, colour_of

VERSION = 1
_STEM, _STATE = 26, 12  # columns


def list_lines(katas: Sequence[Kata], progress: Progress) -> Iterator[str]:
    """For each track its title, a line for each kata, and a bar."""
    current = progress.current(katas)
    room = shutil.get_terminal_size().columns - _STEM - _STATE - 4  # of 80, without a terminal
    for _, group in groupby(katas, lambda kata: kata.track):
        in_track, states = list(group), list[str]()
        yield heading(in_track[0])
        for kata in in_track:
            states.append(progress.state(kata))
            mark = ">" if kata == current else " "
            state = paint(f"{states[-1]:<{_STATE}}", colour_of(states[-1]))
            text = ("(skipped) " if progress.is_skipped(kata) else "") + kata_title(kata)
            yield f"{mark} {kata.stem:<{_STEM}} {state} {_cut(text, room)}".rstrip()
        yield bar_line(states)
        if STALE in states:
            yield "stale: green once, and edited since. Judge again: dojo check --all"


def list_json(katas: Sequence[Kata], progress: Progress) -> Iterator[dict[str, Any]]:
    """The list of the katas for ``dojo list --json``: a dictionary for each kata."""
    current = progress.current(katas)
    for kata in katas:
        yield {
            "version": VERSION,
            "kata": kata.name,
            "track": kata.track,
            "title": kata_title(kata),
            "file": shown_path(kata.stub, kata.root),
            "state": progress.state(kata),
            "is_current": kata == current,
            "is_skipped": progress.is_skipped(kata),
            "hints_opened": progress.hints_opened(kata),
            "reds": progress.reds(kata),
        }


def status_lines(katas: Sequence[Kata], progress: Progress) -> Iterator[str]:
    """A bar with the number of green katas, and what to do next."""
    yield bar_line([progress.state(kata) for kata in katas])
    yield from next_lines(katas, progress)


def next_lines(katas: Sequence[Kata], progress: Progress) -> Iterator[str]:
    """Which kata is next, where its file is, and what to type."""
    kata = progress.current(katas)
    if kata is None:
        yield "All katas are green. Well done."
        return
    yield f"next: {kata.stem} ({progress.state(kata)})"
    yield f"  {kata_title(kata)}"
    yield f"  edit {shown_path(kata.stub, kata.root)}"
    yield "  then run: dojo check     (a hint: dojo hint; for later: dojo skip)"


def bar_line(states: Sequence[str]) -> str:
    """A bar of the green katas among these states, and how many katas are in which state."""
    filled, empty, text = bar_of(states, states.count(GREEN))
    return f"[{paint(filled, colour_of(GREEN))}{empty}] {text}"


def heading(kata: Kata) -> str:
    """The line above the katas of a track."""
    return f"{kata.track}: {track_title(kata.root, kata.track)}"


def _cut(text: str, width: int) -> str:
    """The text, cut to ``width`` characters with three dots at its end."""
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."
