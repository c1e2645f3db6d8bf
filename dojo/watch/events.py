"""The events that the loop reports while it judges, as data and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dojo.course.katas import Kata
from dojo.verdict.model import Check, Verdict


@dataclass(frozen=True)
class Started:
    """A run has begun; ``checks`` are the checks to come, without outcomes."""

    kata: Kata
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Checked:
    """A check has ended; ``check`` has its outcome."""

    kata: Kata
    check: Check


@dataclass(frozen=True)
class Judged:
    """All checks have ended."""

    kata: Kata
    verdict: Verdict


@dataclass(frozen=True)
class Diagnosed:
    """The mistake of the last verdict was recognised after the verdict was reported."""

    kata: Kata
    diagnosis: str


@dataclass(frozen=True)
class Trouble:
    """The kata could not be judged, for a reason outside the learner's file."""

    kata: Kata
    message: str


Event = Started | Checked | Judged | Diagnosed | Trouble


def as_json(event: Event) -> dict[str, Any]:
    """Return an event as the JSON object that ``dojo watch --json`` prints."""
    kata = event.kata.name
    if isinstance(event, Started):
        return {"event": "started", "kata": kata, "checks": len(event.checks)}
    if isinstance(event, Checked):
        return {"event": "check", "kata": kata, "check": event.check.as_json()}
    if isinstance(event, Judged):
        return {"event": "verdict", "kata": kata, "verdict": event.verdict.as_json()}
    if isinstance(event, Diagnosed):
        return {"event": "diagnosis", "kata": kata, "diagnosis": event.diagnosis}
    return {"event": "trouble", "kata": kata, "message": event.message}
