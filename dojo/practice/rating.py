"""Rates how a practice of one kata went, in the four words that the schedule understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

AGAIN, HARD, GOOD, EASY = "again", "hard", "good", "easy"
RATINGS = (AGAIN, HARD, GOOD, EASY)

_MANY_REDS = 3  # wrong versions from which on it was hard: the watch screen offers a hint then
_QUICK = 5 * 60.0  # seconds; who takes longer has not done it with ease, even on a first try
_SLOW = 15 * 60.0  # seconds; who takes less is not slow, however fast they were before


@dataclass(frozen=True)
class Outcome:
    """How a practice ended.

    Attributes:
        is_green: whether the answer became green; if not, the learner gave up.
        reds: how many versions of the answer were wrong.
        hints: how many hints were opened.
        is_told: whether the last hint was opened, which nearly is the answer.
        seconds: how long it took.
    """

    is_green: bool
    reds: int
    hints: int
    is_told: bool
    seconds: float


def rating_of(outcome: Outcome, earlier: Sequence[float]) -> str:
    """Return the rating of a practice, one of ``RATINGS``.

    Giving up is "again", and so is a green answer for which every hint was opened. Green is "hard"
    after a hint, after many wrong versions, or where it took more than twice as long as usual. It
    is "easy" on the first try in the usual time, and else "good".

    Args:
        outcome: how it ended.
        earlier: the seconds of earlier practices of the kata that became green.
    """
    import statistics  # takes longer than all else here, and `dojo list` needs none

    if not outcome.is_green or outcome.is_told:
        return AGAIN
    usual = statistics.median(earlier) if earlier else _QUICK
    if outcome.hints or outcome.reds >= _MANY_REDS or outcome.seconds > max(2 * usual, _SLOW):
        return HARD
    if outcome.reds == 0 and outcome.seconds <= min(usual, _QUICK):
        return EASY
    return GOOD
