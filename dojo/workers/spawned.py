"""A worker in a new Python process, for systems where forking is unsafe; it must import torch."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, wait
from pathlib import Path
from typing import Any

from dojo.workers.lifetime import MOMENT, end_started, ending_in_words, note_where_stuck
from dojo.workers.orphans import adopt_orphans, end_marked, spare
from dojo.workers.protocol import WorkerEnd
from dojo.workers.pytest_process import start_pytest
from dojo.workers.worker import Worker, WorkerDied

ADDRESS = "DOJO_SERVE_ADDRESS"
_KEY = "DOJO_SERVE_KEY"
_NOTES = "DOJO_SERVE_NOTES"
_MARK = "DOJO_WORKER"  # stays in the environment of all that the worker starts
_POLL = 0.005  # seconds between two looks at a process that starts, which takes seconds
_START_LIMIT = 120.0  # seconds that a new process may take to import torch on a slow disk


class SpawnedWorker(Worker):
    """A worker that is a new run of pytest, which serves in place of running tests.

    The constructor starts it without waiting; the first request waits until it is ready.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, limit: float) -> None:
        key = secrets.token_bytes(16)
        self._mark = secrets.token_hex(16)
        handle, self._notes_path = tempfile.mkstemp(prefix="dojo-")
        self._listener = Listener(authkey=key)
        lines = {
            ADDRESS: json.dumps(self._listener.address),
            _KEY: key.hex(),
            _NOTES: self._notes_path,
            _MARK: self._mark,
        }
        self._process = start_pytest(arguments, folder, lines)
        self._start_until = time.monotonic() + _START_LIMIT
        self._pid = self._process.pid
        spare(self._pid)
        super().__init__(None, os.fdopen(handle, "rb"), limit)

    def send(self, request: object) -> None:
        self.wait_until_ready()
        super().send(request)

    def wait_until_ready(self) -> None:
        """Wait until the worker has imported all that it needs.

        Raises:
            WorkerDied: the worker ended before that.
        """
        while not self.connect_if_ready():
            time.sleep(_POLL)

    def connect_if_ready(self) -> bool:
        """Return whether the worker has imported all that it needs, and is connected.

        Raises:
            WorkerDied: the worker ended before that, or took too long.
        """
        if self._connection is not None:
            return True
        if self._is_calling():
            self._connect(self._accept())
            return True
        if self._process.poll() is not None or time.monotonic() > self._start_until:
            self._process.kill()
            raise WorkerDied(ending_in_words(self._process.wait()))
        return False

    def _is_calling(self) -> bool:
        """Return whether the new process has opened its connection, or is about to."""
        calls = _socket_of(self._listener)
        if calls is not None:
            return bool(wait([calls], 0))
        # A pipe cannot be asked: ``connect`` writes a note just before it opens its end.
        return os.fstat(self._notes.fileno()).st_size > 0 and self._process.poll() is None

    def _accept(self) -> Connection:
        """Accept the connection; the new process must know the key."""
        try:
            return self._listener.accept()
        except (EOFError, OSError, AuthenticationError):
            self._process.kill()
            raise WorkerDied(ending_in_words(self._process.wait())) from None

    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def _exit_code(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(MOMENT)
        return None

    def _kill(self) -> None:
        end_started(self._process)
        end_marked(self._mark)

    def close(self) -> None:
        super().close()
        self._listener.close()
        with contextlib.suppress(OSError):
            Path(self._notes_path).unlink()


def _socket_of(listener: Listener) -> Any:
    """Return the socket that a listener accepts from; a pipe of Windows has none."""
    return getattr(getattr(listener, "_listener", None), "_socket", None)


def connect() -> WorkerEnd:
    """In the spawned process: open the connection to the parent that started it."""
    adopt_orphans()  # so that the parent finds them, and ends them with this process
    address = json.loads(os.environ.pop(ADDRESS))
    address = tuple(address) if isinstance(address, list) else address
    notes = open(os.environ.pop(_NOTES), "w")  # noqa: SIM115, PTH123 - open until the end
    note_where_stuck(notes)
    notes.write("ready\n")
    notes.flush()
    return WorkerEnd(Client(address, authkey=bytes.fromhex(os.environ.pop(_KEY))))
