"""The loop judges what was saved, however it was saved, and only the latest."""

import os
import queue
import signal
import threading
import time

import pytest

from dojo.course.katas import Kata
from dojo.verdict.model import CRASHED, GREEN, RED, TIMED_OUT
from dojo.watch import loop as loop_module
from dojo.watch.events import Checked, Diagnosed, Judged, Started, as_json
from dojo.watch.loop import Loop
from dojo.workers.pool import WorkerPool

_PATIENCE = 30.0  # seconds for what takes one on a quiet machine
RIGHT = "def add(x1, x2):\n    return x1 + x2\n\n\ndef add_(x1, x2):\n    return x1.add_(x2)\n"
SUBTRACTS = RIGHT.replace("x1 + x2", "x1 - x2")  # as an impostor does
WRONG = RIGHT.replace("x1 + x2", "x1 * x2 - 7")  # as no impostor does, so that no diagnosis comes
ENDLESS = RIGHT.replace("return x1 + x2", "while True: pass")


class WatchedLoop:
    """A loop over a folder with answers to two katas, and the events that it reports.

    Attributes:
        path: the answer to first/k02_add, which is judged first.
        other_path: the answer to first/k01_double.
    """

    def __init__(self, root, folder, limit=60.0, pool=None):
        self.add, self.double = Kata("first/k02_add", root), Kata("first/k01_double", root)
        self.path = self.add.solution_in(folder)
        self.other_path = self.double.solution_in(folder)
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(WRONG)
        self.other_path.write_text("def double(x):\n    return x * 2\n")
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
        self.loop.follow(self.add)
        verdict = self.verdict()
        time.sleep(0.3)  # the operating system begins to tell of saves
        return verdict


class PoolThatStaysOpen(WorkerPool):
    """Stays warm for the next test when a loop closes it."""

    def close(self):
        pass


@pytest.fixture(scope="module")
def warm_pool(small_dojo):
    pool = PoolThatStaysOpen(small_dojo)
    yield pool
    WorkerPool.close(pool)


@pytest.fixture
def watched(small_dojo, tmp_path, warm_pool):
    """A watched loop that shares its workers with other tests."""
    watched = WatchedLoop(small_dojo, tmp_path, pool=warm_pool)
    yield watched
    watched.loop.close()


@pytest.fixture
def watched_alone(small_dojo, tmp_path):
    """A watched loop with workers of its own."""
    watched = WatchedLoop(small_dojo, tmp_path)
    yield watched
    watched.loop.close()


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


def test_a_kata_is_judged_at_once_and_then_at_each_save(watched):
    assert watched.begin().state == RED
    for save in WAYS_TO_SAVE:
        save(watched.path, RIGHT)
        assert watched.verdict().state == GREEN
        save(watched.path, WRONG)
        assert watched.verdict().state == RED


def test_events_come_in_order_and_each_check_has_one(watched):
    watched.begin()
    watched.path.write_text(RIGHT)
    started, *checked, judged = watched.until(Judged)
    assert isinstance(started, Started)
    assert {type(event) for event in checked} == {Checked}
    assert tuple(event.check for event in checked) == judged.verdict.checks
    assert len(started.checks) == len(checked)
    assert [as_json(event)["event"] for event in (started, checked[0], judged)] == [
        "started",
        "check",
        "verdict",
    ]


def test_the_second_of_two_saves_within_a_second_is_judged(watched):
    watched.begin()
    same_size = RIGHT.replace("x1 + x2", "x1 / x2")
    watched.path.write_text(same_size)
    watched.path.write_text(RIGHT)
    assert len(same_size) == len(RIGHT)
    verdict = watched.verdict()
    while verdict.state != GREEN:  # the first may have been judged in between
        verdict = watched.verdict()


def test_a_link_is_followed_to_what_was_saved(small_dojo, tmp_path, warm_pool):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "answers"
    elsewhere.mkdir()
    folder.mkdir()
    (elsewhere / "mine.py").write_text(WRONG)
    path = folder / "first" / "k02_add.py"
    path.parent.mkdir()
    path.symlink_to(elsewhere / "mine.py")
    watched = WatchedLoop(small_dojo, folder, pool=warm_pool)
    try:
        assert watched.begin().state == RED
        (elsewhere / "mine.py").write_text(RIGHT)
        assert watched.verdict().state == GREEN
    finally:
        watched.loop.close()


def test_a_save_ends_the_run_that_is_under_way(watched):
    watched.begin()
    watched.path.write_text(ENDLESS)
    watched.until(Started)
    time.sleep(0.3)  # it has come to the endless loop
    watched.path.write_text(RIGHT)
    assert watched.verdict().state == GREEN


def test_an_endless_loop_is_ended_in_time(small_dojo, tmp_path, warm_pool):
    watched = WatchedLoop(small_dojo, tmp_path, limit=2.0, pool=warm_pool)
    try:
        watched.begin()
        watched.path.write_text(ENDLESS)
        assert watched.verdict().state == TIMED_OUT
    finally:
        watched.loop.close()


def test_the_loop_follows_to_another_kata_that_is_saved(watched):
    watched.begin()
    watched.other_path.write_text("def double(x):\n    return x * 3\n")
    judged = watched.until(Judged)[-1]
    assert (judged.kata, judged.verdict.state) == (watched.double, RED)


def test_a_killed_fork_server_is_replaced(watched_alone):
    watched_alone.begin()
    os.kill(watched_alone.loop._pool._server._process.pid, signal.SIGKILL)
    watched_alone.path.write_text(RIGHT)
    assert watched_alone.verdict().state == GREEN


def test_an_answer_that_kills_the_fork_server_is_a_crash(watched_alone):
    watched_alone.begin()
    kills = "import ctypes, os, time; ctypes.CDLL(None).kill(os.getppid(), 9); time.sleep(60)"
    watched_alone.path.write_text(RIGHT.replace("return x1 + x2", kills))
    assert watched_alone.verdict().state == CRASHED
    watched_alone.path.write_text(RIGHT)
    assert watched_alone.verdict().state == GREEN


def test_a_killed_run_is_a_crash_and_the_next_one_is_judged(watched):
    watched.begin()
    watched.path.write_text(RIGHT.replace("return x1 + x2", "import os; os.kill(os.getpid(), 9)"))
    assert watched.verdict().state == CRASHED
    watched.path.write_text(RIGHT)
    assert watched.verdict().state == GREEN


def test_a_known_mistake_is_named_once_it_is_known(watched):
    watched.begin()
    watched.path.write_text(SUBTRACTS)
    judged = watched.until(Judged)[-1]
    found = judged.verdict.diagnosis or watched.until(Diagnosed)[-1].diagnosis
    assert found == "x1 and x2 are subtracted, not added."


def test_closing_during_a_run_leaves_no_process(watched_alone):
    watched_alone.begin()
    watched_alone.path.write_text(ENDLESS)
    watched_alone.until(Started)
    fork_server = watched_alone.loop._pool._server._process
    watched_alone.loop.close()
    assert fork_server.poll() is not None
    loop = watched_alone.loop
    assert not loop._thread.is_alive()
    assert not loop._saves._thread.is_alive()


def test_a_loop_that_is_still_warming_up_can_be_closed(watched_alone):
    watched_alone.loop.follow(watched_alone.add)
    watched_alone.loop.close()
    assert watched_alone.events.empty()


@pytest.mark.skipif(os.name == "nt", reason="a shell of Linux and macOS")
def test_an_answer_that_changes_its_own_file_in_each_run_gets_a_verdict(watched):
    watched.begin()
    command = ["sh", "-c", 'echo "# more" >> "$0"']
    watched.path.write_text(f"import subprocess\nsubprocess.run([*{command}, __file__])\n{RIGHT}")
    assert watched.verdict().state == GREEN
    time.sleep(0.1)  # the time of a file may lie 10 ms back: no person saves that fast
    watched.path.write_text(WRONG)
    while watched.verdict().state != RED:
        pass


# ---------------------------------------------------------------- spawned workers


class HeldPool(WorkerPool):
    """A spawning pool over a fork server, so that no test imports torch anew.

    Its first worker is ready only once a test says so, as a spawned one that still imports torch.

    Attributes:
        is_waited_for: set once the loop waits for a worker.
        may_go_on: a test sets it when the worker may be ready.
        handed_out: how many workers the loop has got.
        ready: how many workers the loop is told are ready.
        restarts: how often the loop has had the workers replaced.
    """

    def __init__(self, root):
        self.is_waited_for, self.may_go_on = threading.Event(), threading.Event()
        self.handed_out, self.ready, self.restarts = [], 0, 0
        super().__init__(root, "fork")

    @property
    def kind(self):
        return "spawn"

    def wait_until_ready(self):
        self.is_waited_for.set()
        assert self.may_go_on.wait(_PATIENCE)
        super().wait_until_ready()

    def get(self, limit):
        self.handed_out.append(super().get(limit))
        return self.handed_out[-1]

    def count_ready(self):
        return self.ready

    def restart(self):
        self.restarts += 1
        super().restart()

    def close(self):
        self.may_go_on.set()
        super().close()


@pytest.fixture
def held(small_dojo, tmp_path):
    """A watched loop whose pool is held."""
    watched = WatchedLoop(small_dojo, tmp_path, pool=HeldPool(small_dojo))
    watched.pool = watched.loop._pool
    yield watched
    watched.loop.close()


def test_only_the_newest_save_is_judged_once_a_worker_is_ready(held):
    held.loop.follow(held.double)
    assert held.pool.is_waited_for.wait(_PATIENCE)
    held.loop.follow(held.double)
    held.loop.follow(held.add)
    held.path.write_text(RIGHT)
    held.pool.may_go_on.set()
    judged = held.until(Judged)[-1]
    assert (judged.kata, judged.verdict.state) == (held.add, GREEN)
    assert len(held.pool.handed_out) == 1


def test_a_worker_that_has_opened_the_kata_is_kept_for_a_newer_save_of_it(held):
    get = held.pool.get

    def save_meanwhile(limit):
        held.pool.get = get
        held.loop.follow(held.add)
        return get(limit)

    held.pool.get = save_meanwhile
    held.pool.may_go_on.set()
    assert held.begin().state == RED
    assert len(held.pool.handed_out) == 1


def test_a_check_that_changes_while_a_worker_is_waited_for_replaces_the_workers(held):
    held.loop.follow(held.add)
    assert held.pool.is_waited_for.wait(_PATIENCE)
    held.loop._judge_again_by_new_workers()
    held.pool.may_go_on.set()
    assert held.verdict().state == RED
    assert held.pool.restarts == 1
    assert len(held.pool.handed_out) == 1


def test_a_loop_is_closed_while_it_waits_for_a_worker(held):
    held.loop.follow(held.add)
    assert held.pool.is_waited_for.wait(_PATIENCE)
    held.loop.close()
    assert held.events.empty()


def test_a_spawned_worker_that_opens_the_kata_ahead_rehearses_the_verdict(held, monkeypatch):
    rehearsals = []
    opened = threading.Event()
    prepare = loop_module.prepare_worker

    def note(pool, kata, solutions, *others):
        rehearsals.append(others[-1])
        if len(rehearsals) == 2:
            opened.set()
        return prepare(pool, kata, solutions, *others)

    monkeypatch.setattr(loop_module, "prepare_worker", note)
    held.pool.ready = 2
    held.pool.may_go_on.set()
    held.begin()
    assert opened.wait(_PATIENCE)
    assert rehearsals == [False, True]


def test_spawned_workers_judge_save_after_save_and_a_close_ends_all(small_dojo, tmp_path):
    watched = WatchedLoop(small_dojo, tmp_path, pool=WorkerPool(small_dojo, "spawn"))
    try:
        assert watched.begin().state == RED
        watched.path.write_text(RIGHT)
        assert watched.verdict().state == GREEN
    finally:  # the next worker is starting
        standby = watched.loop._pool._standby
        watched.loop.close()
    assert standby.count_ready() == 0
    assert standby._starting is None
