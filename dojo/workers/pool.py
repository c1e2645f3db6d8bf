"""Hands out warm workers, so that no verdict waits for ``import torch``."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from dojo.workers.fork_client import CannotFork, ForkServer, ForkServerDied
from dojo.workers.standby import Standby
from dojo.workers.worker import Worker


class WorkerPool:
    """Hands out a worker for each verdict, forked by a fork server or spawned ahead of time.

    It begins with the fork server, or with one spawned worker. Who asks for many verdicts, one
    after another, calls ``start`` after each.
    """

    def __init__(self, root: Path, kind: str = "auto") -> None:
        self._root = root
        self._kind = kind if kind != "auto" else _kind_to_try()
        self._lock = threading.Lock()  # for the next three: one thread closes what another starts
        self._server: ForkServer | None = None
        self._standby: Standby | None = None
        self._is_closed = False
        self._begin()

    @property
    def kind(self) -> str:
        """How workers are made: "fork" or "spawn"."""
        return self._kind

    @property
    def has_died(self) -> bool:
        """Whether the fork server was killed, and its workers with it."""
        return self._server is not None and not self._server.is_alive

    def start(self) -> bool:
        """Start what is missing; do not wait.

        That is the fork server, or the next spawned worker, until as many as memory allows stand
        ready. They start one after another.

        Returns:
            Whether a spawned worker is starting: once it is ready, another call may start one more.
        """
        self._begin()
        standby = self._standby
        return standby is not None and standby.fill()

    def count_ready(self) -> int:
        """Return how many workers ``get`` hands out without waiting for a start.

        A fork server has as many as anyone could ask for.
        """
        if self._kind == "fork":
            return sys.maxsize
        standby = self._standby
        return 0 if standby is None else standby.count_ready()

    def wait_until_ready(self) -> None:
        """Wait until ``get`` can hand out a worker at once.

        Raises:
            ForkServerDied: the fork server cannot start, or the pool is closed.
            WorkerDied: the spawned worker that was waited for has ended.
        """
        self._begin()
        server = self._server
        try:
            if server is not None:
                server.wait_until_ready()
        except CannotFork:
            self._kind = "spawn"
            self.restart()
        standby = self._standby
        if standby is not None:
            standby.wait_until_ready()

    def get(self, limit: float) -> Worker:
        """Return a worker that is ready, and judges once within ``limit`` seconds.

        Raises:
            ForkServerDied, WorkerDied: as for ``wait_until_ready``.
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
        self._begin()
        server, standby = self._server, self._standby
        if server is not None:
            return server.fork(limit)
        if standby is None:
            raise ForkServerDied("it was closed")
        worker = standby.take()
        worker.limit = limit
        return worker

    def restart(self) -> None:
        """End the warm processes and start new ones, since a check or the dojo has changed."""
        self._end_processes()
        self._begin()

    def close(self) -> None:
        """End every process, for good; a thread that waits for one is told so."""
        self._is_closed = True
        self._end_processes()

    def _begin(self) -> None:
        """Start the fork server or the first spawned worker, if it is missing."""
        with self._lock:
            if self._is_closed:
                return
            if self._kind == "fork" and self._server is None:
                self._server = ForkServer(self._root)
            elif self._kind == "spawn" and self._standby is None:
                self._standby = Standby(self._root)
                self._standby.begin()

    def _end_processes(self) -> None:
        with self._lock:
            server, self._server = self._server, None
            standby, self._standby = self._standby, None
        if server is not None:
            server.close()
        if standby is not None:
            standby.close()


def _kind_to_try() -> str:
    """Return the kind for this system; a fork server that finds a real GPU changes it later."""
    return "fork" if sys.platform.startswith("linux") else "spawn"
