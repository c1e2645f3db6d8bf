"""The client of the fork server: starts it, has it fork workers, and ends it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from dojo.workers.protocol import MESSAGE, SOCKET
from dojo.workers.pytest_process import start_pytest
from dojo.workers.worker import Worker

_START_LIMIT = 120.0  # seconds that importing torch and collecting may take on a slow disk
_CLOSE_LIMIT = 5.0  # seconds that the server may take to end its workers


class ForkServerDied(Exception):
    """The fork server ended; the text is the end of what it printed."""


class CannotFork(Exception):
    """On this machine, torch cannot run in a forked process."""


class ForkServer:
    """A warm process with torch imported and every check collected, from which workers are forked.

    The constructor starts it without waiting; the first request waits until it is ready.
    """

    def __init__(self, root: Path) -> None:
        self._ours, theirs = socket.socketpair()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the server
        self._lock = threading.Lock()
        self._is_ready = False
        number = theirs.fileno()
        self._process = start_pytest(
            ["--continue-on-collection-errors"],
            root,
            {SOCKET: str(number)},
            pass_fds=[number],
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
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
                    pid = int(self._request(b"fork", [theirs.fileno(), notes.fileno()]))
                on_failure.pop_all()  # they live as long as the worker
        return ForkServerWorker(self, pid, Connection(ours.detach()), notes, limit)

    def ask(self, verb: str, pid: int) -> str:
        """Send the verb ``code`` or ``end`` for a worker, and return the server's answer."""
        with self._lock:
            return self._request(f"{verb} {pid}".encode(), [])

    @property
    def is_alive(self) -> bool:
        """Whether the server's process runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait until torch is imported and every check is collected.

        Raises:
            ForkServerDied, CannotFork: as for ``fork``.
        """
        with self._lock:
            self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            self._ours.settimeout(_START_LIMIT)
            if self._receive() == "spawn":
                raise CannotFork
            self._is_ready = True

    def _request(self, message: bytes, files: list[int]) -> str:
        try:
            socket.send_fds(self._ours, [message], files)
        except OSError:
            raise ForkServerDied(self._end_of_output()) from None
        return self._receive()

    def _receive(self) -> str:
        try:
            answer = self._ours.recv(MESSAGE).decode()
        except OSError:
            answer = ""
        if not answer:
            raise ForkServerDied(self._end_of_output())
        return answer

    def _end_of_output(self) -> str:
        if self._output.closed:
            return "it was closed"
        self._output.seek(0)
        return self._output.read().decode(errors="replace")[-2000:]

    def close(self) -> None:
        """End the server and its workers."""
        with contextlib.suppress(OSError):
            self._ours.shutdown(
                socket.SHUT_RDWR
            )  # the server ends its workers when the line is cut
        try:
            self._process.wait(_CLOSE_LIMIT if self._is_ready else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
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
        try:
            code = self._server.ask("code", self._pid)
        except ForkServerDied:
            return -9
        return None if code == "alive" else int(code)

    def _kill(self) -> None:
        with contextlib.suppress(ForkServerDied):
            self._server.ask("end", self._pid)
