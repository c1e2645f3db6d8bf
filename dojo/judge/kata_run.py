"""Gathers the outcomes of a kata's checks in a run of pytest, and makes its verdict of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dojo.course.katas import Kata
from dojo.devices.select import devices_line
from dojo.judge.items import Place
from dojo.verdict.diagnosis import diagnose, known_table
from dojo.verdict.model import RED, Check, Verdict, state_of


@dataclass
class KataRun:
    """One kata in a run of pytest: which checks are expected, and the outcomes until now."""

    kata: Kata
    expected: int = 0
    deselected: int = 0
    seconds: float = 0.0
    source_hash: str = ""
    outcomes: list[tuple[Place, Check]] = field(default_factory=list)

    @property
    def checks(self) -> list[Check]:
        """The checks with an outcome, in the order of their file, whatever came first."""
        return [check for _, check in sorted(self.outcomes, key=lambda outcome: outcome[0])]

    @property
    def done(self) -> bool:
        """Whether every expected check has an outcome."""
        return len(self.outcomes) >= self.expected

    def verdict(self) -> Verdict:
        """Return the verdict by the outcomes that came so far."""
        checks = tuple(self.checks)
        return Verdict(
            self.kata.name,
            state_of(checks),
            self.seconds,
            self.source_hash,
            checks,
            devices=devices_line(tuple(sorted({check.device for check in checks}))),
        )


def with_diagnosis(run: KataRun) -> Verdict:
    """Return the verdict of a run; diagnosed, if the kata's table of mistakes is made already."""
    verdict = run.verdict()
    table = known_table(run.kata) if verdict.state == RED else None
    return replace(verdict, diagnosis=diagnose(verdict, table)) if table else verdict
