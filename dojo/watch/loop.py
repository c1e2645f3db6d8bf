"""Judges a kata whenever its file is saved, and reports that as events; it shows nothing itself.

A save while a run is under way ends that run. ``saves`` notices saved files, and ``ahead`` prepares
the next verdict while there is nothing else to do.
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
from dojo.watch.restless import Restless
from dojo.watch.saves import SaveWatcher
from dojo.workers.client import (
    JUDGING_ERRORS,
    PreparedWorker,
    prepare_worker,
    temporary_solutions,
)
from dojo.workers.pool import WorkerPool
from dojo.workers.worker import Worker

_LOOK = 0.05  # seconds between two looks at a worker that starts while nothing else is to do


class Loop:
    """Watches a folder of answers and judges the kata that was saved last, in a thread of its own.

    Args:
        root: the dojo's root.
        solutions: the folder of answers, laid out like ``katas/``.
        device: "cpu", "cuda" or "all".
        limit: seconds that one kata may take.
        on_event: called with each event, in the loop's thread.
        pool: the warm workers, if there are some already; the loop closes them in the end.
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
        self._lock = threading.Lock()  # for what all threads use: the next three
        self._running: Worker | None = None
        self._current: Kata | None = None
        self._is_stale = False  # whether the warm workers have collected checks that changed since
        self._restless = Restless()
        self._ahead = Ahead(
            self._prepare_ahead, self._judge_impostor, on_event, self._pool.count_ready
        )
        self._saves = SaveWatcher(
            root, solutions, lambda: self._current, self._saved, self._judge_again_by_new_workers
        )
        self._thread = threading.Thread(target=self._run, daemon=True, name="dojo judging")
        self._thread.start()

    def follow(self, kata: Kata) -> None:
        """Judge this kata now, and again at each save."""
        with self._lock:
            self._current = kata
            self._requests.put(kata)
            self._drop_run()

    def _saved(self, kata: Kata) -> None:
        """Judge a kata whose file has changed, unless the answer itself changes it in each run."""
        path = kata.solution_in(self._solutions)
        if kata != self._current or not self._restless.ignores_change(path):
            self.follow(kata)

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
        """End the run that is under way, if there is one; the lock must be held."""
        if self._running is not None:
            self._running.drop()

    def _judge_again_by_new_workers(self) -> None:
        """End the run and judge again by new workers, since a check or the dojo has changed."""
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
            self._ahead.remember(kata, self._judge(kata))
        self._ahead.drop_worker()

    def _next_request(self) -> Kata | None:
        """Wait for a request and for a worker; return the newest request then, None at the end."""
        request = self._wait_for_request()
        while True:
            while request is not None and not self._requests.empty():
                request = self._requests.get()
            if request is None:
                return None
            if self._is_stale:
                self._is_stale = False
                self._ahead.forget()
                self._pool.restart()
            if self._ahead.has_worker(request):
                return request
            with contextlib.suppress(*JUDGING_ERRORS):  # to judge meets the trouble again
                self._pool.wait_until_ready()
            if self._requests.empty() and not self._is_stale:
                return request

    def _wait_for_request(self) -> Kata | None:
        """Wait for any request; replace what was used up and prepare the next verdict meanwhile."""
        while True:
            is_starting = self._pool.start()
            while self._requests.empty() and not self._is_stale and self._ahead.prepare_one_step():
                is_starting = self._pool.start()
            with contextlib.suppress(queue.Empty):
                return self._requests.get(timeout=_LOOK if is_starting else None)

    def _judge(self, kata: Kata, is_second: bool = False) -> Verdict | None:
        """Judge a kata and report its events.

        Args:
            kata: the kata.
            is_second: whether the processes died when it was judged just before.

        Returns:
            The verdict; None if a newer request ended the run, or if there is no verdict.
        """
        try:
            prepared = self._ahead.take_worker(kata) or self._prepare(kata)
        except JUDGING_ERRORS as error:
            if not self._is_closed.is_set():
                self._on_event(Trouble(kata, f"The checks could not be run: {error}"))
            return None
        with self._as_running(prepared.worker) as is_wanted:
            if not is_wanted:
                self._ahead.keep_worker(kata, prepared)  # the newer request may be for this kata
                return None
            with contextlib.closing(prepared):
                return self._run_checks(kata, prepared, is_second)

    def _run_checks(self, kata: Kata, prepared: PreparedWorker, is_second: bool) -> Verdict | None:
        """Have a worker judge a kata, and report its events; returns what ``_judge`` does."""
        worker = prepared.worker
        self._restless.begin()
        self._report(worker, Started(kata, prepared.plan))
        verdict = prepared.run(lambda check: self._report(worker, Checked(kata, check)))
        self._restless.end()
        if worker.was_dropped:
            return None
        if verdict.state == CRASHED and self._pool.has_died and not is_second:
            return self._judge(kata, is_second=True)  # it may not be the answer that ended them
        table = self._ahead.table(kata)
        if table is not None:
            verdict = replace(verdict, diagnosis=diagnose(verdict, table))
        self._on_event(Judged(kata, verdict))
        return verdict

    def _judge_impostor(self, kata: Kata, source: str) -> Verdict | None:
        """Return the verdict on an impostor of the kata; None if a request interrupted that."""
        with temporary_solutions(kata, source) as folder:
            prepared = prepare_worker(self._pool, kata, folder)
            with contextlib.closing(prepared), self._as_running(prepared.worker) as is_wanted:
                if not is_wanted:
                    return None
                verdict = prepared.run()
                return None if prepared.worker.was_dropped else verdict

    def _prepare_ahead(self, kata: Kata) -> PreparedWorker:
        """Have a worker open a kata, and rehearse the verdict, so that it is faster."""
        return self._prepare(kata, rehearse=True)

    def _prepare(self, kata: Kata, rehearse: bool = False) -> PreparedWorker:
        return prepare_worker(
            self._pool, kata, self._solutions, self._device, self._limit, rehearse
        )

    @contextlib.contextmanager
    def _as_running(self, worker: Worker) -> Iterator[bool]:
        """Let a newer request end this worker inside the ``with`` block.

        Yields:
            Whether the run is still wanted: no newer request has come in yet.
        """
        with self._lock:
            is_wanted = self._requests.empty()
            self._running = worker if is_wanted else None
        try:
            yield is_wanted
        finally:
            with self._lock:
                self._running = None

    def _report(self, worker: Worker, event: Event) -> None:
        """Report an event of a run, unless a newer request has ended the run."""
        if not worker.was_dropped:
            self._on_event(event)
