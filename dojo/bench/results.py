"""What a timed run found, read from pytest-benchmark's files, and the runs before it."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dojo.bench.implementations import COPY, MATMUL, NEGATE, REFERENCE, YOURS
from dojo.bench.statistics import Change, Ratio, change, quartiles, ratio

STORAGE = ".benchmarks"  # pytest-benchmark's own default, so that its commands find the runs
VERSION = 1
_CEILINGS = {"bytes_moved": (COPY, NEGATE), "operations_needed": (MATMUL,)}


class NoResults(Exception):
    """A file that pytest-benchmark wrote cannot be read; the text names it."""


@dataclass(frozen=True)
class Subject:
    """One function of a kata on one device."""

    kata: str
    function: str
    device: str
    means: str


@dataclass(frozen=True)
class Case:
    """One implementation at one size: its rounds in seconds, or why it was not timed.

    Attributes:
        n: the size that was measured; ``size`` the one that was asked for.
        facts: what was counted besides time.
    """

    subject: Subject
    implementation: str
    n: int
    size: int
    rounds: tuple[float, ...] = ()
    facts: dict[str, Any] | None = None
    reason: str = ""

    def fact(self, name: str) -> int:
        return int((self.facts or {}).get(name, 0))

    @functools.cached_property
    def quartiles(self) -> tuple[float, float, float]:
        """Of the passes, in seconds; only where it was timed."""
        return quartiles(self.best)

    @functools.cached_property
    def best(self) -> list[float]:
        """The best round of each pass, in seconds.

        What else runs on the machine makes a round longer, never shorter, and may do so with most
        rounds of a pass.
        """
        passes: list[int] = (self.facts or {}).get("passes", [len(self.rounds)])
        rounds = iter(self.rounds)
        return [min(itertools.islice(rounds, count)) for count in passes]

    @property
    def median(self) -> float:
        return self.quartiles[1]


@dataclass(frozen=True)
class Run:
    """All cases of a run, and when that was."""

    when: datetime
    machine: str
    cases: tuple[Case, ...]

    def find(self, subject: Subject, implementation: str, n: int) -> Case | None:
        """The timed case, if there is one."""
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
        """The name of the GPU that was timed, or nothing."""
        return next((str(c.facts["gpu"]) for c in self.cases if c.facts and c.facts["gpu"]), "")

    def ratio(self, case: Case) -> Ratio | None:
        """A timed case's time in multiples of the reference's."""
        reference = self.find(case.subject, REFERENCE, case.n)
        return ratio(case.best, reference.best) if case.rounds and reference else None

    def ceiling(self, device: str, fact: str) -> float:
        """The most bytes or operations a second that were seen on the device; 0 if unknown."""
        return max(self.best(device, name, fact) for name in _CEILINGS[fact])

    def best(self, device: str, name: str, fact: str) -> float:
        """The same for one of the ways to measure it."""
        found = [c for c in self.cases if c.implementation == name and c.subject.device == device]
        return max((case.fact(fact) / min(case.rounds) for case in found if case.rounds), default=0)


@dataclass(frozen=True)
class Rate:
    """How much of the least work is done a second, and the share of what the machine can do."""

    per_second: float
    unit: str  # "B/s" or "FLOP/s"
    share: float


def rate(run: Run, case: Case) -> Rate | None:
    """The rate that comes nearer to its ceiling: memory's or arithmetic's."""
    if not case.rounds:
        return None
    found = []
    for fact, unit in (("bytes_moved", "B/s"), ("operations_needed", "FLOP/s")):
        ceiling, per_second = run.ceiling(case.subject.device, fact), case.fact(fact) / case.median
        if ceiling and per_second:
            found.append(Rate(per_second, unit, per_second / ceiling))
    return max(found, key=lambda one: one.share, default=None)


def fastest(run: Run, case: Case) -> float:
    """The seconds that the least work must take at the rate of the ceilings; 0 if unknown."""
    work = [
        case.fact(fact) / ceiling
        for fact in ("bytes_moved", "operations_needed")
        if (ceiling := run.ceiling(case.subject.device, fact))
    ]
    return max(work, default=0.0)


def read_run(path: Path) -> Run:
    """A run as pytest-benchmark saved it.

    Raises:
        NoResults: it is not such a file.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        when = datetime.fromisoformat(data["datetime"])
        machine = data["machine_info"].get("cpu", {}).get("brand_raw", "")
        cases = tuple(_case(one) for one in data["benchmarks"] if "kata" in one["extra_info"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NoResults(f"{path} is no run that pytest-benchmark saved. Move it away.") from None
    return Run(when, machine or data["machine_info"].get("machine", ""), cases)


def _case(data: dict[str, Any]) -> Case:
    about = data["extra_info"]
    rounds = tuple(map(float, data["stats"].get("data", ())))
    n, size = about["n"], about["size"]
    return Case(subject_of(about), about["implementation"], n, size, rounds, about)


def subject_of(about: dict[str, Any]) -> Subject:
    return Subject(about["kata"], about["function"], about["device"], about["means"])


def earlier_runs(root: Path) -> Iterator[Path]:
    """The files of the learner's runs, the newest first."""
    return iter(sorted(root.glob(f"{STORAGE}/*/*.json"), key=lambda path: path.name, reverse=True))


def with_reasons(run: Run, notes: Sequence[dict[str, Any]]) -> Run:
    """The run with what could not be timed, which pytest-benchmark does not save."""
    untimed = [
        Case(subject_of(note), note["implementation"], note["n"], note["size"], (), None, reason)
        for note in notes
        if (reason := note["reason"])
    ]
    return Run(run.when, run.machine, (*run.cases, *untimed))


def since(now: Run, then: Run, case: Case) -> Change | None:
    """How a case has changed since an earlier run, where that can be compared."""
    before = then.find(case.subject, case.implementation, case.n)
    reference_now = now.find(case.subject, REFERENCE, case.n)
    reference_then = then.find(case.subject, REFERENCE, case.n)
    if not (case.rounds and before and reference_now and reference_then):
        return None
    return change(case.best, before.best, reference_now.best, reference_then.best)


def as_json(run: Run, then: Run | None, case: Case) -> dict[str, Any]:
    """A case for programs: times in seconds, memory in bytes; null where it is not known."""
    multiple, achieved = run.ratio(case), rate(run, case)
    changed = since(run, then, case) if then and case.implementation == YOURS else None
    low, median, high = case.quartiles if case.rounds else (None, None, None)
    return {
        "version": VERSION,
        "kata": case.subject.kata,
        "function": case.subject.function,
        "implementation": case.implementation,
        "device": case.subject.device,
        "n": case.n,
        "asked_n": case.size,
        "median": median,
        "q1": low,
        "q3": high,
        "rounds": len(case.rounds),
        "ratio_to_reference": multiple and multiple.value,
        "ratio_low": multiple and multiple.low,
        "ratio_high": multiple and multiple.high,
        "largest_new_bytes": case.fact("largest_new") if case.rounds else None,
        "total_new_bytes": case.fact("total_new") if case.rounds else None,
        "operations": case.fact("operations") if case.rounds else None,
        "rate": achieved and achieved.per_second,
        "rate_unit": achieved and achieved.unit,
        "share_of_ceiling": achieved and achieved.share,
        "speedup_since_last_run": changed and changed.speedup,
        "p": changed and changed.p,
        "is_significant": changed and changed.is_significant,
        "reason": case.reason or None,
    }
