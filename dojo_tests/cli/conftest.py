"""Runs the command ``dojo`` as a learner types it, in a process of its own."""

import contextlib
import functools
import hashlib
import os
import subprocess
import sys

import pytest

from dojo.course.katas import Kata
from dojo.progress.record import Progress
from dojo.verdict.model import Verdict

pty = pytest.importorskip("pty") if os.name == "posix" else None

PATIENCE = 300.0  # seconds for what takes two on a quiet machine


@pytest.fixture
def first_kata(own_dojo):
    """The kata first/k01_double of the test's own dojo: the current one at the beginning."""
    return Kata("first/k01_double", own_dojo)


@pytest.fixture
def second_kata(own_dojo):
    """The kata first/k02_add of the test's own dojo."""
    return Kata("first/k02_add", own_dojo)


@pytest.fixture(scope="session")
def run_dojo_in():
    """Runs the command in a folder, without a terminal."""

    def run(folder, *arguments, python=(), **variables):
        return subprocess.run(
            [sys.executable, *python, "-m", "dojo", *arguments],
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


@pytest.fixture
def run_dojo(own_dojo, run_dojo_in):
    """Runs the command in the test's own dojo, without a terminal."""
    return functools.partial(run_dojo_in, own_dojo)


@pytest.fixture
def run_dojo_at_terminal(own_dojo):
    """Runs the command in the test's own dojo at a terminal at which somebody types.

    It gives the exit code and all that was printed.
    """

    def run(*arguments, typed="", **variables):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "dojo", *arguments],
            cwd=own_dojo,
            env={**os.environ, "TERM": "xterm", **variables},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            os.write(ours, typed.encode())
            text = b""
            with contextlib.suppress(OSError):  # the other end is closed
                while True:
                    text += os.read(ours, 1024)
        os.close(ours)
        return process.returncode, text.decode()

    if pty is None:
        pytest.skip("this system has no pseudo-terminals")
    return run


@pytest.fixture(scope="session")
def record_verdict():
    """Writes an answer to a kata, and records that it was judged to be in a state."""

    def record(kata, state, text):
        kata.stub.write_text(text)
        source_hash = hashlib.sha256(text.encode()).hexdigest()
        Progress(kata.root).record(Verdict(kata.name, state, 0.1, source_hash, ()))

    return record


@pytest.fixture(scope="session")
def line_of():
    """Finds the one line of a command's output that names a kata."""

    def find(result, kata):
        (line,) = [line for line in result.stdout.splitlines() if kata.stem in line]
        return line

    return find
