"""The parent's end of a process that judges: sends requests, receives answers, keeps the time.

How the process is made is in ``forked``, ``spawned`` and ``fork_client``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, Any

from dojo.workers.lifetime import ending_in_words

_NOTE_TIME = 0.2  # seconds that a stuck worker gets to write down where it is


class WorkerDied(Exception):
    """The worker ended without an answer; the text says how."""


class WorkerStuck(Exception):
    """The worker gave no answer in time; the text says for how long."""


class Worker:
    """A process that judges one kata, as its parent sees it.

    The parent keeps the time and ends the process.

    Attributes:
        limit: seconds that all answers together may take, from the first request on.
        was_dropped: whether ``drop`` was called, since nobody wants the verdict any more.
    """

    _pid: int

    def __init__(self, connection: Connection | None, notes: IO[bytes], limit: float) -> None:
        self._connection = connection
        self._notes = notes
        self.limit = limit
        self._deadline = 0.0
        self._is_over = threading.Lock()  # taken for good by the first that ends the process
        self.was_dropped = False

    def ask(self, request: object) -> Any:
        """Send a request and wait for its answer.

        Raises:
            WorkerDied, WorkerStuck: see ``send`` and ``receive``.
        """
        self.send(request)
        return self.receive()

    def send(self, request: object) -> None:
        """Send a request. The clock starts with the first one.

        Raises:
            WorkerDied: the process ended.
        """
        assert self._connection is not None
        self._deadline = self._deadline or time.monotonic() + self.limit
        with self._broken_line_as_death():
            self._connection.send_bytes(json.dumps(request).encode())

    def receive(self) -> Any:
        """Wait for the next answer.

        Raises:
            WorkerDied: the process ended.
            WorkerStuck: the time is over.
        """
        assert self._connection is not None
        with self._broken_line_as_death():
            if not wait([self._connection], max(0.0, self._deadline - time.monotonic())):
                self._request_stack()
                self._end()
                raise WorkerStuck(f"not finished after {self.limit:g} s")
            return json.loads(self._connection.recv_bytes())

    @contextlib.contextmanager
    def _broken_line_as_death(self) -> Iterator[None]:
        """Turn an error of the connection into ``WorkerDied``: it breaks when the process ends."""
        try:
            yield
        except (EOFError, OSError):
            raise WorkerDied(ending_in_words(self._exit_code())) from None

    def stuck_at(self, path: Path) -> int:
        """Return the innermost line of a file in the stack of a hung or crashed worker, or 0."""
        self._notes.seek(0)
        text = self._notes.read().decode(errors="replace")
        lines = re.findall(rf'File "{re.escape(str(path))}", line (\d+)', text)
        return int(lines[0]) if lines else 0

    def close(self) -> None:
        """End the process and all that it started."""
        self._end()
        if self._connection is not None:
            self._connection.close()
        self._notes.close()

    @property
    def is_waiting(self) -> bool:
        """Whether the process is connected and has sent nothing that is not received yet."""
        return self._connection is not None and not wait([self._connection], 0)

    def restart_clock(self) -> None:
        """Give the answers from the next request on the whole time limit."""
        self._deadline = 0.0

    def drop(self) -> None:
        """End the process from any thread, since its verdict is not wanted any more."""
        self.was_dropped = True
        self._end()

    def _end(self) -> None:
        """End the process, unless another thread has done so or is about to."""
        if self._is_over.acquire(blocking=False):
            self._kill()

    def _request_stack(self) -> None:
        """Ask the stuck worker to write its stack into the notes, on systems that have signals."""
        if hasattr(signal, "SIGUSR1"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGUSR1)
            time.sleep(_NOTE_TIME)

    def _exit_code(self) -> int | None:
        """Return the exit code of the process, or None if it still runs after a moment."""
        raise NotImplementedError

    def _kill(self) -> None:
        """End the process and all of its group."""
        raise NotImplementedError
