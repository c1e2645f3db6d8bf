"""The parent's end of a process that judges: sends requests, receives answers, keeps the time.

How the process is made is in ``forked``, ``spawned`` and ``fork_client``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, Any, TypeVar

from dojo.workers.frames import Frames, NoAnswer, parsed
from dojo.workers.lifetime import ending_in_words
from dojo.workers.protocol import RUN_ID

_NOTE_TIME = 0.2  # seconds that a stuck worker gets to write down where it is
_LOOK = 0.2  # seconds between two looks at a process whose end cannot be waited for
_Parsed = TypeVar("_Parsed")


class WorkerDied(Exception):
    """The worker ended without an answer, or sent what is none; the text says how."""


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
        self._connection: Connection | None = None
        self._frames: Frames | None = None
        self._run_id = secrets.token_hex(RUN_ID // 2).encode()
        self._end_of_process = _end_of(getattr(self, "_pid", 0))
        if connection is not None:
            self._connect(connection)
        self._notes = notes
        self.limit = limit
        self._deadline = 0.0
        self._is_over = threading.Lock()  # taken for good by the first that ends the process
        self.was_dropped = False

    def _connect(self, connection: Connection) -> None:
        self._connection = connection
        self._frames = Frames(connection, self._run_id)

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
            self._connection.send_bytes(self._run_id + json.dumps(request).encode())

    def receive(self, parse: Callable[[Any], _Parsed] = lambda value: value) -> _Parsed:
        """Wait for the next answer.

        Args:
            parse: makes of the answer what is returned, or raises ``NoAnswer``.

        Raises:
            WorkerDied: the process ended, or sent what is no answer.
            WorkerStuck: the time is over.
        """
        with self._broken_line_as_death():
            return parse(parsed(self._next_message()))

    def _next_message(self) -> bytes:
        """Wait for the next message, but no longer than the process runs and the time lasts."""
        assert self._frames is not None
        while (message := self._frames.take()) is None:
            left = self._deadline - time.monotonic()
            longest = left if self._end_of_process is not None else min(left, _LOOK)
            if self._frames.read_within(max(0.0, longest), self._end_of_process):
                continue  # also what the process sent before its end
            if self._has_ended():
                raise EOFError
            if left <= 0:
                self._request_stack()
                self._end()
                raise WorkerStuck(f"not finished after {self.limit:g} s")
        return message

    @contextlib.contextmanager
    def _broken_line_as_death(self) -> Iterator[None]:
        """Turn an error of the connection into ``WorkerDied``: it breaks when the process ends."""
        try:
            yield
        except NoAnswer as error:
            self._end()
            raise WorkerDied(str(error)) from None
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
        if self._end_of_process is not None:
            os.close(self._end_of_process)
            self._end_of_process = None
        self._notes.close()

    @property
    def is_waiting(self) -> bool:
        """Whether the process is connected and has sent nothing that is not received yet."""
        if self._connection is None or (self._frames is not None and self._frames.has_bytes):
            return False
        return not wait([self._connection], 0)

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

    def _has_ended(self) -> bool:
        """Return whether the process is known to have ended."""
        return self._end_of_process is not None and bool(wait([self._end_of_process], 0))

    def _exit_code(self) -> int | None:
        """Return the exit code of the process, or None if it still runs after a moment."""
        raise NotImplementedError

    def _kill(self) -> None:
        """End the process and all of its group."""
        raise NotImplementedError


def _end_of(pid: int) -> int | None:
    """Return an open file that is ready to be read once a process has ended; None if there is none.

    A process that the answer started may hold the connection open after the worker's own end.
    """
    if pid and hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None
