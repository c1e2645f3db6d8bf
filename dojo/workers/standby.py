"""Keeps spawned workers ready, since each verdict uses one up and a new one must import torch."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from dojo.workers.fork_client import ForkServerDied
from dojo.workers.free_memory import available_memory
from dojo.workers.spawned import SpawnedWorker
from dojo.workers.worker import WorkerDied

LEAST = 2  # one is used while the other stands ready for the next save
MOST = 6  # saves that come faster than workers start; more would hardly ever be used
UNKNOWN = 3  # where the system does not tell how much memory there is
SIZE = 200_000_000  # bytes that a worker takes which has imported torch
_SHARE = 8  # the workers together take at most one part in so many of the memory
_LOOK = 0.005  # seconds between two looks at a worker that is waited for


class Standby:
    """Spawned workers that stand ready for any kata.

    They start one after another, since two that start at once would both be late.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._changed = threading.Condition()  # for the next four
        self._ready: deque[SpawnedWorker] = deque()
        self._starting: SpawnedWorker | None = None
        self._failure: WorkerDied | None = None  # of the last start, until it is told
        self._is_closed = False

    def begin(self) -> None:
        """Start a worker if none stands ready or is starting; do not wait."""
        with self._changed:
            if not self._ready:
                self._start()

    def fill(self) -> bool:
        """Start the next worker if there is room for one and none is starting; do not wait.

        Returns:
            Whether a worker is starting: once it is ready, ``fill`` may start one more.
        """
        with self._changed:
            self._look()
            if room_for_more(len(self._ready)):
                self._start()
            return self._starting is not None

    def count_ready(self) -> int:
        """Return how many workers ``take`` hands out without waiting."""
        with self._changed:
            self._look()
            return len(self._ready)

    def wait_until_ready(self) -> None:
        """Wait until ``take`` need not wait.

        Raises:
            WorkerDied: the worker that was waited for ended; ``take`` raises the same.
            ForkServerDied: this was closed, perhaps meanwhile by another thread.
        """
        with self._changed:
            while True:
                if self._is_closed:
                    raise ForkServerDied("it was closed")
                self._look()
                if self._ready:
                    return
                if self._failure is not None:
                    raise self._failure
                self._start()
                self._changed.wait(_LOOK)

    def take(self) -> SpawnedWorker:
        """Hand out a worker, which the caller closes; wait for one if none is ready.

        Raises:
            WorkerDied, ForkServerDied: as for ``wait_until_ready``; the next call tries anew.
        """
        with self._changed:
            try:
                self.wait_until_ready()
            finally:
                self._failure = None
            return self._ready.popleft()

    def close(self) -> None:
        """End every worker that was not handed out, for good; wake the thread that waits."""
        with self._changed:
            self._is_closed = True
            workers = [*self._ready, *([self._starting] if self._starting else [])]
            self._ready.clear()
            self._starting = None
            self._changed.notify_all()
        for worker in workers:
            worker.close()

    def _start(self) -> None:
        """Start a worker, unless one is starting already or the last one failed at that."""
        if self._starting is None and self._failure is None and not self._is_closed:
            try:
                self._starting = SpawnedWorker([], self._root, 0.0)
            except OSError as error:
                self._failure = WorkerDied(f"no process can be started: {error}")

    def _look(self) -> None:
        """Note whether the worker that is starting is ready, and which ready ones have died."""
        dead = [worker for worker in self._ready if not worker.is_waiting]
        for worker in dead:
            self._ready.remove(worker)
            worker.close()
        if self._starting is None:
            return
        try:
            if not self._starting.connect_if_ready():
                return
        except WorkerDied as error:
            self._failure = error
            self._starting.close()
        else:
            self._ready.append(self._starting)
        self._starting = None


def room_for_more(standing: int) -> bool:
    """Return whether one more worker may stand ready beside those that do."""
    if standing < LEAST or standing >= MOST:
        return standing < LEAST
    free = available_memory()
    if free is None:
        return standing < UNKNOWN
    return (standing + 1) * SIZE * _SHARE <= free + standing * SIZE
