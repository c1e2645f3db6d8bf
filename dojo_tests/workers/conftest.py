"""Helpers for the tests of workers: tiny workers without torch, and pools for the small dojo."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dojo.workers import standby as standby_module
from dojo.workers.fork_client import ForkServer
from dojo.workers.forked import ForkedWorker
from dojo.workers.pool import WorkerPool
from dojo.workers.worker import WorkerDied

ONE_OF = 8  # of so many tests of spawned workers one runs without --all-ways


def pytest_collection_modifyitems(config, items):
    """Run a sample of the tests of spawned workers, each of which imports torch anew."""
    here = Path(__file__).parent
    if config.getoption("--all-ways"):
        return
    left_out = [
        item
        for item in items
        if here in item.path.parents
        and "[spawn" in item.name
        and hashlib.sha256(item.name.encode()).digest()[0] % ONE_OF
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


class FakeSpawned:
    """A spawned worker without a process: it is ready, or has died, once a test says so."""

    started: list["FakeSpawned"]

    def __init__(self, arguments, folder, limit):
        self.arguments, self.folder, self.limit = arguments, folder, limit
        self.becomes_ready, self.failure = True, None
        self.is_waiting, self.is_closed = True, False
        self.started.append(self)

    def connect_if_ready(self):
        if self.failure is not None:
            raise WorkerDied(self.failure)
        return self.becomes_ready

    def close(self):
        self.is_closed = True


class SlowlySpawned(FakeSpawned):
    """One that is not ready until a test sets ``becomes_ready``."""

    def __init__(self, arguments, folder, limit):
        super().__init__(arguments, folder, limit)
        self.becomes_ready = False


@pytest.fixture
def spawned(monkeypatch):
    """The fakes that were started in place of spawned workers; each is ready at once."""
    FakeSpawned.started = []
    monkeypatch.setattr(standby_module, "SpawnedWorker", FakeSpawned)
    return FakeSpawned.started


@pytest.fixture
def slowly_spawned(spawned, monkeypatch):
    """The same; each is ready only once a test says so."""
    monkeypatch.setattr(standby_module, "SpawnedWorker", SlowlySpawned)
    return spawned


@pytest.fixture
def forked():
    """Makes a ``ForkedWorker`` of a serve function, and closes it at the end of the test."""
    workers = []

    def fork_worker(serve, limit=60.0):
        workers.append(ForkedWorker(serve, limit))
        return workers[-1]

    yield fork_worker
    for worker in workers:
        worker.close()


@pytest.fixture
def in_thread():
    """Calls a function in a thread; ``result()`` of what it returns waits for the end."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        yield threads.submit


@pytest.fixture
def run_python():
    """Starts Python on a text, in a session of its own; ended with the test."""
    started = []

    def start(code, **options):
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def tiny_fork_server(monkeypatch, tmp_path):
    """Starts a ``ForkServer`` whose process runs a text in place of pytest, so without torch."""
    servers = []

    def start(code):
        def start_python(_arguments, _root, lines, **options):
            return subprocess.Popen(
                [sys.executable, "-c", code], env={**os.environ, **lines}, **options
            )

        monkeypatch.setattr("dojo.workers.fork_client.start_pytest", start_python)
        servers.append(ForkServer(tmp_path))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session", params=["fork", "spawn"])
def small_pool(request, small_dojo):
    """A pool for the small dojo, of each kind."""
    if request.param == "fork" and not sys.platform.startswith("linux"):
        pytest.skip("forks on Linux only")
    pool = WorkerPool(small_dojo, request.param)
    yield pool
    pool.close()
