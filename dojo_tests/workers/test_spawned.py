"""A spawned worker is connected once its process calls, and is dead if that ends before."""

import subprocess
import sys

import pytest

from dojo.workers import spawned as spawned_module
from dojo.workers.pytest_process import start_pytest
from dojo.workers.spawned import SpawnedWorker
from dojo.workers.worker import WorkerDied

SERVES = (
    "from dojo.workers.spawned import connect\n"
    "end = connect()\n"
    "while True:\n"
    "    end.send(end.receive())\n"
)


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Starts a ``SpawnedWorker`` whose process runs a text in place of pytest, so without torch."""
    workers = []

    def start_python(code):
        def start_process(_arguments, folder, lines):
            monkeypatch.setattr(
                "dojo.workers.pytest_process.bound_pytest", lambda _: [sys.executable, "-c", code]
            )
            monkeypatch.setattr("dojo.workers.pytest_process._BARE", ())
            return start_pytest([], folder, lines)

        monkeypatch.setattr(spawned_module, "start_pytest", start_process)
        workers.append(SpawnedWorker([], tmp_path, 60.0))
        return workers[-1]

    yield start_python
    for worker in workers:
        worker.close()


def test_the_first_request_waits_until_the_process_calls(start):
    assert start(f"import time; time.sleep(0.2)\n{SERVES}").ask("hello") == "hello"


def test_it_is_not_ready_before_the_process_calls(start):
    worker = start("import time; time.sleep(1000)")
    assert not worker.connect_if_ready()
    assert not worker.is_waiting


def test_it_is_ready_once_the_process_has_called(start, until):
    worker = start(SERVES)
    assert until(worker.connect_if_ready)
    assert worker.is_waiting
    assert worker.connect_if_ready()


def test_a_process_that_ends_before_it_calls_is_dead(start):
    worker = start("raise SystemExit(4)")
    with pytest.raises(WorkerDied, match="exit code 4"):
        worker.wait_until_ready()


def test_a_process_that_never_calls_is_dead_after_a_while(start, monkeypatch):
    monkeypatch.setattr(spawned_module, "_START_LIMIT", 0.0)
    worker = start("import time; time.sleep(1000)")
    with pytest.raises(WorkerDied, match="SIGKILL" if sys.platform != "win32" else "exit code"):
        worker.wait_until_ready()
    assert worker._process.poll() is not None


def test_a_process_that_does_not_know_the_key_is_dead(start):
    worker = start(
        SERVES.replace(
            "end = connect()", "import os; os.environ['DOJO_SERVE_KEY'] = '00'\nend = connect()"
        )
    )
    with pytest.raises(WorkerDied):
        worker.wait_until_ready()


def test_where_the_listener_cannot_be_asked_the_process_leaves_a_note(start, until, monkeypatch):
    monkeypatch.setattr(spawned_module, "_socket_of", lambda _listener: None)  # as on Windows
    worker = start(f"import time; time.sleep(0.2)\n{SERVES}")
    assert not worker.connect_if_ready()
    assert until(worker.connect_if_ready)
    assert worker.ask("hello") == "hello"


def test_it_can_be_closed_while_it_starts(start):
    worker = start("import time; time.sleep(1000)")
    worker.close()
    assert isinstance(worker._process, subprocess.Popen)
    assert worker._process.poll() is not None
