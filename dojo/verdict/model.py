"""What is said of a kata: plain data, free of torch and pytest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

VERSION = 1

GREEN = "green"
RED = "red"
NOT_STARTED = "not started"
CRASHED = "crashed"
TIMED_OUT = "timed out"
STATES = (NOT_STARTED, RED, GREEN, CRASHED, TIMED_OUT)
STALE = "stale"  # of progress, not of a verdict: green once, and edited since


@dataclass(frozen=True)
class Check:
    """The outcome of one check on one device.

    ``message`` is exactly what a person sees; ``file`` and ``line`` are the learner's; ``output``
    is the end of what their code printed while a check failed. ``got`` and ``expected`` are the
    rows of two small tensors that differ, as text.
    """

    name: str
    aspect: str
    device: str
    state: str
    message: str = ""
    file: str = ""
    line: int = 0
    output: str = ""
    got: list[list[str]] = field(default_factory=list)
    expected: list[list[str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))  # its lists are never written to; asdict would copy them


@dataclass(frozen=True)
class Verdict:
    """The outcome of one kata; ``devices`` says in words on which it was judged."""

    kata: str
    state: str
    seconds: float
    source_hash: str
    checks: tuple[Check, ...]
    diagnosis: str | None = None
    devices: str = ""

    @property
    def first_failure(self) -> Check | None:
        """The check to show: the first red one, else the first that is not started."""
        failing = [check for check in self.checks if check.state != GREEN]
        worse = [check for check in failing if check.state != NOT_STARTED]
        return next(iter(worse or failing), None)

    @property
    def later_end(self) -> Check | None:
        """The check at which the process ended, where that is not the one to show."""
        shown = self.first_failure
        if shown is None or self.state not in (CRASHED, TIMED_OUT) or shown.state == self.state:
            return None
        return next(check for check in self.checks if check.state == self.state)

    @property
    def is_unread(self) -> bool:
        """Whether no check could run, since the file itself cannot be used."""
        messages = {check.message for check in self.checks}
        return self.state in (CRASHED, RED) and len(messages) == 1 and len(self.checks) > 1

    def as_json(self) -> dict[str, Any]:
        return {"version": VERSION, **asdict(self)}


def state_of(checks: Sequence[Check]) -> str:
    """A kata's state from its checks' states: no checks at all is never green."""
    states = {check.state for check in checks}
    for state in (CRASHED, TIMED_OUT):
        if state in states:
            return state
    if states == {GREEN}:
        return GREEN
    return NOT_STARTED if states == {NOT_STARTED} else RED
