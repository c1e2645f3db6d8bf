"""What ``dojo check`` does: judges katas one after another, tells each verdict and records it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dojo.catalog import Kata
from dojo.diagnosis import Table, diagnose, known_table, make_table
from dojo.isolation import ChildDied, ChildStuck
from dojo.judge import TIME_LIMIT, NoChecks, judge
from dojo.loading import shown_path
from dojo.progress import Progress
from dojo.standing import heading
from dojo.terminal import paint, say
from dojo.verdict import GREEN, NOT_STARTED, RED, Verdict
from dojo.wording import colour_of, counts_of, failure_lines, wrapped
from dojo.workers import Crew, HubDied

_TROUBLE = (NoChecks, HubDied, ChildDied, ChildStuck)


class CannotJudge(Exception):
    """A kata cannot be judged, for a reason outside the learner's file."""


@dataclass(frozen=True)
class Asked:
    """What is to be judged, and how; no ``limit`` stands for the usual one."""

    root: Path
    katas: Sequence[Kata]
    solutions: Path
    device: str = "all"
    limit: float | None = None

    @property
    def is_own(self) -> bool:
        """Whether these are the learner's own answers, of which progress is made."""
        return self.solutions.resolve() == (self.root / "katas").resolve()

    @property
    def is_complete(self) -> bool:
        """Whether no check is left out."""
        return self.device == "all"


def check(asked: Asked, progress: Progress, as_json: bool = False) -> list[str]:
    """Judge, print and record.

    Returns:
        the states, in the order of the katas.

    Raises:
        CannotJudge: there is no verdict on a kata; those after it are not judged.
    """
    states = []
    with contextlib.closing(Crew(asked.root)) as crew:
        for kata, verdict in _verdicts(crew, asked):
            states.append(verdict.state)
            if asked.is_own:
                progress.record(verdict, complete=asked.is_complete)
            if as_json:
                say(json.dumps(verdict.as_json()))
            else:
                _tell(crew, kata, verdict, asked)
    return states


def _verdicts(crew: Crew, asked: Asked) -> Iterator[tuple[Kata, Verdict]]:
    """Each verdict as it comes, with its diagnosis where that is known at once."""
    limit = asked.limit or TIME_LIMIT
    for kata in asked.katas:
        try:
            verdict = judge(crew, kata, asked.solutions, asked.device, limit)
        except _TROUBLE as error:
            raise CannotJudge(f"{kata.name} cannot be judged: {error}") from None
        table = known_table(kata) if verdict.state == RED else None
        if table is not None:
            verdict = replace(verdict, diagnosis=diagnose(verdict, table))
        yield kata, verdict


def _tell(crew: Crew, kata: Kata, verdict: Verdict, asked: Asked) -> None:
    """One line, and what is wrong; of many katas that are not started the line is enough."""
    is_alone = len(asked.katas) == 1
    place = asked.katas.index(kata)
    if place == 0 or asked.katas[place - 1].track != kata.track:
        say(heading(kata))
    colour = colour_of(verdict.state)
    say(f"  {kata.stem:<28} {paint(f'{verdict.state:<12}', colour)} {counts_of(verdict)}")
    if verdict.state == GREEN or (verdict.state == NOT_STARTED and not is_alone):
        return
    path, headline, *message = failure_lines(
        verdict, shown_path(kata.solution_in(asked.solutions), asked.root)
    )
    say(f"    {path}")
    say(f"    {paint(verdict.state, colour)}{headline.removeprefix(verdict.state)}")
    for line in message:
        say(f"      {line}")
    if is_alone and (found := _late_diagnosis(crew, kata, verdict)):
        for line in wrapped(f"This looks like: {found}"):
            say(f"      {line}")


def _late_diagnosis(crew: Crew, kata: Kata, verdict: Verdict) -> str | None:
    """The diagnosis that takes a second of work when a kata is judged for the first time."""
    if verdict.state != RED or known_table(kata) is not None:
        return None
    table: Table = []
    try:
        for grown in make_table(crew, kata):
            table = grown
    except _TROUBLE:
        return None
    return diagnose(verdict, table)
