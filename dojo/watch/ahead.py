"""Prepares what the next verdict needs, while the judging thread has nothing else to do.

That is a worker that has opened the kata, and then the table of the kata's known mistakes.
"""

from __future__ import annotations

from collections.abc import Callable

from dojo.course.katas import Kata
from dojo.verdict.diagnosis import Table, TableMaker, diagnose, known_table
from dojo.verdict.model import RED, Verdict
from dojo.watch.events import Diagnosed
from dojo.workers.client import JUDGING_ERRORS, PreparedWorker

_SPARE = 2  # workers that must be ready, so that one is left when one is taken


class Ahead:
    """Prepares, step by step, for the next verdict on the kata that was judged last.

    Args:
        prepare: returns a worker that has opened the kata and gone through its checks.
        judge_impostor: returns the verdict on an impostor of the kata, given as text; None if a
            request of the learner interrupted that.
        on_diagnosis: called when the mistake of the last verdict is recognised.
        count_ready: returns how many workers can be had without waiting for one to start.
    """

    def __init__(
        self,
        prepare: Callable[[Kata], PreparedWorker],
        judge_impostor: Callable[[Kata, str], Verdict | None],
        on_diagnosis: Callable[[Diagnosed], None],
        count_ready: Callable[[], int],
    ) -> None:
        self._prepare, self._judge_impostor = prepare, judge_impostor
        self._on_diagnosis, self._count_ready = on_diagnosis, count_ready
        self._last: tuple[Kata, Verdict | None] | None = None
        self._worker: tuple[Kata, PreparedWorker] | None = None
        self._tables: dict[str, Table] = {}  # of known mistakes, by kata
        self._makers: dict[str, TableMaker] = {}

    def remember(self, kata: Kata, verdict: Verdict | None) -> None:
        """Remember which kata was judged last, and its verdict if there is one."""
        self._last = kata, verdict

    def table(self, kata: Kata) -> Table | None:
        """Return the table of the kata's known mistakes, if it is ready."""
        return self._tables.get(kata.name)

    def has_worker(self, kata: Kata) -> bool:
        """Return whether a worker is ready for this kata."""
        if self._worker is None:
            return False
        prepared_for, worker = self._worker
        return prepared_for == kata and worker.worker.is_waiting

    def take_worker(self, kata: Kata) -> PreparedWorker | None:
        """Hand out the worker that is ready for this kata, if there is one; end any other."""
        if not self.has_worker(kata):
            self.drop_worker()
            return None
        assert self._worker is not None
        (_, worker), self._worker = self._worker, None
        return worker

    def keep_worker(self, kata: Kata, worker: PreparedWorker) -> None:
        """Take a worker that has opened a kata and has not run, in place of the one before."""
        self.drop_worker()
        self._worker = kata, worker

    def drop_worker(self) -> None:
        """End the worker that is ready, if there is one."""
        if self._worker is not None:
            self._worker[1].close()
            self._worker = None

    def forget(self) -> None:
        """End the worker and drop all tables, since a check or the dojo itself has changed."""
        self.drop_worker()
        self._tables.clear()
        self._makers.clear()
        self._last = None

    def prepare_one_step(self) -> bool:
        """Prepare a worker, or judge one impostor for the table of known mistakes.

        Once the table is complete, the last verdict is diagnosed with it. A step is not taken where
        it would have to wait for a worker, or would leave none for another kata.

        Returns:
            Whether something may be left to prepare now.
        """
        if self._last is None:
            return False
        kata, verdict = self._last
        try:
            if self._worker is not None and kata.name in self._tables:
                return False
            if self._count_ready() < _SPARE:
                return False
            if self._worker is None:
                self._worker = kata, self._prepare(kata)
                return True
            self._tables.update(self._make_table_one_step(kata))
        except JUDGING_ERRORS:
            self._last = None  # the next request meets the trouble again, and reports it
            return False
        if kata.name in self._tables and verdict is not None and verdict.state == RED:
            found = diagnose(verdict, self._tables[kata.name])
            if found is not None:
                self._on_diagnosis(Diagnosed(kata, found))
        return True

    def _make_table_one_step(self, kata: Kata) -> dict[str, Table]:
        """Judge one impostor, and return the kata's table under its name if that completes it.

        A table that was kept from an earlier run is returned at once.
        """
        table = known_table(kata) if kata.name not in self._makers else None
        if table is not None:
            return {kata.name: table}
        maker = self._makers.setdefault(kata.name, TableMaker(kata))
        if not maker.is_done:
            maker.step(self._judge_impostor)
        return {kata.name: maker.table} if maker.is_done else {}
