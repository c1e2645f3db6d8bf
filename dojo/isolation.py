"""Runs checks in a process of their own, so that no learner's code can end or hang the judge.

The child serves requests ("run this check, then tear down for that one") and answers with
serialized pytest reports. Two kinds: forked from the process that has collected the checks, or
started afresh where forking is unsafe. This module words what happens to a process; it does not
know what a check is.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Client, Connection, Listener, Pipe, wait
from pathlib import Path
from typing import IO, Any

ADDRESS = "DOJO_SERVE_ADDRESS"
_KEY = "DOJO_SERVE_KEY"
_LIMIT = "DOJO_SERVE_LIMIT"
_NOTES = "DOJO_SERVE_NOTES"
_START_LIMIT = 120.0  # seconds that a fresh process may take to import torch on a slow disk
_NOTE_TIME = 0.2  # seconds that a stuck child gets to note where it is


class ChildDied(Exception):
    """The child ended without an answer; the text says how."""


class ChildStuck(Exception):
    """The child gave no answer in time; the text says for how long."""


def can_fork() -> bool:
    """Whether a forked child can run torch here: not on macOS or Windows, not with a real GPU."""
    import torch

    return sys.platform.startswith("linux") and not torch.cuda.is_available()


class Child:
    """A process that judges one kata. The parent owns the clock and the process."""

    _pid: int

    def __init__(self, connection: Connection, notes: IO[bytes], limit: float) -> None:
        self._connection = connection
        self.notes = notes
        self._limit = limit
        self._deadline = time.monotonic() + limit

    def ask(self, request: object) -> Any:
        """Send a request and wait for its answer.

        Raises:
            ChildDied: the process ended.
            ChildStuck: the time is over.
        """
        try:
            self._connection.send_bytes(json.dumps(request).encode())
            if not wait([self._connection], max(0.0, self._deadline - time.monotonic())):
                self._ask_where()
                self.close()
                raise ChildStuck(f"not finished after {self._limit:g} s")
            return json.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise ChildDied(self._ending()) from None

    def stuck_at(self, path: Path) -> int:
        """The innermost line of the file in what the child noted when it hung or crashed, or 0."""
        self.notes.seek(0)
        text = self.notes.read().decode(errors="replace")
        lines = re.findall(rf'File "{re.escape(str(path))}", line (\d+)', text)
        return int(lines[0]) if lines else 0

    def close(self) -> None:
        """End the process and all that it started."""
        self._kill()
        self._connection.close()

    def _ask_where(self) -> None:
        """Have the stuck child write its stack, where signals can ask for it."""
        if hasattr(signal, "SIGUSR1"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGUSR1)
            time.sleep(_NOTE_TIME)

    def _ending(self) -> str:
        return _ending_in_words(self._exit_code())

    def _exit_code(self) -> int | None:
        raise NotImplementedError

    def _kill(self) -> None:
        raise NotImplementedError


class ForkedChild(Child):
    """A child that has all of the parent's memory, in a few milliseconds."""

    def __init__(self, serve: Callable[[Connection], None], limit: float) -> None:
        ours, theirs = Pipe()
        notes = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                ours.close()
                os.setsid()
                with Path(os.devnull).open() as nothing:
                    os.dup2(nothing.fileno(), 0)
                note_where_stuck(notes, limit)
                serve(theirs)
                status = 0
            finally:
                os._exit(status)
        theirs.close()
        self._status: int | None = None
        super().__init__(ours, notes, limit)

    def _exit_code(self) -> int | None:
        if self._status is None:
            _, status = os.waitpid(self._pid, 0)
            self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            if self._status is None:
                os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            self._exit_code()


class SpawnedChild(Child):
    """A child that starts from nothing: pytest in a new interpreter, told to serve."""

    def __init__(self, arguments: Sequence[str], folder: Path, limit: float) -> None:
        key = secrets.token_bytes(16)
        handle, self._notes_path = tempfile.mkstemp(prefix="dojo-")
        notes = os.fdopen(handle, "rb")
        with Listener(authkey=key) as listener:
            environment = {
                **os.environ,
                ADDRESS: json.dumps(listener.address),
                _KEY: key.hex(),
                _LIMIT: str(limit),
                _NOTES: self._notes_path,
            }
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._pid = self._process.pid
            connection = _accept(listener, self._process)
        super().__init__(connection, notes, limit)

    def _exit_code(self) -> int | None:
        return self._process.wait()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):
            Path(self._notes_path).unlink()


def _accept(listener: Listener, process: subprocess.Popen[bytes]) -> Connection:
    """The child's call, or ``ChildDied`` if it ends before it calls."""
    inner = listener._listener._socket if hasattr(listener._listener, "_socket") else None  # type: ignore[attr-defined]
    until = time.monotonic() + _START_LIMIT
    while inner is not None and not wait([inner], 0.05):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise ChildDied(_ending_in_words(process.wait()))
    return listener.accept()


def connect() -> Connection:
    """In a spawned child: the line to the parent that started it."""
    address = json.loads(os.environ.pop(ADDRESS))
    address = tuple(address) if isinstance(address, list) else address
    notes = open(os.environ.pop(_NOTES), "w")  # noqa: SIM115, PTH123 - open until the end
    note_where_stuck(notes, float(os.environ.pop(_LIMIT)))
    return Client(address, authkey=bytes.fromhex(os.environ.pop(_KEY)))


def requests(connection: Connection) -> Iterator[Any]:
    """The parent's requests, until it hangs up."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            yield json.loads(connection.recv_bytes())


def answer(connection: Connection, value: object) -> None:
    connection.send_bytes(json.dumps(value).encode())


def note_where_stuck(file: Any, limit: float) -> None:
    """Have this process write its stack to ``file`` when it crashes or when the parent asks.

    By a signal where there are signals, since a handler runs between two of the stuck thread's
    own instructions. Elsewhere a watchdog looks at the running thread just before the deadline.
    """
    faulthandler.enable(file=file)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, file=file, all_threads=False)
    else:
        faulthandler.dump_traceback_later(max(limit - _NOTE_TIME, limit / 2), file=file)


def _ending_in_words(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        meaning = {"SIGSEGV": " (segmentation fault)", "SIGKILL": " (killed: out of memory?)"}
        return f"the process died of {name}{meaning.get(name, '')}"
    return f"the process was ended with exit code {code} before the check had finished"
