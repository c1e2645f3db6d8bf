"""The fork server, with tiny workers in place of the judge."""

import os
import signal
import sys
import threading
import time

import pytest

from dojo.workers.fork_client import CannotFork, ForkServerDied
from dojo.workers.worker import WorkerDied, WorkerStuck

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a fork server is for Linux only"
)
HERE = __file__

# a server whose workers do what the request says
OBEYS = """
import os, subprocess, sys, time
from dojo.workers import fork_server
from dojo.workers.protocol import answer, requests

preloads = []

def serve(connection):
    for request in requests(connection):
        if request == "hang":
            time.sleep(99)
        if request == "exit":
            os._exit(7)
        if request == "orphan":
            process = subprocess.Popen(["sleep", "99"], start_new_session=True)
            answer(connection, process.pid)
        elif request == "who":
            answer(connection, [os.getpid(), os.getppid()])
        else:
            answer(connection, [request, len(preloads)])

def preload():
    preloads.append(1)
    print("preloaded", flush=True)
    yield

fork_server._IDLE = IDLE
fork_server.run_fork_server(serve, preload())
"""
REFUSES = "from dojo.workers.fork_server import refuse\nrefuse()"
BREAKS = "import sys\nsys.exit('no such module: torch')"


@pytest.fixture
def server(tiny_fork_server):
    return tiny_fork_server(OBEYS.replace("IDLE = IDLE", "IDLE = 99"))


@pytest.fixture
def fork(server):
    """Forks a worker, and closes it at the end of the test."""
    workers = []

    def fork_worker(limit=60.0):
        workers.append(server.fork(limit))
        return workers[-1]

    yield fork_worker
    for worker in workers:
        worker.close()


def test_a_forked_worker_answers(fork):
    assert fork().ask("hello")[0] == "hello"


def test_each_worker_is_a_child_of_the_server(fork, server):
    first, second = (fork().ask("who") for _ in range(2))
    assert first[0] != second[0]
    assert first[1] == second[1] == server._process.pid


def test_workers_run_beside_each_other(fork):
    one, other = fork(), fork()
    one.send("hang")
    assert other.ask("hello")[0] == "hello"


def test_a_worker_that_exits_says_how(fork):
    with pytest.raises(WorkerDied, match="exit code 7"):
        fork().ask("exit")


def test_a_worker_without_an_answer_in_time_is_stuck(fork):
    with pytest.raises(WorkerStuck, match=r"not finished after 0.2 s"):
        fork(limit=0.2).ask("hang")


def test_a_worker_that_is_dropped_says_that_it_was_killed(fork):
    worker = fork()
    worker.send("hang")
    thread = threading.Thread(target=worker.drop)
    thread.start()
    with pytest.raises(WorkerDied, match="SIGKILL"):
        worker.receive()
    thread.join()


def test_close_ends_a_worker_and_what_left_its_group(fork, ends):
    worker = fork()
    pid, orphan = worker.ask("who")[0], worker.ask("orphan")
    worker.close()
    assert ends(pid)
    assert ends(orphan)


def test_the_end_of_one_worker_leaves_the_other_running(fork):
    one, other = fork(), fork()
    one.close()
    assert other.ask("hello")[0] == "hello"


def test_a_running_worker_has_no_exit_code(fork):
    worker = fork()
    worker.send("hang")
    assert worker._exit_code() is None


def test_a_server_that_an_answer_stopped_goes_on(fork, server):
    fork().ask("hello")
    os.kill(server._process.pid, signal.SIGSTOP)
    assert fork().ask("hello")[0] == "hello"


def test_a_server_that_was_stopped_can_be_closed(fork, server, ends):
    pid, orphan = fork().ask("who")[0], fork().ask("orphan")
    os.kill(server._process.pid, signal.SIGSTOP)
    server.close()
    assert ends(pid)
    assert ends(orphan)


def test_a_worker_is_ended_while_the_server_is_busy(tiny_fork_server, ends, until):
    busy = OBEYS.replace("IDLE = IDLE", "IDLE = 0.01").replace(
        'print("preloaded", flush=True)', 'print("preloaded", flush=True); time.sleep(99)'
    )
    server = tiny_fork_server(busy)
    worker = server.fork(0.2)
    assert until(lambda: "preloaded" in server._end_of_output())
    with pytest.raises(WorkerStuck):
        worker.ask("hang")
    assert ends(worker._pid)
    worker.close()
    server._process.kill()


def test_the_server_has_a_worker_to_spare_while_it_preloads(tiny_fork_server, until):
    busy = OBEYS.replace("IDLE = IDLE", "IDLE = 0.01").replace(
        'print("preloaded", flush=True)', 'print("preloaded", flush=True); time.sleep(99)'
    )
    server = tiny_fork_server(busy)
    server.wait_until_ready()
    assert until(lambda: "preloaded" in server._end_of_output())
    worker = server.fork(60.0)
    assert worker.ask("how often?") == ["how often?", 0]
    worker.close()
    server._process.kill()


def test_a_fork_waits_for_one_step_of_the_preload_only(tiny_fork_server, until):
    steps = OBEYS.replace("IDLE = IDLE", "IDLE = 0.01").replace(
        "    yield\n", "    yield\n    while True:\n        preloads.append(1)\n        yield\n"
    )
    server = tiny_fork_server(steps)
    server.wait_until_ready()
    assert until(lambda: "preloaded" in server._end_of_output())

    def steps_taken():
        time.sleep(0.2)  # many times as long as the server waits for a request
        worker = server.fork(60.0)
        try:
            return worker.ask("how often?")[1]
        finally:
            worker.close()

    assert until(lambda: steps_taken() > 1)
    server._process.kill()


def test_a_server_that_was_closed_before_it_was_ready_says_so(server):
    server.close()
    with pytest.raises(ForkServerDied, match="it was closed"):
        server.fork(1.0)


def test_the_server_preloads_once_when_no_request_comes_in(tiny_fork_server, until):
    server = tiny_fork_server(OBEYS.replace("IDLE = IDLE", "IDLE = 0.01"))
    server.wait_until_ready()
    assert until(lambda: "preloaded" in server._end_of_output())
    server.fork(60.0).close()  # that was perhaps made before
    for _ in range(2):
        worker = server.fork(60.0)
        assert worker.ask("how often?")[1] == 1
        worker.close()


def test_close_ends_the_server_and_its_workers(fork, server, ends):
    pid = fork().ask("who")[0]
    assert server.is_alive
    server.close()
    assert not server.is_alive
    assert ends(pid)


def test_a_server_that_loses_its_line_ends_its_workers(fork, server, ends):
    pid = fork().ask("who")[0]
    server._ours.close()
    assert ends(pid)
    assert server._process.wait(20) == 0


def test_workers_die_with_a_server_that_is_killed(fork, server, ends):
    pid = fork().ask("who")[0]
    server._process.kill()
    assert ends(pid)


def test_a_worker_of_a_dead_server_counts_as_killed(fork, server):
    worker = fork()
    worker.ask("hello")  # it has tied itself to the server by now
    worker.send("hang")
    server._process.kill()
    server._process.wait()
    with pytest.raises(WorkerDied, match="SIGKILL"):
        worker.receive()


def test_a_server_that_cannot_start_gives_the_end_of_its_output(tiny_fork_server):
    server = tiny_fork_server(BREAKS)
    with pytest.raises(ForkServerDied, match="no such module: torch"):
        server.fork(1.0)


def test_a_request_to_a_killed_server_raises(server):
    server.wait_until_ready()
    server._process.kill()
    server._process.wait()
    with pytest.raises(ForkServerDied):
        server.fork(1.0)


def test_a_server_that_is_closed_says_so(server):
    server.wait_until_ready()
    server.close()
    with pytest.raises(ForkServerDied, match="it was closed"):
        server.fork(1.0)


def test_refuse_makes_the_client_raise_cannot_fork(tiny_fork_server):
    server = tiny_fork_server(REFUSES)
    with pytest.raises(CannotFork):
        server.wait_until_ready()
