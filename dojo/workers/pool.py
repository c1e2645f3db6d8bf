"""Hands out warm workers, so that no verdict waits for ``import torch``."""

from __future__ import annotations

import sys
from pathlib import Path

from dojo.workers.fork_client import CannotFork, ForkServer, ForkServerDied
from dojo.workers.spawned import SpawnedWorker
from dojo.workers.worker import Worker


class WorkerPool:
    """Hands out a worker for each verdict, forked by a fork server or spawned ahead of time."""

    def __init__(self, root: Path, kind: str = "auto") -> None:
        self._root = root
        self._kind = kind if kind != "auto" else _kind_to_try()
        self._server: ForkServer | None = None
        self._standby: SpawnedWorker | None = None
        self._is_closed = False
        self.start()

    @property
    def kind(self) -> str:
        """How workers are made: "fork" or "spawn"."""
        return self._kind

    @property
    def has_died(self) -> bool:
        """Whether the fork server was killed, and its workers with it."""
        return self._server is not None and not self._server.is_alive

    def start(self) -> None:
        """Start the fork server or the next spawned worker, if it is missing; do not wait."""
        if self._is_closed:
            return
        if self._kind == "fork" and self._server is None:
            self._server = ForkServer(self._root)
        elif self._kind == "spawn" and self._standby is None:
            self._standby = SpawnedWorker([], self._root, 0.0)

    def wait_until_ready(self) -> None:
        """Wait until ``get`` can hand out a worker at once.

        Raises:
            ForkServerDied: the checks cannot be collected.
        """
        self.start()
        try:
            if self._server is not None:
                self._server.wait_until_ready()
        except CannotFork:
            self._kind = "spawn"
            self.restart()
        if self._standby is not None:
            self._standby.wait_until_ready()

    def get(self, limit: float) -> Worker:
        """Return a worker with all checks collected, which judges once within ``limit`` seconds.

        Raises:
            ForkServerDied: the checks cannot be collected, or the pool is closed.
        """
        try:
            return self._get(limit)
        except CannotFork:
            self._kind = "spawn"
        except ForkServerDied:  # killed from outside, perhaps: once more, with a new one
            pass
        self.restart()
        return self._get(limit)

    def _get(self, limit: float) -> Worker:
        self.start()
        if self._server is not None:
            return self._server.fork(limit)
        worker, self._standby = self._standby, None
        if worker is None:
            raise ForkServerDied("it was closed")
        worker.limit = limit
        return worker

    def restart(self) -> None:
        """End the warm processes and start new ones, since a check or the dojo has changed."""
        self._end_processes()
        self.start()

    def close(self) -> None:
        """End every process, for good."""
        self._is_closed = True
        self._end_processes()

    def _end_processes(self) -> None:
        server, self._server = self._server, None
        standby, self._standby = self._standby, None
        if server is not None:
            server.close()
        if standby is not None:
            standby.close()


def _kind_to_try() -> str:
    """Return the kind for this system; a fork server that finds a real GPU changes it later."""
    return "fork" if sys.platform.startswith("linux") else "spawn"
