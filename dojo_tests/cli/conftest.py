"""Runs the command ``dojo`` as a learner types it: in a process of its own, or by warm workers."""

import contextlib
import functools
import hashlib
import io
import os
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest

import dojo.cli.check
from dojo.cli.commands import app
from dojo.cli.exit_codes import exit_code_of
from dojo.progress.record import Progress
from dojo.verdict.model import Verdict
from dojo.workers.pool import WorkerPool

pty = pytest.importorskip("pty") if os.name == "posix" else None

PATIENCE = 300.0  # seconds for what takes two on a quiet machine


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


# ---------------------------------------------------------------- with warm workers


class PoolThatStaysOpen(WorkerPool):
    """Stays warm for the next command when one closes it."""

    def close(self):
        pass


@pytest.fixture(scope="module")
def warm_pool(small_dojo, tmp_path_factory):
    """Warm workers for a copy of the small dojo, which the tests of a module share."""
    root = tmp_path_factory.mktemp("warm") / "dojo"
    leave = shutil.ignore_patterns(".*")  # what other tests left there
    pool = PoolThatStaysOpen(shutil.copytree(small_dojo, root, ignore=leave))
    yield pool
    WorkerPool.close(pool)


@pytest.fixture
def warm_dojo(warm_pool, small_dojo):
    """A dojo with warm workers; what the test changes in it is put back, but for its checks."""
    root = warm_pool._root
    yield root
    for folder in root.iterdir():
        if folder.is_dir() and (folder.name == "katas" or not (small_dojo / folder.name).exists()):
            shutil.rmtree(folder)
    shutil.rmtree(root / ".dojo", ignore_errors=True)
    shutil.copytree(small_dojo / "katas", root / "katas")


@pytest.fixture
def run_warm_in(request, warm_pool, run_dojo_in):
    """Runs the command in a folder of ``warm_dojo``, in this process and by warm workers.

    With ``--all-ways`` it is a process of its own, with workers of its own.
    """

    def run(folder, *arguments):
        if request.config.getoption("--all-ways"):
            return run_dojo_in(folder, *arguments)
        handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setattr(dojo.cli.check, "WorkerPool", lambda _root: warm_pool)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = exit_code_of(functools.partial(app, arguments, prog_name="dojo"))
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def run_warm(warm_dojo, run_warm_in):
    """Runs the command in ``warm_dojo`` by warm workers."""
    return functools.partial(run_warm_in, warm_dojo)


# ---------------------------------------------------------------- at a terminal


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


def _hear_signals():
    """Take back that signals are ignored, as they are in a run of the tests in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def hear_signals():
    """Has a process that is about to be started hear signals; for ``preexec_fn``."""
    return _hear_signals


class Typist:
    """A command at a terminal of 100 columns, with somebody who reads and types."""

    patience = 60.0  # seconds for what takes five on a quiet machine

    def __init__(self, folder, arguments):
        self.text, self._seen = "", 0
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update(TERM="xterm", COLUMNS="100", NO_COLOR="1")
            _hear_signals()
            os.execv(sys.executable, [sys.executable, "-m", "dojo", *arguments])

    def wait_for(self, *words):
        """Read until each of these was printed since the last time."""
        until = time.monotonic() + self.patience
        while not all(word in self.text[self._seen :] for word in words):
            assert time.monotonic() < until, f"not yet {words}: {self.text[self._seen :]}"
            self._read()
        self._seen = len(self.text)

    def press(self, keys):
        os.write(self._line, keys.encode())

    def hang_up(self):
        os.close(self._line)

    def wait_for_end(self):
        """Read all that is left; return the exit code."""
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._read()
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            self._read()
        raise AssertionError(f"the command has not ended: {self.text[self._seen :]}")

    def _read(self):
        with contextlib.suppress(OSError):  # one of the ends is closed
            while select.select([self._line], [], [], 0.05)[0]:
                self.text += os.read(self._line, 65536).decode(errors="replace")


@pytest.fixture
def type_dojo(own_dojo):
    """Starts the command in the test's own dojo at a terminal, for a test that reads and types."""
    typists = []

    def start(*arguments):
        typists.append(Typist(own_dojo, arguments))
        return typists[-1]

    if pty is None:
        pytest.skip("this system has no pseudo-terminals")
    yield start
    for typist in typists:
        with contextlib.suppress(OSError):
            typist.hang_up()
        if typist.pid:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(typist.pid, signal.SIGKILL)
                os.waitpid(typist.pid, 0)


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
