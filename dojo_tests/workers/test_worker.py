"""A worker as its parent sees it: requests, answers, time, death and the end."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dojo.workers.lifetime import reap
from dojo.workers.protocol import answer, requests
from dojo.workers.worker import Worker, WorkerDied, WorkerStuck

KILLED = "(killed: out of memory, or over a limit that your file sets?)"
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),  # beside xdist's threads
]
HERE = Path(__file__)


def echo(connection):
    for request in requests(connection):
        time.sleep({"hang": 99, "slow": 0.3}.get(request, 0) if isinstance(request, str) else 0)
        answer(connection, request)


def answer_twice(connection):
    for request in requests(connection):
        answer(connection, request)
        answer(connection, request)


def exit_with_7(_connection):
    os._exit(7)


def exit_after_a_request(connection):
    next(requests(connection))
    os._exit(0)


def fail(_connection):
    raise ZeroDivisionError


def kill_itself(_connection):
    os.kill(os.getpid(), signal.SIGKILL)


def crash(_connection):
    os.kill(os.getpid(), signal.SIGSEGV)


def cut_the_line(connection):
    connection.close()
    time.sleep(99)


def start_a_grandchild(connection):
    for _ in requests(connection):
        answer(connection, subprocess.Popen(["sleep", "99"]).pid)


def send(message, with_id=False):
    """A worker that sends one message in the frame of multiprocessing, and waits."""

    def serve(connection):
        connection.receive()
        beginning = connection._run_id if with_id else b""
        connection._connection.send_bytes(beginning + message)
        time.sleep(99)

    return serve


def write(raw):
    """A worker that writes bytes on its line, and waits."""

    def serve(connection):
        connection.receive()
        os.write(connection._connection.fileno(), raw)
        time.sleep(99)

    return serve


NO_ANSWER = "the process sent something that is no answer of the judge"


def line_in(function):
    """The only line of a function's body."""
    return function.__code__.co_firstlineno + 1


def test_ask_sends_a_request_and_gives_its_answer(forked):
    worker = forked(echo)
    assert worker.ask({"a": [1, None, "é"]}) == {"a": [1, None, "é"]}
    assert worker.ask("again") == "again"


def test_receive_gives_several_answers_to_one_request(forked):
    worker = forked(answer_twice)
    worker.send(1)
    assert [worker.receive(), worker.receive()] == [1, 1]


def test_a_worker_has_a_process_of_its_own(forked):
    def send_pid(connection):
        for _ in requests(connection):
            answer(connection, [os.getpid(), os.getpgid(0), sys.stdin is not None])

    pid, group, _ = forked(send_pid).ask("who?")
    assert pid != os.getpid()
    assert group == pid


def test_a_worker_reads_nothing_from_stdin(forked):
    def read(connection):
        for _ in requests(connection):
            answer(connection, len(os.read(0, 9)))

    assert forked(read).ask("read") == 0


# ---------------------------------------------------------------- time


def test_a_worker_without_an_answer_in_time_is_stuck(forked):
    worker = forked(echo, limit=0.2)
    with pytest.raises(WorkerStuck, match=r"^not finished after 0.2 s$"):
        worker.ask("hang")


def test_a_stuck_worker_is_ended(forked, ends):
    worker = forked(echo, limit=0.1)
    with pytest.raises(WorkerStuck):
        worker.ask("hang")
    assert ends(worker._pid)


def test_the_clock_runs_from_the_first_request_on(forked):
    worker = forked(echo)
    assert worker.ask(1) == 1
    worker.limit = 0.0
    assert worker.ask("slow") == "slow"  # the time of the first request still runs


def test_restart_clock_gives_the_next_request_the_whole_limit(forked):
    worker = forked(echo)
    worker.ask(1)
    worker.limit = 0.0
    worker.restart_clock()
    with pytest.raises(WorkerStuck, match=r"^not finished after 0 s$"):
        worker.ask("slow")


# ---------------------------------------------------------------- death


@pytest.mark.parametrize(
    "serve, words",
    [
        (exit_with_7, "the process was ended with exit code 7 before the check had finished"),
        (
            exit_after_a_request,
            "the process was ended with exit code 0 before the check had finished",
        ),
        (fail, "the process was ended with exit code 1 before the check had finished"),
        (
            kill_itself,
            f"the process died of SIGKILL {KILLED}",
        ),
        (crash, "the process died of SIGSEGV (segmentation fault)"),
        (cut_the_line, "the process cut its line to the judge"),
        (send(b"hello"), NO_ANSWER),
        (send(b""), NO_ANSWER),
        (send(b"x" * 5_000_000), NO_ANSWER),
        (send(b"[" * 100_000, with_id=True), NO_ANSWER),
        (send(b"1" * 100_000, with_id=True), NO_ANSWER),
        (write(b"\x00\x00\x10\x00{"), NO_ANSWER),
        (write(b"\xff\xff\xff\xff" + b"\x7f" * 8), NO_ANSWER),
        (write(b"\x7f\xff\xff\xff"), NO_ANSWER),
    ],
)
def test_a_worker_that_ends_without_an_answer_says_how(forked, serve, words):
    with pytest.raises(WorkerDied) as died:
        forked(serve).ask("hello")
    assert str(died.value) == words


def test_a_request_to_a_dead_worker_says_how_it_died(forked, until):
    worker = forked(kill_itself)
    assert until(lambda: not worker.is_waiting)  # its end of the line is closed
    with pytest.raises(WorkerDied, match="SIGKILL"):
        worker.send("x" * 10_000_000)


def test_a_line_that_a_grandchild_holds_open_does_not_outlast_the_process(forked):
    def leave_the_line_to_a_child(_connection):
        if os.fork() == 0:
            os.setsid()
            time.sleep(99)
        os._exit(3)

    with pytest.raises(WorkerDied, match="exit code 3"):
        forked(leave_the_line_to_a_child).ask("hello")


def test_an_answer_that_was_sent_before_the_end_counts(forked, until):
    def answer_and_leave_the_line(connection):
        answer(connection, connection.receive())
        if os.fork() == 0:
            time.sleep(99)

    worker = forked(answer_and_leave_the_line)
    worker.send("hello")
    assert until(lambda: worker._exit_code() == 0)
    assert worker.receive() == "hello"


def test_a_worker_cannot_reach_the_line_of_another(forked):
    def write_on_every_line(connection):
        for _ in requests(connection):
            for number in range(3, 64):
                if number != connection._connection.fileno():
                    with contextlib.suppress(OSError):
                        os.write(number, b"garbage")
            answer(connection, "done")

    one = forked(echo)
    assert forked(write_on_every_line).ask("go") == "done"
    assert one.ask("hello") == "hello"


def test_what_left_the_session_of_a_worker_is_ended(forked, ends):
    def start_a_daemon(connection):
        connection.receive()
        read, write = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(write, str(os.getpid()).encode())
                time.sleep(99)
            os._exit(0)
        answer(connection, int(os.read(read, 20)))

    worker = forked(start_a_daemon)
    worker.send("go")
    daemon = worker.receive()
    worker.close()
    reap()
    assert ends(daemon)


def test_the_end_of_a_worker_leaves_other_children_alone(forked, run_python):
    before = run_python("import time; time.sleep(99)")
    worker = forked(echo)
    worker.ask("hello")
    beside = subprocess.Popen(["sleep", "99"])
    worker.close()
    reap()
    assert before.poll() is None
    assert beside.poll() is None
    beside.kill()
    beside.wait()


# ---------------------------------------------------------------- stuck_at


def test_stuck_at_gives_the_line_on_which_a_worker_hangs(forked):
    def hang(_connection):
        time.sleep(99)

    worker = forked(hang, limit=0.2)
    with pytest.raises(WorkerStuck):
        worker.ask("hello")
    assert worker.stuck_at(HERE) == line_in(hang)


def test_stuck_at_gives_the_line_on_which_a_worker_crashed(forked):
    worker = forked(crash)
    with pytest.raises(WorkerDied):
        worker.ask("hello")
    assert worker.stuck_at(HERE) == line_in(crash)


def test_stuck_at_gives_the_innermost_of_several_lines(forked):
    def outer(_connection):
        inner()

    def inner():
        time.sleep(99)

    worker = forked(outer, limit=0.2)
    with pytest.raises(WorkerStuck):
        worker.ask("hello")
    assert worker.stuck_at(HERE) == line_in(inner)


def test_stuck_at_is_0_for_a_file_that_is_not_in_the_stack(forked):
    worker = forked(crash)
    with pytest.raises(WorkerDied):
        worker.ask("hello")
    assert worker.stuck_at(Path("/other.py")) == 0


def test_stuck_at_is_0_for_a_worker_that_waits(forked):
    assert forked(echo).stuck_at(HERE) == 0


# ---------------------------------------------------------------- waiting, dropping, closing


def test_is_waiting_is_true_of_a_silent_worker_only(forked, until):
    worker = forked(echo)
    assert worker.is_waiting
    worker.send(1)
    assert until(lambda: not worker.is_waiting)  # its answer has come
    worker.receive()
    assert worker.is_waiting


def test_is_waiting_is_false_of_a_dead_worker(forked, until):
    worker = forked(exit_with_7)
    assert until(lambda: not worker.is_waiting)


def test_a_worker_that_another_thread_has_reaped_was_killed(forked):
    worker = forked(echo)
    worker.send("hang")
    os.kill(worker._pid, signal.SIGKILL)
    os.waitpid(worker._pid, 0)
    with pytest.raises(WorkerDied, match="SIGKILL"):
        worker.receive()


def test_drop_from_another_thread_ends_the_wait_for_an_answer(forked):
    worker = forked(echo)
    worker.send("hang")
    thread = threading.Thread(target=worker.drop)
    thread.start()
    with pytest.raises(WorkerDied, match="SIGKILL"):
        worker.receive()
    thread.join()
    assert worker.was_dropped


def test_a_worker_that_is_closed_was_not_dropped(forked):
    worker = forked(echo)
    worker.close()
    assert not worker.was_dropped


def test_close_ends_the_process(forked, ends):
    worker = forked(echo)
    worker.send("hang")
    worker.close()
    assert ends(worker._pid)


def test_close_ends_the_process_group(forked, ends):
    worker = forked(start_a_grandchild)
    grandchild = worker.ask("start")
    worker.close()
    assert ends(grandchild)


def test_close_ends_the_group_of_a_worker_that_ended_by_itself(forked, ends):
    def leave_a_grandchild(connection):
        connection.receive()
        answer(connection, subprocess.Popen(["sleep", "99"]).pid)

    worker = forked(leave_a_grandchild)
    worker.send("start")
    grandchild = worker.receive()
    with pytest.raises(WorkerDied, match="exit code 0"):
        worker.receive()
    worker.close()
    assert ends(grandchild)


def test_close_may_be_called_twice(forked):
    worker = forked(echo)
    worker.close()
    worker.close()


def test_a_worker_does_not_say_how_it_is_made():
    plain = Worker(None, open(os.devnull, "rb"), 1.0)  # noqa: SIM115, PTH123 - it owns the file
    assert not plain.is_waiting
    with pytest.raises(NotImplementedError):
        plain.close()
    plain._notes.close()
