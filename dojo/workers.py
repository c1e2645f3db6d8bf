"""Keeps processes warm, so that no verdict waits for torch; imports neither torch nor pytest.

``Hub`` is this end of the process that ``dojo.hub`` runs; ``Crew`` hands out children, forked by a
hub where that is safe and started ahead elsewhere.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from dojo.isolation import Child, SpawnedChild, start_pytest

SOCKET = "DOJO_HUB_SOCKET"
_START_LIMIT = 120.0  # seconds that importing torch and collecting may take on a slow disk
_CLOSE_LIMIT = 5.0  # seconds that ending its children may take the hub
MESSAGE = 64  # bytes of the longest message


class HubDied(Exception):
    """The warm process ended; the text is the end of what it printed."""


class CannotFork(Exception):
    """This machine's torch cannot run in a forked child."""


class Hub:
    """The warm process: started at once, waited for at the first use."""

    def __init__(self, root: Path) -> None:
        self._ours, theirs = socket.socketpair()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the hub
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

    def fork(self, limit: float) -> Child:
        """A child of the hub, about to judge.

        Raises:
            HubDied: it could not start, or was killed.
            CannotFork: it found a real GPU.
        """
        with self._lock:
            self._wait_until_ready()
            with contextlib.ExitStack() as on_failure:
                ours, theirs = socket.socketpair()
                on_failure.enter_context(ours)
                notes = on_failure.enter_context(tempfile.TemporaryFile())
                with theirs:
                    pid = int(self._request(b"fork", [theirs.fileno(), notes.fileno()]))
                on_failure.pop_all()  # they live as long as the child
        return HubChild(self, pid, Connection(ours.detach()), notes, limit)

    def ask(self, verb: str, pid: int) -> str:
        """What the hub answers to ``code`` or ``end`` of one of its children."""
        with self._lock:
            return self._request(f"{verb} {pid}".encode(), [])

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
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
            raise HubDied(self._last_words()) from None
        return self._receive()

    def _receive(self) -> str:
        try:
            answer = self._ours.recv(MESSAGE).decode()
        except OSError:
            answer = ""
        if not answer:
            raise HubDied(self._last_words())
        return answer

    def _last_words(self) -> str:
        if self._output.closed:
            return "it was closed"
        self._output.seek(0)
        return self._output.read().decode(errors="replace")[-2000:]

    def close(self) -> None:
        """End the hub and its children."""
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)  # it ends its children when the line is cut
        try:
            self._process.wait(_CLOSE_LIMIT if self._is_ready else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._lock:  # another thread may still read the last words
            self._ours.close()
            self._output.close()


class HubChild(Child):
    """A child that the hub has forked: this process knows its number, the hub is its parent."""

    def __init__(
        self, hub: Hub, pid: int, connection: Connection, notes: object, limit: float
    ) -> None:
        self._hub = hub
        self._pid = pid
        super().__init__(connection, notes, limit)  # type: ignore[arg-type]

    def _exit_code(self) -> int | None:
        try:
            code = self._hub.ask("code", self._pid)
        except HubDied:
            return -9
        return None if code == "alive" else int(code)

    def _kill(self) -> None:
        with contextlib.suppress(HubDied):
            self._hub.ask("end", self._pid)


class Crew:
    """Hands out a child for each verdict: forked by a hub, or one that was started ahead."""

    def __init__(self, root: Path, kind: str = "auto") -> None:
        self._root = root
        self._kind = kind if kind != "auto" else _kind_to_try()
        self._hub: Hub | None = None
        self._standby: SpawnedChild | None = None
        self._is_closed = False
        self.start()

    @property
    def kind(self) -> str:
        """ "fork" or "spawn"."""
        return self._kind

    @property
    def has_died(self) -> bool:
        """Whether the warm process was killed, and its children with it."""
        return self._hub is not None and not self._hub.is_alive

    def start(self) -> None:
        """Begin to warm up what is missing, without waiting."""
        if self._is_closed:
            return
        if self._kind == "fork" and self._hub is None:
            self._hub = Hub(self._root)
        elif self._kind == "spawn" and self._standby is None:
            self._standby = SpawnedChild([], self._root, 0.0)

    def wait_until_ready(self) -> None:
        """Wait until the next child costs no start.

        Raises:
            HubDied: the checks cannot be collected.
        """
        self.start()
        try:
            if self._hub is not None:
                self._hub.wait_until_ready()
        except CannotFork:
            self._kind = "spawn"
            self.restart()
        if self._standby is not None:
            self._standby.wait_until_ready()

    def worker(self, limit: float) -> Child:
        """A child that has all checks collected and judges once within ``limit`` seconds.

        Raises:
            HubDied: the checks cannot be collected, or the crew is closed.
        """
        try:
            return self._worker(limit)
        except CannotFork:
            self._kind = "spawn"
        except HubDied:  # killed from outside, perhaps: once more, with a new one
            pass
        self.restart()
        return self._worker(limit)

    def _worker(self, limit: float) -> Child:
        self.start()
        if self._hub is not None:
            return self._hub.fork(limit)
        child, self._standby = self._standby, None
        if child is None:
            raise HubDied("it was closed")
        child.limit = limit
        return child

    def restart(self) -> None:
        """Drop what is warm, since a check or the dojo itself has changed."""
        self._drop()
        self.start()

    def close(self) -> None:
        """End every process, for good."""
        self._is_closed = True
        self._drop()

    def _drop(self) -> None:
        hub, self._hub = self._hub, None
        standby, self._standby = self._standby, None
        if hub is not None:
            hub.close()
        if standby is not None:
            standby.close()


def _kind_to_try() -> str:
    return "fork" if sys.platform.startswith("linux") else "spawn"
