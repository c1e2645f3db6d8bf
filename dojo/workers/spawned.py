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
from multiprocessing.connection import Client, Connection, Listener, wait
from pathlib import Path

from dojo.workers.lifetime import MOMENT, end_started, ending_in_words, note_where_stuck
from dojo.workers.orphans import adopt_orphans, end_marked, spare
from dojo.workers.protocol import WorkerEnd
from dojo.workers.pytest_process import start_pytest
from dojo.workers.worker import Worker, WorkerDied

ADDRESS = "DOJO_SERVE_ADDRESS"
_KEY = "DOJO_SERVE_KEY"
_NOTES = "DOJO_SERVE_NOTES"
_MARK = "DOJO_WORKER"  # stays in the environment of all that the worker starts
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
        self._pid = self._process.pid
        spare(self._pid)
        super().__init__(None, os.fdopen(handle, "rb"), limit)

    def send(self, request: object) -> None:
        self.wait_until_ready()
        super().send(request)

    def wait_until_ready(self) -> None:
        """Wait until the worker has imported and collected everything.

        Raises:
            WorkerDied: the worker ended before that.
        """
        if self._connection is None:
            self._connect(self._accept())

    def _accept(self) -> Connection:
        """Wait for the connection that the new process opens; see ``wait_until_ready``."""
        inner = getattr(self._listener, "_listener", None)
        waited_for = getattr(inner, "_socket", None)  # a pipe of Windows has none, and blocks
        until = time.monotonic() + _START_LIMIT
        while waited_for is not None and not wait([waited_for], 0.05):
            if self._process.poll() is not None or time.monotonic() > until:
                self._process.kill()
                raise WorkerDied(ending_in_words(self._process.wait()))
        return self._listener.accept()

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


def connect() -> WorkerEnd:
    """In the spawned process: open the connection to the parent that started it."""
    adopt_orphans()  # so that the parent finds them, and ends them with this process
    address = json.loads(os.environ.pop(ADDRESS))
    address = tuple(address) if isinstance(address, list) else address
    notes = open(os.environ.pop(_NOTES), "w")  # noqa: SIM115, PTH123 - open until the end
    note_where_stuck(notes)
    return WorkerEnd(Client(address, authkey=bytes.fromhex(os.environ.pop(_KEY))))
