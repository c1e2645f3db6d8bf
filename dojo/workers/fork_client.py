"""The client of the fork server: starts it, has it fork workers, and ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from dojo.workers.lifetime import exit_code_of, state_of_process
from dojo.workers.orphans import forget, spare
from dojo.workers.protocol import MESSAGE, SOCKET
from dojo.workers.pytest_process import start_pytest
from dojo.workers.worker import Worker

_START_LIMIT = 120.0  # seconds that importing torch and collecting may take on a slow disk
_CLOSE_LIMIT = 5.0  # seconds that the server may take to end its workers
_PATIENCE = 0.5  # seconds to wait for the end of a worker, which is killed already
_LOOK = 0.2  # seconds between two looks at whether the server was stopped


class ForkServerDied(Exception):
    """The fork server ended; the text is the end of what it printed."""


class CannotFork(Exception):
    """On this machine, torch cannot run in a forked process."""


class ForkServer:
    """A warm process with torch imported, from which workers are forked.

    The constructor starts it without waiting; the first request waits until it is ready.
    """

    def __init__(self, root: Path) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the server
        self._lock = threading.Lock()
        self._is_ready = False
        number = theirs.fileno()
        self._process = start_pytest(
            [],
            root,
            {SOCKET: str(number)},
            pass_fds=[number],
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        spare(self._process.pid)
        theirs.close()

    def fork(self, limit: float) -> Worker:
        """Have the server fork a worker, whose answers may take ``limit`` seconds.

        Raises:
            ForkServerDied: the server could not start, or was killed.
            CannotFork: the server found a real GPU.
        """
        with self._lock:
            self._wait_until_ready()
            with contextlib.ExitStack() as on_failure:
                ours, theirs = socket.socketpair()
                on_failure.enter_context(ours)
                notes = on_failure.enter_context(tempfile.TemporaryFile())
                with theirs:
                    self._send(b"fork", [theirs.fileno(), notes.fileno()])
                    pid = int(self._await("pid", _START_LIMIT))
                on_failure.pop_all()  # they live as long as the worker
        return ForkServerWorker(self, pid, Connection(ours.detach()), notes, limit)

    def end(self, pid: int) -> None:
        """Have the server end a worker with all that it started; wait a little for that.

        The server may be busy or gone. So the worker itself is killed from here.
        """
        if not self.is_alive:
            return
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)  # its id stays its own until the server reaps it
        with self._lock, contextlib.suppress(ForkServerDied):
            self._send(f"end {pid}".encode(), [])
            self._await(f"ended {pid}", _PATIENCE)

    @property
    def is_alive(self) -> bool:
        """Whether the server's process runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait until torch is imported.

        Raises:
            ForkServerDied, CannotFork: as for ``fork``.
        """
        with self._lock:
            self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            if self._receive(_START_LIMIT) == "spawn":
                raise CannotFork
            self._is_ready = True

    def _send(self, message: bytes, files: list[int]) -> None:
        try:
            self._ours.settimeout(_PATIENCE)
            socket.send_fds(self._ours, [message], files)
        except OSError:
            raise ForkServerDied(self._end_of_output()) from None

    def _await(self, verb: str, limit: float) -> str:
        """Wait for an answer that begins with this verb, and return the rest of it.

        Late answers to earlier requests are passed over.
        """
        until = time.monotonic() + limit
        while True:
            answer = self._receive(until - time.monotonic())
            if answer.startswith(verb):
                return answer.removeprefix(verb).strip()

    def _receive(self, limit: float) -> str:
        """Wait for the next answer, and keep the server running meanwhile."""
        until = time.monotonic() + limit
        while True:
            try:
                self._ours.settimeout(max(0.001, min(_LOOK, until - time.monotonic())))
                answer = self._ours.recv(MESSAGE).decode()
            except TimeoutError:
                if time.monotonic() < until:
                    self._let_run()
                    continue
                answer = ""
            except OSError:
                answer = ""
            if not answer:
                raise ForkServerDied(self._end_of_output())
            return answer

    def _let_run(self) -> None:
        """Wake the server if it was stopped, which an answer can do to the parent of its worker."""
        if state_of_process(self._process.pid)[0] == "T":
            self._process.send_signal(signal.SIGCONT)

    def _end_of_output(self) -> str:
        if self._output.closed:
            return "it was closed"
        self._output.seek(0)
        return self._output.read().decode(errors="replace")[-2000:]

    def close(self) -> None:
        """End the server and its workers."""
        with contextlib.suppress(OSError):
            # The server ends its workers when the line is cut.
            self._ours.shutdown(socket.SHUT_RDWR)
        until = time.monotonic() + (_CLOSE_LIMIT if self._is_ready else 0)
        while self.is_alive and time.monotonic() < until:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK)
            self._let_run()
        self._process.kill()
        self._process.wait()
        forget(self._process.pid)
        with self._lock:  # another thread may still read the output
            self._ours.close()
            self._output.close()


class ForkServerWorker(Worker):
    """A worker that the fork server has forked; its parent process is the server."""

    def __init__(
        self, server: ForkServer, pid: int, connection: Connection, notes: object, limit: float
    ) -> None:
        self._server = server
        self._pid = pid
        super().__init__(connection, notes, limit)  # type: ignore[arg-type]

    def _exit_code(self) -> int | None:
        return exit_code_of(self._pid)  # the server reaps it when it is asked to end it

    def _kill(self) -> None:
        self._server.end(self._pid)
