"""A pool has warm workers for the small dojo, of both kinds, and starts new ones when it must."""

import signal
import sys
from pathlib import Path

import pytest

from dojo.course.katas import Kata
from dojo.workers import pool as pool_module
from dojo.workers import standby as standby_module
from dojo.workers.fork_client import CannotFork, ForkServerDied
from dojo.workers.pool import WorkerPool
from dojo.workers.protocol import open_request
from dojo.workers.worker import WorkerDied

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")


class FakeServer:
    """A fork server without a process: it fails as told, then hands out its own name."""

    started: list["FakeServer"]
    failures: list[type[Exception]]

    def __init__(self, root):
        self.root, self.is_alive, self.is_closed = root, True, False
        self.started.append(self)

    def wait_until_ready(self):
        if self.failures:
            raise self.failures.pop(0)

    def fork(self, limit):
        self.wait_until_ready()
        return f"forked by {self.started.index(self)} for {limit:g} s"

    def close(self):
        self.is_closed = True


@pytest.fixture
def servers(monkeypatch):
    FakeServer.started, FakeServer.failures = [], []
    monkeypatch.setattr(pool_module, "ForkServer", FakeServer)
    return FakeServer.started


# ---------------------------------------------------------------- which process is started when


def test_a_pool_forks_on_linux_unless_told_otherwise(servers, spawned, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert WorkerPool(Path()).kind == "fork"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert WorkerPool(Path()).kind == "spawn"


def test_a_forking_pool_starts_one_server_at_once(servers):
    pool = WorkerPool(Path("root"), "fork")
    pool.start()
    assert [server.root for server in servers] == [Path("root")]


def test_a_forking_pool_gets_workers_from_its_server(servers):
    pool = WorkerPool(Path(), "fork")
    assert [pool.get(3), pool.get(4)] == ["forked by 0 for 3 s", "forked by 0 for 4 s"]


def test_a_spawning_pool_hands_out_its_standby_with_the_limit(spawned):
    pool = WorkerPool(Path("root"), "spawn")
    worker = pool.get(3.0)
    assert worker is spawned[0]
    assert (worker.arguments, worker.folder, worker.limit) == ([], Path("root"), 3.0)


def test_a_spawning_pool_starts_one_worker_and_more_only_when_it_is_told(spawned):
    pool = WorkerPool(Path(), "spawn")
    pool.get(1.0)
    assert len(spawned) == 1
    assert pool.start()
    assert len(spawned) == 2


def test_start_starts_one_worker_after_another_until_enough_stand_ready(spawned, monkeypatch):
    monkeypatch.setattr(standby_module, "room_for_more", lambda standing: standing < 3)
    pool = WorkerPool(Path(), "spawn")
    assert [pool.start(), pool.start(), pool.start()] == [True, True, False]
    assert (pool.count_ready(), len(spawned)) == (3, 3)


def test_a_fork_server_has_more_workers_than_anyone_asks_for(servers):
    pool = WorkerPool(Path(), "fork")
    assert not pool.start()
    assert pool.count_ready() > 1000


def test_a_pool_tries_a_new_server_once_where_the_first_has_died(servers):
    pool = WorkerPool(Path(), "fork")
    FakeServer.failures = [ForkServerDied]
    assert pool.get(1) == "forked by 1 for 1 s"
    assert servers[0].is_closed


def test_a_pool_gives_up_where_the_second_server_dies_too(servers):
    pool = WorkerPool(Path(), "fork")
    FakeServer.failures = [ForkServerDied, ForkServerDied]
    with pytest.raises(ForkServerDied):
        pool.get(1)


def test_a_pool_spawns_where_the_server_cannot_fork(servers, spawned):
    pool = WorkerPool(Path(), "fork")
    FakeServer.failures = [CannotFork]
    assert pool.get(1.0) is spawned[0]
    assert (pool.kind, servers[0].is_closed) == ("spawn", True)


def test_wait_until_ready_spawns_where_the_server_cannot_fork(servers, spawned):
    pool = WorkerPool(Path(), "fork")
    FakeServer.failures = [CannotFork]
    pool.wait_until_ready()
    assert (pool.kind, pool.count_ready()) == ("spawn", 1)


def test_has_died_tells_of_a_server_that_was_killed(servers):
    pool = WorkerPool(Path(), "fork")
    assert not pool.has_died
    servers[0].is_alive = False
    assert pool.has_died


def test_restart_ends_the_server_and_starts_another(servers):
    pool = WorkerPool(Path(), "fork")
    pool.restart()
    assert [server.is_closed for server in servers] == [True, False]


def test_restart_ends_ready_and_starting_workers_and_starts_one(spawned):
    pool = WorkerPool(Path(), "spawn")
    pool.start()  # the first is ready, and the second starts
    pool.restart()
    assert [worker.is_closed for worker in spawned] == [True, True, False]
    assert pool.get(1.0) is spawned[2]


def test_close_wakes_a_thread_that_waits_for_a_worker(slowly_spawned, in_thread):
    pool = WorkerPool(Path(), "spawn")
    waiting = in_thread(pool.get, 1.0)
    pool.close()
    with pytest.raises(ForkServerDied, match="it was closed"):
        waiting.result()
    assert [worker.is_closed for worker in slowly_spawned] == [True]


@pytest.mark.parametrize("kind", ["fork", "spawn"])
def test_a_closed_pool_starts_nothing_more(servers, spawned, kind):
    pool = WorkerPool(Path(), kind)
    pool.close()
    pool.start()
    with pytest.raises(ForkServerDied, match="it was closed"):
        pool.get(1.0)
    assert [one.is_closed for one in [*servers, *spawned]] == [True]


# ---------------------------------------------------------------- with real processes


def test_a_worker_of_the_pool_has_the_checks_collected(small_pool, small_dojo):
    worker = small_pool.get(60.0)
    try:
        plan = worker.ask(open_request(Kata("first/k01_double", small_dojo), small_dojo / "katas"))
        assert len(plan["plan"]) == 12
        assert {one["check"]["file"] for one in plan["plan"]} == {"katas/first/k01_double.py"}
    finally:
        worker.close()
        small_pool.start()


def test_a_worker_of_the_pool_ends_when_it_is_closed(small_pool, ends):
    small_pool.wait_until_ready()
    worker = small_pool.get(60.0)
    worker.close()
    small_pool.start()
    if sys.platform.startswith("linux"):
        assert ends(worker._pid)


def test_a_spawning_pool_is_closed_while_its_worker_starts(small_dojo):
    pool = WorkerPool(small_dojo, "spawn")
    process = pool._standby._starting._process
    pool.close()
    assert process.poll() is not None


@linux_only
def test_a_pool_whose_server_is_killed_gets_another(small_dojo):
    pool = WorkerPool(small_dojo, "fork")
    try:
        pool.wait_until_ready()
        if pool.kind != "fork":
            pytest.skip("cannot fork beside a real GPU")
        pool._server._process.send_signal(signal.SIGKILL)
        pool._server._process.wait()
        assert pool.has_died
        worker = pool.get(60.0)
        assert not pool.has_died
        worker.close()
    finally:
        pool.close()


@linux_only
def test_a_dojo_whose_checks_cannot_be_collected_says_why(own_dojo):
    (own_dojo / "conftest.py").write_text("raise SystemError('broken conftest')\n")
    pool = WorkerPool(own_dojo, "fork")
    try:
        with pytest.raises(ForkServerDied, match="broken conftest"):
            pool.wait_until_ready()
    finally:
        pool.close()


def test_a_spawned_worker_that_cannot_start_is_dead(own_dojo):
    (own_dojo / "conftest.py").write_text("raise SystemError('broken conftest')\n")
    pool = WorkerPool(own_dojo, "spawn")
    try:
        with pytest.raises(WorkerDied, match="exit code 4"):
            pool.wait_until_ready()
    finally:
        pool.close()
