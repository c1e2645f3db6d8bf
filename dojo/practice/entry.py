"""Holds what the schedule keeps of one kata: its reviews, and the day on which it is due."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

from dojo.practice.rating import AGAIN, RATINGS


@dataclass(frozen=True)
class Review:
    """One practice of a kata, or the day on which it was learnt.

    Attributes:
        on: the learner's day.
        rating: how it went, one of ``RATINGS``.
        seconds: how long it took; 0 where that is not known.
    """

    on: date
    rating: str
    seconds: float


@dataclass(frozen=True)
class Entry:
    """What is kept of one kata.

    Attributes:
        due: the day from which on it is due.
        reviews: all reviews, the oldest first; the first one is of when the kata was learnt.
    """

    due: date
    reviews: tuple[Review, ...]

    @property
    def times(self) -> list[float]:
        """The seconds of the practices that became green, the oldest first."""
        return [each.seconds for each in self.reviews if each.rating != AGAIN and each.seconds]


def dump_entry(entry: Entry) -> object:
    """Return an entry as a JSON value."""
    reviews = [
        {"on": each.on.isoformat(), "rating": each.rating, "seconds": round(each.seconds, 1)}
        for each in entry.reviews
    ]
    return {"due": entry.due.isoformat(), "reviews": reviews}


def parse_entry(value: Any) -> Entry:
    """Make an entry of a JSON value.

    Raises:
        ValueError: the value is no entry.
    """
    if not isinstance(value, dict) or value.keys() != {"due", "reviews"}:
        raise ValueError("a kata's entry has the fields due, reviews")
    reviews = value["reviews"]
    if not isinstance(reviews, list) or not reviews:
        raise ValueError("the reviews of a kata are no list with a review in it")
    return Entry(_parse_day(value["due"]), tuple(map(_parse_review, reviews)))


def _parse_review(value: Any) -> Review:
    if not isinstance(value, dict) or value.keys() != {"on", "rating", "seconds"}:
        raise ValueError("a review has the fields on, rating, seconds")
    if value["rating"] not in RATINGS:
        raise ValueError(f"{value['rating']!r} is no rating")
    seconds = value["seconds"]
    if type(seconds) not in (int, float) or not 0 <= seconds < math.inf:
        raise ValueError(f"{seconds!r} is no number of seconds")
    return Review(_parse_day(value["on"]), value["rating"], float(seconds))


def _parse_day(value: Any) -> date:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no day")
    return date.fromisoformat(value)
