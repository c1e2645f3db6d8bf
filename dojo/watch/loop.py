"""Judges a kata whenever its file is saved, and tells of it as events; it shows nothing itself.

A save while a run is under way ends that run. Saved files are heard of in ``saves``, what is made
ready while nothing else is to do is in ``ahead``.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from dojo.course.katas import Kata
from dojo.verdict.diagnosis import diagnose
from dojo.verdict.model import CRASHED, Verdict
from dojo.watch.ahead import Ahead
from dojo.watch.events import Checked, Event, Judged, Started, Trouble
from dojo.watch.saves import SaveWatcher
from dojo.workers.client import (
    JUDGING_ERRORS,
    PreparedWorker,
    prepare_worker,
    temporary_solutions,
)
from dojo.workers.pool import WorkerPool
from dojo.workers.worker import Worker


class Loop:
    """Watches a folder of answers and judges the kata that was saved last, in a thread of its own.

    Args:
        root: the dojo's root.
        solutions: the folder of answers, laid out like ``katas/``.
        device: "cpu", "cuda" or "all".
        limit: seconds that one kata may take.
        on_event: called with each event, in the loop's thread.
        pool: the warm workers, if they are warm already.
    """

    def __init__(
        self,
        root: Path,
        solutions: Path,
        device: str,
        limit: float,
        on_event: Callable[[Event], None],
        pool: WorkerPool | None = None,
    ) -> None:
        self._solutions, self._device, self._limit = solutions, device, limit
        self._on_event = on_event
        self._pool = pool or WorkerPool(root)
        self._requests: queue.SimpleQueue[Kata | None] = queue.SimpleQueue()
        self._is_closed = threading.Event()
        self._lock = threading.Lock()  # for what both threads use: the next three
        self._running: Worker | None = None
        self._current: Kata | None = None
        self._is_stale = False  # whether the warm workers have collected checks that changed since
        self._ahead = Ahead(
            lambda kata: self._prepare(kata, prefault=True), self._judge_aside, on_event
        )
        self._saves = SaveWatcher(
            root, solutions, lambda: self._current, self.follow, self._note_stale_workers
        )
        self._thread = threading.Thread(target=self._run, daemon=True, name="dojo judging")
        self._thread.start()

    def follow(self, kata: Kata) -> None:
        """Judge this kata now, and again at each save."""
        with self._lock:
            self._current = kata
            self._requests.put(kata)
            self._drop_run()

    def close(self) -> None:
        """End the run that is under way, the threads and every process."""
        with self._lock:
            self._is_closed.set()
            self._saves.stop()
            self._requests.put(None)
            self._drop_run()
        self._pool.close()  # first, since the judging thread may wait for it
        self._saves.join()
        self._thread.join()

    def _drop_run(self) -> None:
        if self._running is not None:
            self._running.drop()

    def _note_stale_workers(self) -> None:
        """Judge the current kata again with new workers, since a check or the dojo has changed."""
        with self._lock:
            self._drop_run()
            self._is_stale = True
            if self._current is not None:
                self._requests.put(self._current)

    # ---------------------------------------------------------------- the judging thread

    def _run(self) -> None:
        while not self._is_closed.is_set():
            kata = self._next_request()
            if kata is None:
                break
            if self._is_stale:
                self._is_stale = False
                self._ahead.forget()
                self._pool.restart()
            self._ahead.note(kata, self._judge(kata))
            self._pool.start()  # what was used up
        self._ahead.drop_worker()

    def _next_request(self) -> Kata | None:
        """Wait for the newest request, and meanwhile do what makes the next verdicts faster."""
        while self._requests.empty() and not self._is_stale and self._ahead.prepare_one_step():
            pass
        request = self._requests.get()
        while request is not None and not self._requests.empty():
            request = self._requests.get()
        return request

    def _judge(self, kata: Kata) -> Verdict | None:
        """Judge a kata and tell of it; None if a newer request ended the run, or nothing could."""
        try:
            prepared = self._ahead.take_worker(kata) or self._prepare(kata)
        except JUDGING_ERRORS as error:
            if not self._is_closed.is_set():
                self._on_event(Trouble(kata, f"The checks could not be run: {error}"))
            return None
        worker = prepared.worker
        with contextlib.closing(prepared), self._as_running(worker) as is_wanted:
            if not is_wanted:
                return None
            self._tell(worker, Started(kata, prepared.plan))
            verdict = prepared.run(lambda check: self._tell(worker, Checked(kata, check)))
            if worker.was_dropped:
                return None
            if verdict.state == CRASHED and self._pool.has_died:
                return self._judge(kata)  # it was not the answer that ended the process
            table = self._ahead.table(kata)
            if table is not None:
                verdict = replace(verdict, diagnosis=diagnose(verdict, table))
            self._on_event(Judged(kata, verdict))
            return verdict

    def _judge_aside(self, kata: Kata, source: str) -> Verdict | None:
        """The verdict on a known mistake; None if a request came in."""
        with temporary_solutions(kata, source) as folder:
            prepared = prepare_worker(self._pool, kata, folder)
            with contextlib.closing(prepared), self._as_running(prepared.worker) as is_wanted:
                if not is_wanted:
                    return None
                verdict = prepared.run()
                return None if prepared.worker.was_dropped else verdict

    def _prepare(self, kata: Kata, prefault: bool = False) -> PreparedWorker:
        return prepare_worker(
            self._pool, kata, self._solutions, self._device, self._limit, prefault
        )

    @contextlib.contextmanager
    def _as_running(self, worker: Worker) -> Iterator[bool]:
        """Let a newer request end this worker; gives whether there is none yet."""
        with self._lock:
            is_wanted = self._requests.empty()
            self._running = worker if is_wanted else None
        try:
            yield is_wanted
        finally:
            with self._lock:
                self._running = None

    def _tell(self, worker: Worker, event: Event) -> None:
        """Tell of an event, unless a newer request has ended the run."""
        if not worker.was_dropped:
            self._on_event(event)
