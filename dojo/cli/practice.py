"""The command that practises katas which were green before: practice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from dojo.cli.app import app, in_dojo
from dojo.cli.context import Context, UsageError
from dojo.cli.listing import words_of_day
from dojo.cli.options import Name
from dojo.cli.terminal import is_interactive, say_all, warn
from dojo.course.katas import Kata
from dojo.course.lookup import UnclearName, katas_of_track, short_name
from dojo.files.tools import typed
from dojo.practice.schedule import Schedule
from dojo.verdict.text import wrapped

_LONGEST = 24 * 60  # minutes of a session


def _checked_minutes(value: float | None) -> float | None:
    """The minutes as they were typed.

    Raises:
        typer.BadParameter: they are no number between 0 and a day.
    """
    if value is not None and not 0 < value <= _LONGEST:
        raise typer.BadParameter(f"a number of minutes above 0, at most {_LONGEST}")
    return value


@app.command()
def practice(
    name: Name = "",
    track: Annotated[
        str, typer.Option("--track", metavar="TRACK", help="only katas of this track")
    ] = "",
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            metavar="MINUTES",
            help="one kata after another, until the time is over",
            callback=_checked_minutes,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Solve a kata again that was green and is due; your own answer stays as it is."""
    with in_dojo() as dojo:
        schedule = Schedule(dojo.progress, warn)
        if name:
            if track or minutes is not None:
                raise UsageError("a kata is practised alone: leave out --track and --minutes.")
            katas = [_named(dojo, name, schedule)]
        else:
            of = _of_track(track, dojo.katas) if track else dojo.katas
            katas = schedule.due(of)
            if not katas:
                say_all(_nothing_due(schedule, of, track))
                return
        if not is_interactive():
            which = ", ".join(short_name(kata, dojo.katas) for kata in katas[:3])
            more = f" and {len(katas) - 3} more" if len(katas) > 3 else ""
            raise UsageError(
                f"practice needs a terminal, for its clock and its keys. Due: {which}{more}"
                if not name
                else "practice needs a terminal, for its clock and its keys."
            )
        from dojo.cli.practice_run import run  # the loop, for those who practise

        raise typer.Exit(run(dojo, schedule, katas, minutes))


def _named(dojo: Context, name: str, schedule: Schedule) -> Kata:
    """The kata of a name.

    Raises:
        UsageError: it was never green.
    """
    kata = dojo.kata(name)
    if not schedule.due_dates([kata]):
        command = typed(f"dojo watch {short_name(kata, dojo.katas)}")
        raise UsageError(
            f"{kata.name} has not been green yet, and practice is for what was. To do it: {command}"
        )
    return kata


def _of_track(track: str, katas: Sequence[Kata]) -> list[Kata]:
    """The katas of a track.

    Raises:
        UnclearName: there is no such track.
    """
    found = katas_of_track(track, katas)
    if not found:
        tracks = ", ".join(dict.fromkeys(kata.track for kata in katas))
        raise UnclearName(f"There is no track {track!r}. These are: {tracks}")
    return found


def _nothing_due(schedule: Schedule, katas: Sequence[Kata], track: str) -> list[str]:
    """Why there is nothing to practise among these katas, and when there is."""
    days = schedule.due_dates(katas)
    where = f" of {track}" if track else ""
    if not days:
        return [
            *wrapped(f"No kata{where} has been green yet, so there is nothing to practise."),
            f"To go on: {typed('dojo')}",
        ]
    kata, day = next(iter(days.items()))
    when = words_of_day(day, schedule.today)
    return [
        *wrapped(f"Nothing{where} is due for practice. The next is {kata.name}, {when}."),
        f"To practise it now: {typed(f'dojo practice {kata.name}')}",
    ]
