"""What ``dojo check`` does: judges katas one after another, tells each verdict and records it."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dojo.catalog import Kata
from dojo.diagnosis import diagnose, known_table, make_table
from dojo.isolation import ChildDied, ChildStuck
from dojo.judge import TIME_LIMIT, NoChecks, judge, judge_source
from dojo.loading import shown_path
from dojo.progress import Progress
from dojo.standing import heading
from dojo.terminal import paint, say, warn
from dojo.verdict import GREEN, NOT_STARTED, RED, Verdict
from dojo.wording import colour_of, counts_of, failure_lines, wrapped
from dojo.workers import Crew, HubDied

NOT_JUDGED = "not judged"  # for a reason outside the learner's file
_TROUBLE = (NoChecks, ChildDied, ChildStuck)


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
        the states, in the order of the katas; ``NOT_JUDGED`` where there is no verdict.

    Raises:
        HubDied: the checks cannot be collected.
    """
    states = []
    devices = ""
    with contextlib.closing(Crew(asked.root)) as crew:
        for kata in asked.katas:
            verdict = _verdict(crew, kata, asked)
            states.append(verdict.state if verdict else NOT_JUDGED)
            if verdict is None:
                continue
            if asked.is_own:
                progress.record(verdict, complete=asked.is_complete)
            if as_json:
                say(json.dumps(verdict.as_json()))
            else:
                _tell(crew, kata, verdict, asked)
            devices = max(devices, verdict.devices, key=len)
    if devices and not as_json:
        say(f"devices: {devices}")
    return states


def _verdict(crew: Crew, kata: Kata, asked: Asked) -> Verdict | None:
    """The verdict, with its diagnosis where that is known at once; None and a warning if none."""
    try:
        verdict = judge(crew, kata, asked.solutions, asked.device, asked.limit or TIME_LIMIT)
    except _TROUBLE as error:
        warn(f"{kata.name} is not judged. {error}")
        return None
    table = known_table(kata) if verdict.state == RED else None
    return verdict if table is None else replace(verdict, diagnosis=diagnose(verdict, table))


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
    state, colon, law = headline.partition(":")
    say(f"    {paint(state, colour_of(state))}{colon}{law}")
    for line in message:
        say(f"      {line}")
    if is_alone and (found := _late_diagnosis(crew, kata, verdict)):
        for line in wrapped(f"This looks like: {found}"):
            say(f"      {line}")


def _late_diagnosis(crew: Crew, kata: Kata, verdict: Verdict) -> str | None:
    """The diagnosis that takes a second of work when a kata is judged for the first time."""
    if verdict.state != RED or known_table(kata) is not None:
        return None
    try:
        table = make_table(kata, functools.partial(judge_source, crew))
    except (*_TROUBLE, HubDied):
        return None
    return diagnose(verdict, table)
