"""Two katas of a dojo of the test's own, the day on which they are practised, and a schedule."""

import datetime
import hashlib

import pytest

from dojo.practice.schedule import Schedule
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, Verdict

NEW_YEAR = datetime.date(2026, 1, 1)


class Calendar:
    """A clock of days that a test sets.

    Attributes:
        today: the present day.
    """

    def __init__(self):
        self.today = NEW_YEAR

    def __call__(self):
        return self.today

    def wait(self, days):
        self.today += datetime.timedelta(days)


@pytest.fixture
def calendar():
    """A clock of days, which begins with the year 2026."""
    return Calendar()


@pytest.fixture
def learn(calendar, monkeypatch):
    """Records that katas are green on the calendar's day, after some hints each."""

    def learn_them(*katas, hints=0, text="x = 1\n"):
        stamp = f"{calendar.today.isoformat()}T12:00:00+0000"
        for kata in katas:
            progress = Progress(kata.root)
            for _ in range(hints):
                progress.open_hint(kata)
            kata.stub.write_text(text)
            source_hash = hashlib.sha256(text.encode()).hexdigest()
            with monkeypatch.context() as patch:
                patch.setattr("dojo.progress.entry.time.strftime", lambda _format: stamp)
                progress.record(Verdict(kata.name, GREEN, 0.1, source_hash, ()))

    return learn_them


@pytest.fixture
def warnings():
    """What the schedule has warned of."""
    return []


@pytest.fixture
def schedule(own_dojo, calendar, warnings):
    """The schedule of the test's own dojo, by the test's calendar."""
    return Schedule(Progress(own_dojo), warnings.append, calendar)
