"""Keeps which kata is due for practice on which day, in ``.dojo/practice.json``.

A kata is in the schedule from the day on which the learner's progress says that it became green.
The file holds only katas that were practised since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from dojo.course.katas import Kata
from dojo.files.state_file import StateFile
from dojo.practice.entry import Entry, Review, dump_entry, parse_entry
from dojo.practice.rating import GOOD, HARD
from dojo.progress.record import Progress

VERSION = 1
# Days from the first green to the first practice, by how the kata was learnt: those of FSRS, which
# a command that only lists katas need not import.
FIRST_DAYS = {HARD: 1, GOOD: 2}


class Schedule:
    """The days on which katas are due, shared through a file with other processes.

    Args:
        progress: says which katas were green, and since when.
        warn: called with a line that a person should read.
        today: returns the learner's day.
    """

    def __init__(
        self,
        progress: Progress,
        warn: Callable[[str], None],
        today: Callable[[], date] = date.today,
    ) -> None:
        self._progress, self._warn, self._today = progress, warn, today
        path = progress.root / ".dojo" / "practice.json"
        self._file = StateFile(path, VERSION, parse_entry, dump_entry, warn)

    def __str__(self) -> str:
        return str(self._file)

    @property
    def today(self) -> date:
        """The learner's day."""
        return self._today()

    def due_dates(self, katas: Iterable[Kata]) -> dict[Kata, date]:
        """Return the day on which each kata that was ever green is due, the earliest first.

        Those of one day are in the order in which they were given.
        """
        entries = self._entries()
        days = ((kata, self._due_date(kata, entries)) for kata in katas)
        known = [(kata, day) for kata, day in days if day is not None]
        return dict(sorted(known, key=lambda pair: pair[1]))

    def due(self, katas: Iterable[Kata]) -> list[Kata]:
        """Return those of these katas that are due today, the longest due first."""
        return [kata for kata, day in self.due_dates(katas).items() if day <= self.today]

    def times(self, kata: Kata) -> list[float]:
        """Return the seconds of the earlier practices of a kata that became green."""
        entry = self._entries().get(kata.name)
        return entry.times if entry is not None else []

    def record(self, kata: Kata, rating: str, seconds: float) -> date:
        """Record a practice of today, and return the day on which the kata is due next.

        Raises:
            OSError: nothing was recorded.
        """
        from dojo.practice.intervals import due_after  # FSRS, for who practises

        practised = Review(self.today, rating, seconds)

        def change(entries: dict[str, Entry]) -> None:
            known = entries.get(kata.name)
            reviews = (*(known.reviews if known else self._when_learnt(kata)), practised)
            entries[kata.name] = Entry(due_after(reviews), reviews)

        return self._file.update(change, {})[kata.name].due

    def _entries(self) -> Mapping[str, Entry]:
        try:
            return self._file.read({})
        except OSError as error:
            self._warn(f"{self} cannot be read ({error.strerror}), so nothing is known of practice")
            return {}

    def _due_date(self, kata: Kata, entries: Mapping[str, Entry]) -> date | None:
        """Return the day on which a kata is due; None if it was never green."""
        if kata.name in entries:
            return entries[kata.name].due
        return next(
            (each.on + timedelta(FIRST_DAYS[each.rating]) for each in self._when_learnt(kata)), None
        )

    def _when_learnt(self, kata: Kata) -> tuple[Review, ...]:
        """Return the review that stands for the day on which a kata became green; none if never.

        A kata for which hints were opened was hard to learn.
        """
        day = self._progress.green_since(kata)
        rating = HARD if self._progress.hints_opened(kata) else GOOD
        return (Review(day, rating, 0.0),) if day is not None else ()
