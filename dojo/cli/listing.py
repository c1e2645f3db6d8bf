"""Makes the lines that say how far a learner is: the list of the katas, and what is next."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from dojo.cli.terminal import paint
from dojo.course.katas import Kata, shown_path, track_and_what_it_builds_on, track_title
from dojo.course.lesson import kata_title
from dojo.files.tools import typed
from dojo.practice.schedule import Schedule
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_JUDGED, NOT_STARTED, STALE
from dojo.verdict.text import bar_of, colour_of, wrapped

VERSION = 1
_STEM, _STATE = 26, 14  # columns
_TRACK_BAR = 10  # columns of the bar of a track
_MEANINGS = {
    STALE: "green once; since then edited, or the checks or the judge have changed",
    NOT_JUDGED: "an answer on which no verdict is known here",
}


def list_lines(
    katas: Sequence[Kata], progress: Progress, opened: Iterable[Kata], schedule: Schedule
) -> Iterator[str]:
    """A line with a bar for each track, and below those that are open a line for each kata.

    What rare states mean comes then, how the rest of the tracks are opened, and what is due for
    practice.

    Args:
        katas: all of the dojo.
        progress: of the learner.
        opened: katas whose tracks are open.
        schedule: of practice.
    """
    state_of = progress.states(katas)
    current = progress.current(state_of)
    open_tracks = {kata.track for kata in opened}
    room = shutil.get_terminal_size().columns - _STEM - _STATE - 4  # of 80, without a terminal
    tracks = [list(group) for _, group in groupby(katas, lambda kata: kata.track)]
    for in_track in tracks:
        yield _track_line(in_track, [state_of[kata] for kata in in_track])
        for kata in in_track if in_track[0].track in open_tracks else []:
            mark = ">" if kata == current else " "
            state = paint(f"{state_of[kata]:<{_STATE}}", colour_of(state_of[kata]))
            text = ("(skipped) " if progress.is_skipped(kata) else "") + kata_title(kata)
            yield f"{mark} {kata.stem:<{_STEM}} {state} {_cut(text, room)}".rstrip()
    if current is not None:
        yield from _new_track_lines(state_of, progress, current)
    if len(open_tracks) < len(tracks):
        opens = f"To open a track: {typed('dojo list TRACK')}. All: {typed('dojo list --all')}"
        yield from wrapped(opens)
    for state in (state for state in _MEANINGS if state in state_of.values()):
        yield from wrapped(
            f"{state}: {_MEANINGS[state]}. To judge all: {typed('dojo check --all')}"
        )
    if due := schedule.due(katas):
        yield due_line(len(due))


def due_line(count: int) -> str:
    """How many katas are due for practice, of which there is one at least, and what to type."""
    which = "1 kata is" if count == 1 else f"{count} katas are"
    return f"{which} due for practice: {typed('dojo practice')}"


def words_of_day(day: date, today: date) -> str:
    """When a day to come is, such as "in 3 days, on 2026-01-31"."""
    days = (day - today).days
    return f"tomorrow, on {day}" if days == 1 else f"in {days} days, on {day}"


def list_json(
    katas: Sequence[Kata], progress: Progress, schedule: Schedule
) -> Iterator[dict[str, Any]]:
    """The list of the katas for ``dojo list --json``: a dictionary for each kata."""
    state_of = progress.states(katas)
    days = schedule.due_dates(katas)
    current = progress.current(state_of)
    for kata in katas:
        yield {
            "version": VERSION,
            "kata": kata.name,
            "track": kata.track,
            "title": kata_title(kata),
            "file": shown_path(kata.stub, kata.root),
            "state": state_of[kata],
            "is_current": kata == current,
            "is_skipped": progress.is_skipped(kata),
            "hints_opened": progress.hints_opened(kata),
            "reds": progress.reds(kata),
            "practice": days[kata].isoformat() if kata in days else None,
            "is_due": kata in days and days[kata] <= schedule.today,
        }


def status_lines(katas: Sequence[Kata], progress: Progress) -> Iterator[str]:
    """A bar with the number of green katas, and what to do next."""
    state_of = progress.states(katas)
    yield bar_line(list(state_of.values()))
    yield from next_lines(state_of, progress)


def next_lines(katas: Iterable[Kata], progress: Progress) -> Iterator[str]:
    """Which kata is next, where its file is, and what to type."""
    kata = progress.current(katas)
    if kata is None:
        yield "All katas are green. Well done."
        return
    yield from _new_track_lines(katas, progress, kata)
    yield f"next: {kata.stem} ({progress.state(kata)})"
    yield from (f"  {line}" for line in wrapped(kata_title(kata)))
    yield f"  edit {shown_path(kata.stub, kata.root)}"
    others = [("a hint", "dojo hint"), ("for later", "dojo skip")]
    if progress.state(kata) in _MEANINGS:
        others = [("all that was written", "dojo check --all")]
    yield from _commands("dojo check", others)


def _new_track_lines(katas: Iterable[Kata], progress: Progress, kata: Kata) -> Iterator[str]:
    """Where a kata begins a track, and the one before it is all green: that, and what it builds on.

    No more states are read than those of these two tracks.

    Args:
        katas: all of the course; their states too, where they are known already.
        progress: of the learner.
        kata: the current one.
    """
    known = katas if isinstance(katas, Mapping) else {}

    def is_green(other: Kata) -> bool:
        return (known.get(other) or progress.state(other)) == GREEN

    tracks = {name: list(group) for name, group in groupby(katas, lambda other: other.track)}
    names = list(tracks)
    place = names.index(kata.track)
    if place == 0 or any(map(is_green, tracks[kata.track])):
        return
    before = names[place - 1]
    if all(map(is_green, tracks[before])):
        then = track_and_what_it_builds_on(kata.root, kata.track)
        yield from wrapped(f"{before} is all green. Next comes {then}.")


def _commands(first: str, others: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What to type next and what else there is: in one line if that fits, else each in its own."""
    told = "; ".join(f"{what}: {typed(command)}" for what, command in others)
    line = f"  then run: {typed(first)}     ({told})"
    if len(line) <= shutil.get_terminal_size().columns:
        yield line
        return
    yield f"  then run: {typed(first)}"
    yield from (f"  {what}: {typed(command)}" for what, command in others)


def bar_line(states: Sequence[str]) -> str:
    """A bar of the green katas among these states, and how many katas are in which state."""
    filled, empty, text = bar_of(states, states.count(GREEN))
    return f"[{paint(filled, colour_of(GREEN))}{empty}] {text}"


def _track_line(katas: Sequence[Kata], states: Sequence[str]) -> str:
    """A track's name, a bar, how many of its katas are green, and its title."""
    green = states.count(GREEN)
    filled = "#" * (_TRACK_BAR * green // len(states))
    bar = f"[{paint(filled, colour_of(GREEN))}{'.' * (_TRACK_BAR - len(filled))}]"
    counts = Counter(states)
    rare = [f"{n} {state}" for state, n in counts.items() if state not in (GREEN, NOT_STARTED)]
    text = track_title(katas[0].root, katas[0].track)
    text = f"{text} ({', '.join(rare)})" if rare else text
    start = f"{katas[0].track:<10} "
    end = f" {green:>2} of {len(states)}"
    room = shutil.get_terminal_size().columns - len(start) - _TRACK_BAR - len("[] ") - 10
    return f"{start}{bar}{end:<10} {_cut(text, room)}".rstrip()


def heading(kata: Kata) -> str:
    """The line above the katas of a track."""
    return f"{kata.track}: {track_title(kata.root, kata.track)}"


def _cut(text: str, width: int) -> str:
    """The text, cut to ``width`` characters with three dots at its end."""
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."
