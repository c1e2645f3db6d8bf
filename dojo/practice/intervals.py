"""Works out by FSRS, the free spaced repetition scheduler, when a kata is due after its reviews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone

from fsrs import Card, Rating, ReviewLog, Scheduler

from dojo.practice.entry import Review

_LONGEST = 180  # days; nobody can be sure of an answer after half a year

# A kata takes minutes, so it comes back after days: there are no steps of a minute or ten. Nothing
# is left to chance, so that the same reviews always lead to the same day.
_SCHEDULER = Scheduler(
    learning_steps=(), relearning_steps=(), maximum_interval=_LONGEST, enable_fuzzing=False
)
_ANY = 1  # the number of the card, which FSRS wants to be the same in its reviews


def due_after(reviews: Sequence[Review]) -> date:
    """Return the day on which a kata is due after these reviews, of which there is at least one."""
    logs = [
        ReviewLog(_ANY, Rating[review.rating.capitalize()], _moment(review.on), None)
        for review in reviews
    ]
    card = _SCHEDULER.reschedule_card(Card(_ANY, due=logs[0].review_datetime), logs)
    return card.due.date()


def _moment(day: date) -> datetime:
    """Return a moment of a day, since FSRS counts whole days between moments."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
