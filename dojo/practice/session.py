"""Holds a session of practice: the kata that is practised, how that goes, and what comes next."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from dojo.course.katas import Kata
from dojo.practice.rating import Outcome, rating_of
from dojo.practice.schedule import Schedule
from dojo.verdict.model import GREEN, Verdict

Clock = Callable[[], float]  # returns seconds that only grow


class Attempt:
    """One kata that is being practised.

    Args:
        kata: the kata.
        hints: its hints, the vaguest first.
        clock: returns the time, in seconds.
    """

    def __init__(self, kata: Kata, hints: Sequence[str], clock: Clock = time.monotonic) -> None:
        self.kata, self._hints, self._clock = kata, hints, clock
        self._began = clock()
        self._opened = 0
        self._wrong: set[str] = set()  # the hashes of wrong versions
        self.outcome: Outcome | None = None  # once the answer is green or given up

    @property
    def seconds(self) -> float:
        """How long it has taken up to now, or in all."""
        return self.outcome.seconds if self.outcome is not None else self._clock() - self._began

    def receive(self, verdict: Verdict) -> None:
        """Count a verdict on the scratch file; green ends the attempt.

        A version is wrong if a check has failed. What is only not finished yet is not wrong, and
        neither is a file that cannot be read, since editors save while one types.
        """
        if verdict.state == GREEN:
            self._end(is_green=True)
        elif not verdict.is_unread and any(check.has_failed for check in verdict.checks):
            self._wrong.add(verdict.source_hash)

    def open_hint(self) -> tuple[int, str] | None:
        """Open the next hint: its number, from 1, and its text; None if all are open."""
        if self._opened == len(self._hints):
            return None
        self._opened += 1
        return self._opened, self._hints[self._opened - 1]

    def give_up(self) -> None:
        """End the attempt without a green answer."""
        self._end(is_green=False)

    def _end(self, is_green: bool) -> None:
        if self.outcome is None:
            is_told = 0 < len(self._hints) == self._opened
            wrong = len(self._wrong)
            self.outcome = Outcome(is_green, wrong, self._opened, is_told, self.seconds)


@dataclass(frozen=True)
class Recorded:
    """A practice that the schedule has recorded: how it went, and when the kata is due next."""

    kata: Kata
    rating: str
    due: date


class Session:
    """Katas that are practised one after another.

    Args:
        katas: the katas to practise, in this order.
        schedule: where each practice is recorded.
        minutes: after which no further kata is begun; None for no such limit.
        clock: returns the time, in seconds.

    Attributes:
        recorded: what the schedule has recorded.
    """

    def __init__(
        self,
        katas: Sequence[Kata],
        schedule: Schedule,
        minutes: float | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._todo = list(katas)
        self.schedule = schedule
        self._clock = clock
        self._until = clock() + 60 * minutes if minutes is not None else None
        self.recorded: list[Recorded] = []

    @property
    def seconds_left(self) -> float | None:
        """The seconds until the session's time is over, at least 0; None if it has no limit."""
        return max(self._until - self._clock(), 0.0) if self._until is not None else None

    def take_next(self) -> Kata | None:
        """Return the next kata to begin; None if there is none, or if the time is over."""
        return self._todo.pop(0) if self._todo and self.seconds_left != 0 else None

    def record(self, attempt: Attempt) -> Recorded:
        """Record in the schedule how an attempt ended that is green or given up.

        Raises:
            OSError: nothing was recorded.
        """
        assert attempt.outcome is not None
        rating = rating_of(attempt.outcome, self.schedule.times(attempt.kata))
        due = self.schedule.record(attempt.kata, rating, attempt.outcome.seconds)
        self.recorded.append(Recorded(attempt.kata, rating, due))
        return self.recorded[-1]
