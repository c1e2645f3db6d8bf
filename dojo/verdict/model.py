"""The verdict on a kata and its checks, as plain data without torch and pytest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dojo.course.aspects import ASPECTS

VERSION = 1

GREEN = "green"
RED = "red"
NOT_STARTED = "not started"
CRASHED = "crashed"
TIMED_OUT = "timed out"
STATES = (NOT_STARTED, RED, GREEN, CRASHED, TIMED_OUT)
# Two states of progress, which no verdict has:
STALE = "stale"  # green once; since then the file was edited, or what judges it has changed
NOT_JUDGED = "not judged yet"  # an answer that was begun, on which no verdict is known

_OF_RESULT = ("type", "shape", "dtype", "values")  # aspects that say whether a result is right


@dataclass(frozen=True)
class Check:
    """The outcome of one check on one device.

    Attributes:
        name: what the check states, in a sentence.
        aspect: the aspect of the result that it checks, such as "shape".
        device: "cpu" or "cuda".
        state: one of ``STATES``; empty before the check has ended.
        message: exactly what a person sees; empty for a green check.
        file: the path of the learner's file, from the root of the dojo.
        line: the line of the failure in that file; 0 if it is not known.
        output: the end of what the learner's code printed while the check failed.
        got: the rows of a small tensor, as text, where it differs from ``expected``.
        expected: the rows of the tensor that was expected.
        heading: what happened in place of a result, in a few words, such as "add raised
            ValueError"; empty where the check could judge what it states.
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
    heading: str = ""

    @property
    def reason(self) -> str:
        """Why the check is not green, in a few words: what happened, or else what it states."""
        return self.heading or self.name

    @property
    def has_failed(self) -> bool:
        """Whether the check has ended, and neither is green nor waits for the learner."""
        return self.state not in ("", GREEN, NOT_STARTED)

    def as_json(self) -> dict[str, Any]:
        """Return the fields as a dict for JSON."""
        return dict(vars(self))  # its lists are never written to; asdict would copy them


@dataclass(frozen=True)
class Verdict:
    """The outcome of one kata.

    Attributes:
        kata: the name of the kata, ``track/stem``.
        state: one of ``STATES``.
        seconds: how long the checks took.
        source_hash: the hash of the answer that was judged.
        checks: the outcome of each check.
        diagnosis: the known mistake that was recognised, in a sentence; None if none was.
        devices: says in words on which devices the kata was judged.
    """

    kata: str
    state: str
    seconds: float
    source_hash: str
    checks: tuple[Check, ...]
    diagnosis: str | None = None
    devices: str = ""

    @property
    def first_failure(self) -> Check | None:
        """The check to show: one that failed, else the first that is not started."""
        failed = failure_to_show(self.checks)
        return failed or next((check for check in self.checks if check.state != GREEN), None)

    @property
    def also_red(self) -> list[str]:
        """The aspects of checks that failed too, but for that of the check to show, in order."""
        shown = self.first_failure
        if shown is None or not shown.has_failed:
            return []
        failed = {check.aspect for check in self.checks if check.has_failed}
        return [name for name in ASPECTS if name in failed and name != shown.aspect]

    @property
    def later_end(self) -> Check | None:
        """The check at which the process ended, if that is not the check to show."""
        shown = self.first_failure
        if shown is None or self.state not in (CRASHED, TIMED_OUT) or shown.state == self.state:
            return None
        return next(check for check in self.checks if check.state == self.state)

    @property
    def is_unread(self) -> bool:
        """Whether no check could run, since the file itself cannot be used."""
        messages = {check.message for check in self.checks}
        has_run = any(check.heading for check in self.checks)  # each check in the same way
        is_bad = self.state in (CRASHED, RED) and not has_run
        return is_bad and len(messages) == 1 and len(self.checks) > 1

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as a dict for JSON, with the version of the format."""
        return {"version": VERSION, **asdict(self)}


def failure_to_show(checks: Sequence[Check]) -> Check | None:
    """Return the check that tells most of those that failed, or None if none did.

    That is the first. But where the result is right, and something was used that is forbidden,
    it is the check of the structure: the learner who removes that writes the rest anew.
    """
    failed = [check for check in checks if check.has_failed]
    if not any(check.aspect in _OF_RESULT for check in failed):
        for check in failed:
            if check.aspect == "structure" and check.state == RED and not check.heading:
                return check
    return next(iter(failed), None)


def state_of(checks: Sequence[Check]) -> str:
    """Return a kata's state by the states of its checks; without any check it is red."""
    states = {check.state for check in checks}
    for state in (CRASHED, TIMED_OUT):
        if state in states:
            return state
    if states == {GREEN}:
        return GREEN
    return NOT_STARTED if states == {NOT_STARTED} else RED
