"""The loop judges what was saved, however it was saved, and only the latest."""

import os
import queue
import signal
import time

import pytest

from dojo.course.katas import Kata
from dojo.verdict.model import CRASHED, GREEN, RED, TIMED_OUT
from dojo.watch.events import Checked, Diagnosed, Judged, Started, as_json
from dojo.watch.loop import Loop
from dojo.workers.pool import WorkerPool

_PATIENCE = 30.0  # seconds for what takes one on a quiet machine
RIGHT = "def add(x1, x2):\n    return x1 + x2\n\n\ndef add_(x1, x2):\n    return x1.add_(x2)\n"
WRONG = RIGHT.replace("x1 + x2", "x1 - x2")
ENDLESS = RIGHT.replace("return x1 + x2", "while True: pass")


class Session:
    """A loop over a folder with answers to k03 and k05, and the events that it tells of."""

    def __init__(self, root, folder, limit=60.0, pool=None):
        self.k03 = Kata("intro/k03_in_place_add", root)
        self.k05 = Kata("intro/k05_matmul", root)
        self.path = self.k03.solution_in(folder)
        self.other = self.k05.solution_in(folder)
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(WRONG)
        self.other.write_text("def matmul(x, w):\n    return x @ w\n")
        self.events = queue.Queue()
        self.loop = Loop(root, folder, "cpu", limit, self.events.put, pool)

    def until(self, kind):
        """The events up to the next one of this kind, which comes last."""
        found = []
        while not found or not isinstance(found[-1], kind):
            found.append(self.events.get(timeout=_PATIENCE))
        return found

    def verdict(self):
        return self.until(Judged)[-1].verdict

    def begin(self):
        """Judge for the first time, so that all is warm and being watched."""
        self.loop.follow(self.k03)
        verdict = self.verdict()
        time.sleep(0.3)  # the operating system begins to tell of saves
        return verdict


class Kept(WorkerPool):
    """Stays warm for the next test when a loop is closed."""

    def close(self):
        pass


@pytest.fixture(scope="module")
def kept(course_pair):
    pool = Kept(course_pair)
    yield pool
    WorkerPool.close(pool)


@pytest.fixture
def session(course_pair, tmp_path, kept):
    session = Session(course_pair, tmp_path, pool=kept)
    yield session
    session.loop.close()


@pytest.fixture
def own_session(course_pair, tmp_path):
    """One with warm processes of its own."""
    session = Session(course_pair, tmp_path)
    yield session
    session.loop.close()


def by_writing(path, text):
    path.write_text(text)


def by_renaming(path, text):
    """As many editors save: write another file, then let it take the place of the first."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(path)


def with_carriage_returns(path, text):
    path.write_bytes(text.replace("\n", "\r\n").encode())


def with_a_byte_order_mark(path, text):
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())


WAYS_TO_SAVE = [by_writing, by_renaming, with_carriage_returns, with_a_byte_order_mark]


def test_a_kata_is_judged_at_once_and_then_at_each_save(session):
    assert session.begin().state == RED
    for save in WAYS_TO_SAVE:
        save(session.path, RIGHT)
        assert session.verdict().state == GREEN
        save(session.path, WRONG)
        assert session.verdict().state == RED


def test_events_come_in_order_and_each_check_has_one(session):
    session.begin()
    session.path.write_text(RIGHT)
    started, *checked, judged = session.until(Judged)
    assert isinstance(started, Started)
    assert {type(event) for event in checked} == {Checked}
    assert tuple(event.check for event in checked) == judged.verdict.checks
    assert len(started.checks) == len(checked)
    assert [as_json(event)["event"] for event in (started, checked[0], judged)] == [
        "started",
        "check",
        "verdict",
    ]


def test_the_second_of_two_saves_within_a_second_is_judged(session):
    session.begin()
    same_size = WRONG.replace("x1 - x2", "x1 / x2")
    session.path.write_text(same_size)
    session.path.write_text(RIGHT)
    assert len(same_size) == len(RIGHT)
    verdict = session.verdict()
    while verdict.state != GREEN:  # the first may have been judged in between
        verdict = session.verdict()


def test_a_link_is_followed_to_what_was_saved(course_pair, tmp_path, kept):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "answers"
    elsewhere.mkdir()
    folder.mkdir()
    (elsewhere / "mine.py").write_text(WRONG)
    path = folder / "intro" / "k03_in_place_add.py"
    path.parent.mkdir()
    path.symlink_to(elsewhere / "mine.py")
    session = Session(course_pair, folder, pool=kept)
    try:
        assert session.begin().state == RED
        (elsewhere / "mine.py").write_text(RIGHT)
        assert session.verdict().state == GREEN
    finally:
        session.loop.close()


def test_a_save_ends_the_run_that_is_under_way(session):
    session.begin()
    session.path.write_text(ENDLESS)
    session.until(Started)
    time.sleep(0.3)  # it has come to the endless loop
    session.path.write_text(RIGHT)
    assert session.verdict().state == GREEN


def test_an_endless_loop_is_ended_in_time(course_pair, tmp_path, kept):
    session = Session(course_pair, tmp_path, limit=2.0, pool=kept)
    try:
        session.begin()
        session.path.write_text(ENDLESS)
        assert session.verdict().state == TIMED_OUT
    finally:
        session.loop.close()


def test_the_loop_follows_to_another_kata_that_is_saved(session):
    session.begin()
    session.other.write_text("def matmul(x, w):\n    return x @ w.T\n")
    judged = session.until(Judged)[-1]
    assert (judged.kata, judged.verdict.state) == (session.k05, RED)


def test_a_killed_fork_server_is_replaced(own_session):
    own_session.begin()
    os.kill(own_session.loop._pool._server._process.pid, signal.SIGKILL)
    own_session.path.write_text(RIGHT)
    assert own_session.verdict().state == GREEN


def test_a_killed_run_is_a_crash_and_the_next_one_is_judged(session):
    session.begin()
    session.path.write_text(RIGHT.replace("return x1 + x2", "import os; os.kill(os.getpid(), 9)"))
    assert session.verdict().state == CRASHED
    session.path.write_text(RIGHT)
    assert session.verdict().state == GREEN


def test_a_known_mistake_is_named_once_it_is_known(session):
    session.begin()
    session.path.write_text(WRONG + "\n")
    judged = session.until(Judged)[-1]
    found = judged.verdict.diagnosis or session.until(Diagnosed)[-1].diagnosis
    assert found == "x1 and x2 are subtracted, not added."


def test_closing_during_a_run_leaves_no_process(own_session):
    own_session.begin()
    own_session.path.write_text(ENDLESS)
    own_session.until(Started)
    hub = own_session.loop._pool._server._process
    own_session.loop.close()
    assert hub.poll() is not None
    loop = own_session.loop
    assert not loop._thread.is_alive()
    assert not loop._saves._thread.is_alive()


def test_a_loop_that_is_still_warming_up_can_be_closed(own_session):
    own_session.loop.follow(own_session.k03)
    own_session.loop.close()
    assert own_session.events.empty()
