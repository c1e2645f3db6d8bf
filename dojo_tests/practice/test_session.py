"""A session counts what happens to a kata by real verdicts, records it, and goes on in time."""

import pytest

from dojo.practice.rating import AGAIN, EASY, GOOD, HARD
from dojo.practice.scratch import FOLDER, put_stub, scratch_file
from dojo.practice.session import Attempt, Session
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_STARTED, RED
from dojo.workers.client import judge
from dojo.workers.pool import WorkerPool

HINTS = ("A nudge.", "A push.")
WRONG = "def double(x):\n    return x * 3\n"
WRONG_TOO = "def double(x):\n    return x * 4\n"
RIGHT = "def double(x):\n    return x * 2\n"


class Seconds:
    """A clock of seconds that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture(scope="module")
def pool(small_dojo):
    """Warm workers for the small dojo; the answers that they judge lie elsewhere."""
    pool = WorkerPool(small_dojo)
    yield pool
    pool.close()


@pytest.fixture
def save(pool):
    """Saves a scratch file, has it judged, and gives the verdict."""

    def save_text(kata, text):
        scratch_file(kata).write_text(text)
        return judge(pool, kata, kata.root / FOLDER)

    return save_text


@pytest.fixture
def attempt(double, seconds):
    """The kata first/k01_double, whose stub lies in the scratch file."""
    put_stub(double, double.stub.read_bytes())
    return Attempt(double, HINTS, seconds)


def test_a_green_verdict_ends_the_attempt(attempt, save, seconds):
    attempt.receive(save(attempt.kata, attempt.kata.stub.read_text()))
    assert attempt.outcome is None
    seconds.now += 90
    attempt.receive(save(attempt.kata, RIGHT))
    assert (attempt.outcome.is_green, attempt.outcome.reds) == (True, 0)
    seconds.now += 1000
    assert attempt.seconds == attempt.outcome.seconds == 90


def test_each_wrong_version_counts_once(attempt, save):
    for text in (WRONG, WRONG, WRONG_TOO, WRONG):
        verdict = save(attempt.kata, text)
        assert verdict.state == RED
        attempt.receive(verdict)
    attempt.receive(save(attempt.kata, RIGHT))
    assert attempt.outcome.reds == 2


def test_what_cannot_be_read_is_no_wrong_version(attempt, save):
    verdict = save(attempt.kata, "def double(x):\n    return x *\n")
    assert verdict.state != GREEN
    attempt.receive(verdict)
    attempt.receive(save(attempt.kata, RIGHT))
    assert attempt.outcome.reds == 0


def test_half_of_the_answer_is_no_wrong_version(add, save, seconds):
    put_stub(add, add.stub.read_bytes())
    attempt = Attempt(add, HINTS, seconds)
    stub = add.stub.read_text()
    verdict = save(add, stub.replace("raise NotImplementedError", "return x1 + x2", 1))
    assert verdict.state not in (GREEN, NOT_STARTED)
    attempt.receive(verdict)
    attempt.receive(save(add, add.reference.read_text()))
    assert attempt.outcome.reds == 0


def test_practice_changes_neither_progress_nor_the_learners_file(attempt, save, learn):
    learn(attempt.kata)
    before = attempt.kata.stub.read_bytes()
    progress = (attempt.kata.root / ".dojo" / "progress.json").read_bytes()
    attempt.receive(save(attempt.kata, WRONG))
    attempt.receive(save(attempt.kata, RIGHT))
    assert attempt.kata.stub.read_bytes() == before
    assert (attempt.kata.root / ".dojo" / "progress.json").read_bytes() == progress
    assert Progress(attempt.kata.root).reds(attempt.kata) == 0


def test_hints_open_one_by_one(attempt):
    assert [attempt.open_hint() for _ in range(3)] == [(1, "A nudge."), (2, "A push."), None]
    attempt.give_up()
    assert (attempt.outcome.hints, attempt.outcome.is_told) == (2, True)


def test_a_kata_without_hints_tells_nothing(double, seconds):
    attempt = Attempt(double, (), seconds)
    assert attempt.open_hint() is None
    attempt.give_up()
    assert not attempt.outcome.is_told


def test_what_comes_after_the_end_does_not_count(attempt, save, seconds):
    attempt.give_up()
    seconds.now += 5
    attempt.receive(save(attempt.kata, RIGHT))
    assert (attempt.outcome.is_green, attempt.outcome.seconds) == (False, 0.0)


def test_how_it_went_is_recorded_with_the_next_day(attempt, save, schedule, calendar, learn):
    session = Session([], schedule)
    learn(attempt.kata)
    calendar.wait(2)
    attempt.receive(save(attempt.kata, WRONG))
    attempt.receive(save(attempt.kata, RIGHT))
    recorded = session.record(attempt)
    assert (recorded.kata, recorded.rating) == (attempt.kata, GOOD)
    assert schedule.due_dates([attempt.kata]) == {attempt.kata: recorded.due}
    assert session.recorded == [recorded]
    assert recorded.due > calendar.today


@pytest.mark.parametrize(
    "gives_up, hints, rating", [(False, 0, EASY), (False, 1, HARD), (True, 0, AGAIN)]
)
def test_hints_and_giving_up_count(attempt, save, schedule, learn, gives_up, hints, rating):
    learn(attempt.kata)
    for _ in range(hints):
        attempt.open_hint()
    if gives_up:
        attempt.give_up()
    else:
        attempt.receive(save(attempt.kata, RIGHT))
    assert Session([], schedule).record(attempt).rating == rating


def test_the_time_of_earlier_practices_counts(double, save, schedule, learn, seconds):
    learn(double)
    ratings = []
    for took in (100, 250):  # both are quick, but the second is slower than usual
        put_stub(double, double.stub.read_bytes())
        attempt = Attempt(double, HINTS, seconds)
        seconds.now += took
        attempt.receive(save(double, RIGHT))
        ratings.append(Session([], schedule).record(attempt).rating)
    assert ratings == [EASY, GOOD]


def test_a_session_without_a_limit_goes_through_its_katas(double, add, schedule, seconds):
    session = Session([double, add], schedule, clock=seconds)
    assert session.seconds_left is None
    assert [session.take_next() for _ in range(3)] == [double, add, None]


def test_no_kata_is_begun_when_the_time_is_over(double, add, schedule, seconds):
    session = Session([double, add], schedule, minutes=20, clock=seconds)
    assert session.take_next() == double
    seconds.now += 19 * 60
    assert session.seconds_left == 60
    seconds.now += 2 * 60
    assert session.seconds_left == 0
    assert session.take_next() is None


def test_a_kata_that_has_begun_is_finished_after_the_time(attempt, save, schedule, learn, seconds):
    learn(attempt.kata)
    session = Session([attempt.kata], schedule, minutes=1, clock=seconds)
    session.take_next()
    seconds.now += 200
    attempt.receive(save(attempt.kata, RIGHT))
    assert session.record(attempt).rating == EASY
