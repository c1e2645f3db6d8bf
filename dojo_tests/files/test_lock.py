"""One process at a time holds a lock, and a process that ends holds it no more."""

import errno
import os
import signal
import subprocess
import sys

import pytest

import dojo.files.lock
from dojo.files.lock import locked

HOLD_THE_LOCK = (
    "import sys, time; from pathlib import Path; from dojo.files.lock import locked\n"
    "with locked(Path(sys.argv[1])): print('locked', flush=True); time.sleep(1000)"
)


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "folder" / "state.lock"


@pytest.fixture
def holder(lock):
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.kill()


def test_the_file_of_a_lock_and_its_folder_are_made(lock):
    with locked(lock):
        assert lock.exists()


def test_a_lock_can_be_taken_again(lock):
    for _ in range(2):
        with locked(lock):
            pass


def test_a_lock_is_released_by_an_error_inside_of_it(lock):
    with pytest.raises(KeyError), locked(lock):
        raise KeyError
    with locked(lock):
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a signal of POSIX systems")
def test_a_process_that_was_killed_with_the_lock_holds_up_nobody(lock, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(lock):
        pass


def test_a_lock_that_is_never_let_go_of_is_waited_for_in_vain_but_not_for_ever(
    lock, holder, monkeypatch
):
    monkeypatch.setattr(dojo.files.lock, "_WAIT", 0.05)
    with pytest.raises(TimeoutError, match="another process holds its lock"), locked(lock):
        pass


def test_a_folder_that_knows_no_locks_is_used_without(lock, monkeypatch):
    def refuse(_file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(dojo.files.lock, "_try_to_lock", refuse)
    with locked(lock):
        assert lock.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Linux and macOS")
def test_a_pipe_in_place_of_the_lock_is_not_waited_for(lock):
    lock.parent.mkdir()
    os.mkfifo(lock)
    with locked(lock):
        assert lock.exists()
