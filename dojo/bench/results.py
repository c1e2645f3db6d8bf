"""Reads timed runs from pytest-benchmark's files, and compares their cases."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dojo.bench.implementations import COPY, MATMUL, NEGATE, REFERENCE
from dojo.bench.statistics import Change, Ratio, change, quartiles, ratio

STORAGE = ".benchmarks"  # pytest-benchmark's own default, so that its commands find the runs
# Of each kind of least work: its unit a second, and what shows how fast the machine can do it.
_LEAST_WORK = {
    "bytes_moved": ("B/s", (COPY, NEGATE)),
    "operations_needed": ("FLOP/s", (MATMUL,)),
}


class NoResults(Exception):
    """A file is no run that pytest-benchmark saved; the text names the file."""


@dataclass(frozen=True)
class Subject:
    """One function of a kata on one device; ``means`` says in words what n is."""

    kata: str
    function: str
    device: str
    means: str


@dataclass(frozen=True)
class Case:
    """One implementation of a function at one size: its rounds, or why it was not timed.

    Attributes:
        implementation: a name from ``implementations``.
        n: the size that was measured.
        size: the size that was asked for; larger than ``n`` where it did not fit into memory.
        rounds: the seconds of each round; none if it was not timed.
        facts: what was counted besides time, by name.
        reason: why it was not timed.
    """

    subject: Subject
    implementation: str
    n: int
    size: int
    rounds: tuple[float, ...] = ()
    facts: dict[str, Any] | None = None
    reason: str = ""

    def fact(self, name: str) -> int:
        """Return a number that was counted; 0 if it was not."""
        return int((self.facts or {}).get(name, 0))

    @functools.cached_property
    def quartiles(self) -> tuple[float, float, float]:
        """The quartiles of the passes in seconds; only for a case that was timed."""
        return quartiles(self.best)

    @functools.cached_property
    def best(self) -> list[float]:
        """The shortest round of each pass, in seconds.

        Other programs make a round longer, never shorter, and may slow down most of a pass.
        """
        passes: list[int] = (self.facts or {}).get("passes", [len(self.rounds)])
        rounds = iter(self.rounds)
        return [min(itertools.islice(rounds, count)) for count in passes]

    @property
    def median(self) -> float:
        """The median of the passes in seconds; only for a case that was timed."""
        return self.quartiles[1]


@dataclass(frozen=True)
class Run:
    """All cases of a run, when it was, and on which machine."""

    when: datetime
    machine: str
    cases: tuple[Case, ...]

    def find(self, subject: Subject, implementation: str, n: int) -> Case | None:
        """Return the timed case of this subject, implementation and size, if there is one."""
        for case in self.cases:
            same = (case.subject.kata, case.subject.function, case.subject.device) == (
                subject.kata,
                subject.function,
                subject.device,
            )
            if same and case.implementation == implementation and case.n == n and case.rounds:
                return case
        return None

    @property
    def gpu(self) -> str:
        """The name of the GPU that was used; empty if none was."""
        return next((str(c.facts["gpu"]) for c in self.cases if c.facts and c.facts["gpu"]), "")

    def ratio(self, case: Case) -> Ratio | None:
        """Return a case's time in multiples of the reference's; None if one was not timed."""
        reference = self.find(case.subject, REFERENCE, case.n)
        return ratio(case.best, reference.best) if case.rounds and reference else None

    def ceiling(self, device: str, fact: str) -> float:
        """Return the most work a second that the device has done; 0 if that is not known.

        Args:
            device: "cpu" or "cuda".
            fact: "bytes_moved" or "operations_needed".
        """
        _, names = _LEAST_WORK[fact]
        return max(self.best(device, name, fact) for name in names)

    def best(self, device: str, name: str, fact: str) -> float:
        """Return the most work a second that one implementation has done; 0 if unknown."""
        found = [c for c in self.cases if c.implementation == name and c.subject.device == device]
        return max((case.fact(fact) / min(case.rounds) for case in found if case.rounds), default=0)


@dataclass(frozen=True)
class Rate:
    """How much of the least work a case does a second, and the share of the machine's ceiling."""

    per_second: float
    unit: str  # "B/s" or "FLOP/s"
    share: float


def rate(run: Run, case: Case) -> Rate | None:
    """Return the rate that is nearer to its ceiling, of memory or of arithmetic.

    Returns:
        None if the case was not timed, or if no ceiling is known.
    """
    if not case.rounds:
        return None
    found = []
    for fact, (unit, _) in _LEAST_WORK.items():
        ceiling, per_second = run.ceiling(case.subject.device, fact), case.fact(fact) / case.median
        if ceiling and per_second:
            found.append(Rate(per_second, unit, per_second / ceiling))
    return max(found, key=lambda one: one.share, default=None)


def fastest(run: Run, case: Case) -> float:
    """Return the seconds that a case's least work takes at the ceilings; 0 if they are unknown."""
    work = [
        case.fact(fact) / ceiling
        for fact in _LEAST_WORK
        if (ceiling := run.ceiling(case.subject.device, fact))
    ]
    return max(work, default=0.0)


def read_run(path: Path) -> Run:
    """Read a run that pytest-benchmark saved.

    Raises:
        NoResults: the file is no such run, or cannot be read.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        when = datetime.fromisoformat(data["datetime"])
        machine = data["machine_info"].get("cpu", {}).get("brand_raw", "")
        cases = tuple(_case_from(one) for one in data["benchmarks"] if "kata" in one["extra_info"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NoResults(f"{path} is no run that pytest-benchmark saved. Move it away.") from None
    return Run(when, machine or data["machine_info"].get("machine", ""), cases)


def _case_from(data: dict[str, Any]) -> Case:
    """Make a case of one benchmark in pytest-benchmark's file."""
    about = data["extra_info"]
    rounds = tuple(map(float, data["stats"].get("data", ())))
    n, size = about["n"], about["size"]
    return Case(subject_of(about), about["implementation"], n, size, rounds, about)


def subject_of(about: dict[str, Any]) -> Subject:
    """Return the subject of a case that ``BenchItem.about`` describes."""
    return Subject(about["kata"], about["function"], about["device"], about["means"])


def earlier_runs(root: Path) -> Iterator[Path]:
    """Yield the files of the runs that were saved, the newest first."""
    return iter(sorted(root.glob(f"{STORAGE}/*/*.json"), key=lambda path: path.name, reverse=True))


def with_reasons(run: Run, notes: Sequence[dict[str, Any]]) -> Run:
    """Add the cases that could not be timed to a run, since pytest-benchmark does not save them."""
    untimed = [
        Case(subject_of(note), note["implementation"], note["n"], note["size"], (), None, reason)
        for note in notes
        if (reason := note["reason"])
    ]
    return Run(run.when, run.machine, (*run.cases, *untimed))


def since(now: Run, then: Run, case: Case) -> Change | None:
    """Compare a case with the same case of an earlier run.

    Returns:
        None if the case or the reference was not timed in both runs.
    """
    before = then.find(case.subject, case.implementation, case.n)
    reference_now = now.find(case.subject, REFERENCE, case.n)
    reference_then = then.find(case.subject, REFERENCE, case.n)
    if not (case.rounds and before and reference_now and reference_then):
        return None
    return change(case.best, before.best, reference_now.best, reference_then.best)
