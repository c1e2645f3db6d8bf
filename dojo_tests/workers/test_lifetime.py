"""Processes end with all that they started, and with their parents."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dojo.workers import lifetime
from dojo.workers.lifetime import (
    end_group,
    end_started,
    ending_in_words,
    kill_group,
    reap,
    reap_later,
    wait_a_moment,
)

KILLED = "(killed: out of memory, or over a limit that your file sets?)"
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals of Linux")


@pytest.fixture
def start():
    """Starts a command in a process group of its own, and gives its id; ended with the test."""
    started = []

    def start_command(*command):
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    yield start_command
    for process in started:
        process.kill()
        process.wait()


SLEEP = ("sleep", "99")
SLEEP_BESIDE_A_CHILD = ("sh", "-c", "sleep 99 & sleep 99")


def is_reaped(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def members_of(group):
    """The ids of the processes of a group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            its_group = int(stat.read_text().rpartition(")")[2].split()[2])
        except OSError:  # it has just ended
            continue
        if its_group == group:
            found.append(int(stat.parent.name))
    return found


def is_sleeping(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
    except OSError:
        return False


@pytest.mark.parametrize(
    "code, words",
    [
        (0, "the process was ended with exit code 0 before the check had finished"),
        (3, "the process was ended with exit code 3 before the check had finished"),
        (
            -9,
            f"the process died of SIGKILL {KILLED}",
        ),
        (-11, "the process died of SIGSEGV (segmentation fault)"),
        (-6, "the process died of SIGABRT"),
        (-99, "the process died of signal 99"),
        (None, "the process cut its line to the judge"),
    ],
)
def test_ending_in_words_says_how_a_process_ended(code, words):
    assert ending_in_words(code) == words


def test_wait_a_moment_gives_the_exit_code(start):
    assert wait_a_moment(start("sh", "-c", "exit 5").pid) == 5


def test_wait_a_moment_gives_the_signal_as_a_negative_number(start):
    process = start(*SLEEP)
    os.kill(process.pid, signal.SIGKILL)
    assert wait_a_moment(process.pid) == -signal.SIGKILL


def test_wait_a_moment_gives_none_for_what_runs_on(start, monkeypatch):
    monkeypatch.setattr(lifetime, "MOMENT", 0.01)
    assert wait_a_moment(start(*SLEEP).pid) is None


def test_kill_group_kills_the_process_and_what_it_started(start, until):
    process = start(*SLEEP_BESIDE_A_CHILD)
    assert until(lambda: len(members_of(process.pid)) > 1)
    members = members_of(process.pid)
    kill_group(process.pid, None)
    assert process.wait() == -signal.SIGKILL
    assert until(lambda: not any(is_sleeping(pid) for pid in members))


def test_kill_group_does_not_mind_a_process_that_is_gone(start):
    process = start("true")
    code = process.wait()
    kill_group(process.pid, code)


def test_end_group_reaps_the_process(start):
    process = start(*SLEEP)
    end_group(process.pid, None)
    assert is_reaped(process.pid)


def test_end_group_does_not_wait_for_a_process_that_was_reaped(start):
    process = start("true")
    end_group(process.pid, process.wait())


def test_reap_waits_for_every_killed_process(start):
    processes = [start(*SLEEP) for _ in range(3)]
    for process in processes:
        kill_group(process.pid, None)
        reap_later(process.pid)
    reap()
    assert lifetime._dying == []
    assert all(is_reaped(process.pid) for process in processes)


def test_reap_later_reaps_the_dead_of_before(start, until):
    process = start(*SLEEP)
    reap_later(process.pid)
    assert lifetime._dying == [process.pid]
    process.kill()
    assert until(lambda: reap(os.WNOHANG) or lifetime._dying == [])


def test_reap_forgets_a_process_that_another_has_reaped(start):
    process = start(*SLEEP)
    process.kill()
    process.wait()
    reap_later(process.pid)
    assert lifetime._dying == []


def test_end_started_kills_and_reaps_the_group(start, until):
    process = start(*SLEEP_BESIDE_A_CHILD)
    assert until(lambda: len(members_of(process.pid)) > 1)
    end_started(process)
    assert process.returncode == -signal.SIGKILL
    assert until(lambda: not any(is_sleeping(pid) for pid in members_of(process.pid)))


DIES_WITH_PARENT = """
import os, sys, time
from dojo.workers.lifetime import die_with_parent, outlive_parent
pid = os.fork()
if pid == 0:
    die_with_parent()
    {then}
    print(os.getpid(), flush=True)
    time.sleep(99)
time.sleep(99)
"""


def test_die_with_parent_ends_the_process_with_its_parent(run_python, ends):
    parent = run_python(DIES_WITH_PARENT.format(then="pass"))
    child = int(parent.stdout.readline())
    parent.kill()
    assert ends(child)


def test_outlive_parent_takes_it_back(run_python, ends, until):
    parent = run_python(DIES_WITH_PARENT.format(then="outlive_parent()"))
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert until(lambda: is_sleeping(child))
    os.kill(child, signal.SIGKILL)
    assert ends(child)


def test_die_with_parent_ends_at_once_where_the_parent_is_gone(run_python, start):
    gone = start("true")
    gone.wait()
    process = run_python(
        f"from dojo.workers.lifetime import die_with_parent\ndie_with_parent({gone.pid})\nprint(1)"
    )
    assert process.wait() == 1


def test_a_block_that_takes_too_long_ends_the_process(run_python):
    process = run_python(
        "import time\nfrom dojo.workers.lifetime import ended_after\n"
        "with ended_after(30):\n    print(1, flush=True)\n"
        "with ended_after(0.1):\n    time.sleep(30)"
    )
    assert process.stdout.readline().strip() == "1"
    assert process.wait() == 1


def test_importing_the_plugin_ties_pytest_to_the_process_that_started_it(run_python, start):
    gone = start("true")
    gone.wait()
    environment = {**os.environ, "DOJO_STARTER": str(gone.pid)}
    process = run_python("import dojo.workers.die_with_parent", env=environment)
    assert process.wait() == 1


def test_note_where_stuck_writes_the_stack_when_the_parent_asks(run_python, tmp_path, until):
    notes = tmp_path / "notes"
    process = run_python(
        "import time\nfrom dojo.workers.lifetime import note_where_stuck\n"
        f"note_where_stuck(open({str(notes)!r}, 'w'))\nprint('ready', flush=True)\ntime.sleep(99)"
    )
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGUSR1)
    # line 4 where the signal comes before the process has left its print
    assert until(lambda: re.search(r'File "<string>", line [45]', notes.read_text()))
