"""Judges cells by warm workers, in a thread that prepares the next verdict after each one."""

from __future__ import annotations

import atexit
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dojo.course.katas import Kata
from dojo.verdict.diagnosis import Table, diagnose, known_table, make_table
from dojo.verdict.model import CRASHED, RED, Verdict
from dojo.watch.ahead import Ahead
from dojo.watch.events import Diagnosed
from dojo.workers.client import PreparedWorker, judge_source, prepare_worker, temporary_solutions
from dojo.workers.fork_client import ForkServerDied
from dojo.workers.pool import WorkerPool
from dojo.workers.worker import Worker

_CLOSE_LIMIT = 5.0  # seconds that the thread gets to end, so that no kernel hangs
_INTERRUPTED = 0.2  # seconds after which an interrupt is noticed, where waiting hides it
_LOOK = 0.05  # seconds between two looks at a worker that starts while nothing else is to do
_Result = TypeVar("_Result")


class WarmJudge:
    """Judges answers of one dojo, one after another.

    The processes are started by its own thread: on Linux they end with the thread that has started
    them, and a kernel may run cells in threads that come and go.

    Args:
        root: the dojo.
        on_diagnosis: called in the judge's thread when the mistake of the verdict that ``prepare``
            was told is recognised.

    Attributes:
        root: the dojo.
    """

    def __init__(self, root: Path, on_diagnosis: Callable[[Diagnosed], None]) -> None:
        self.root = root
        self._on_diagnosis = on_diagnosis
        self._opened_at = time.time_ns()  # when the workers began to read the checks
        self._pool: WorkerPool | None = None
        self._used: list[PreparedWorker] = []  # to be closed
        self._lock = threading.Lock()  # for what both threads use: the next two
        self._impostor: Worker | None = None  # judges while nobody waits
        self._answer: Worker | None = None
        self._is_closed = False
        self._requests: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]
        self._requests = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name="dojo judging")
        self._thread.start()
        atexit.register(self.close)

    def judge(self, kata: Kata) -> Verdict:
        """Judge the kata's file in ``katas/``.

        A red verdict has its diagnosis if the table of the kata's known mistakes is there already.

        Raises:
            NoChecks, ForkServerDied, WorkerDied, WorkerStuck: there is no verdict.
        """
        return self._ask(partial(self._judge, kata))

    def judge_text(self, kata: Kata, source: str) -> Verdict:
        """Judge an answer that is in no file; raises what ``judge`` raises."""
        return self._ask(lambda: judge_source(self._open_pool(), kata, source))

    def make_table(self, kata: Kata) -> Table:
        """Make the table of the kata's known mistakes; raises what ``judge`` raises."""
        return self._ask(lambda: make_table(kata, partial(judge_source, self._open_pool())))

    def prepare(self, kata: Kata, verdict: Verdict) -> None:
        """Begin to prepare the next verdict on this kata, and to look for the mistake of this one.

        It is called once the verdict is shown, and does not wait.
        """
        self._put(lambda: self._ahead.remember(kata, verdict))

    @property
    def is_alive(self) -> bool:
        """Whether it can judge: its thread runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the thread and every process."""
        atexit.unregister(self.close)
        self._is_closed = True
        self._requests.put(None)
        if self._pool is not None:
            self._pool.close()  # first, since the thread may wait for it
        self._thread.join(_CLOSE_LIMIT)

    def _ask(self, function: Callable[[], _Result]) -> _Result:
        """Have the thread call a function, and wait for what it returns or raises."""
        answer = self._put(function)
        try:
            while not answer.done() and self.is_alive:
                wait([answer], _INTERRUPTED)
            if not answer.done():
                raise ForkServerDied("the thread that judges has ended")
            return answer.result()
        except KeyboardInterrupt:
            answer.cancel()
            with self._lock:
                if self._answer is not None:
                    self._answer.drop()
            raise
        except CancelledError:
            raise ForkServerDied("it was closed") from None

    def _put(self, function: Callable[[], _Result]) -> Future[_Result]:
        """Hand a function to the thread, which leaves for it what nobody waits for."""
        answer: Future[_Result] = Future()
        with self._lock:
            self._requests.put((function, answer))
            if self._impostor is not None:
                self._impostor.drop()
        return answer

    # ---------------------------------------------------------------- the judging thread

    def _run(self) -> None:
        pool = self._open_pool()
        self._ahead = Ahead(
            self._prepare_ahead, self._judge_impostor, self._on_diagnosis, pool.count_ready
        )
        while (request := self._next_request(pool)) is not None:
            function, answer = request
            if self._is_closed:
                answer.cancel()
            elif answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(function())
                except BaseException as error:  # noqa: BLE001 - raised where it was asked for
                    answer.set_exception(error)
        self._ahead.drop_worker()
        pool.close()

    def _next_request(self, pool: WorkerPool) -> tuple[Callable[[], Any], Future[Any]] | None:
        """Wait for a request, and prepare the next verdict meanwhile."""
        while self._used:
            self._used.pop().close()  # which takes a while, and the verdict is told already
        while True:
            is_starting = pool.start()
            while self._requests.empty() and self._ahead.prepare_one_step():
                is_starting = pool.start()
            with contextlib.suppress(queue.Empty):
                return self._requests.get(timeout=_LOOK if is_starting else None)

    def _open_pool(self) -> WorkerPool:
        if self._pool is None:
            self._pool = WorkerPool(self.root)
        return self._pool

    def _judge(self, kata: Kata, is_second: bool = False) -> Verdict:
        pool = self._open_pool()
        if _changed_at(kata.checks) > self._opened_at:  # the workers may hold the checks before
            self._ahead.forget()
            self._opened_at = time.time_ns()
            pool.restart()
        prepared = self._ahead.take_worker(kata) or self._open(kata)
        self._used.append(prepared)
        with self._as("_answer", prepared.worker):
            verdict = prepared.run()
        has_died = verdict.state == CRASHED and pool.has_died
        if has_died and not is_second and not self._is_closed:
            return self._judge(kata, is_second=True)  # perhaps the answer did not end the process
        if verdict.state != RED:
            return verdict
        table = self._ahead.table(kata) or known_table(kata)
        return replace(verdict, diagnosis=diagnose(verdict, table)) if table else verdict

    def _judge_impostor(self, kata: Kata, source: str) -> Verdict | None:
        """Return the verdict on an impostor of the kata; None if a request interrupted that."""
        with temporary_solutions(kata, source) as folder:
            prepared = prepare_worker(self._open_pool(), kata, folder)
            with contextlib.closing(prepared), self._as("_impostor", prepared.worker) as is_wanted:
                verdict = prepared.run() if is_wanted else None
                return None if prepared.worker.was_dropped else verdict

    def _prepare_ahead(self, kata: Kata) -> PreparedWorker:
        """Have a worker open a kata, and rehearse the verdict, so that it is faster."""
        return self._open(kata, rehearse=True)

    def _open(self, kata: Kata, rehearse: bool = False) -> PreparedWorker:
        return prepare_worker(self._open_pool(), kata, self.root / "katas", rehearse=rehearse)

    @contextlib.contextmanager
    def _as(self, role: str, worker: Worker) -> Iterator[bool]:
        """Let the asking thread end a worker inside the ``with`` block, by the role that it has.

        Yields:
            Whether no request has come in yet.
        """
        with self._lock:
            setattr(self, role, worker)
            is_wanted = self._requests.empty()
        try:
            yield is_wanted
        finally:
            with self._lock:
                setattr(self, role, None)


def _changed_at(path: Path) -> int:
    """When a file was changed last, in nanoseconds; 0 if there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
