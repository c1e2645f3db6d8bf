"""The parent's side of plain pytest: gives each kata a worker, and reports what it answers.

It knows when a kata begins and ends, which worker judges now and which is made ready for the next
kata. What happens inside a worker is in ``serve`` and ``runner``.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from functools import partial

import pytest

from dojo.course.katas import Kata
from dojo.judge.isolation import isolation_of
from dojo.judge.items import KATA, PLACE
from dojo.judge.runner import Runner
from dojo.judge.serve import serve
from dojo.verdict.model import GREEN, Check
from dojo.verdict.text import text_of_report
from dojo.verdict.visible import visible
from dojo.workers.failure import WorkerFailure, failure_of
from dojo.workers.forked import ForkedWorker
from dojo.workers.huge_pages import collapse
from dojo.workers.lifetime import reap
from dojo.workers.protocol import open_request, parse_outcome, parse_plan, run_request
from dojo.workers.spawned import SpawnedWorker
from dojo.workers.worker import Worker, WorkerDied, WorkerStuck

_MANY = 100  # katas in a run, from which on it pays to make forks cheap


class Dispatch:
    """A plugin of pytest that hands each kata's checks to a worker.

    It is used in pytest's own process only. Forked workers inherit the runner.
    """

    def __init__(self, config: pytest.Config, runner: Runner) -> None:
        self._config, self._runner = config, runner
        self._isolation = isolation_of(config)
        self._groups: list[list[pytest.Item]] = []  # checks that come in a row and share a kata
        self._place: dict[str, int] = {}  # of a check's group among these, by node id
        self._current: Worker | None = None  # the worker of the kata that is being judged
        self._next: tuple[Kata, Worker] | None = None  # the worker of the kata after it
        self._sent_nodeids: set[str] = set()  # the checks that one of them was asked to run
        self._failure: WorkerFailure | None = None  # of the current worker, once it died or hung
        self._is_warm = False  # whether the runner is ready to be forked

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Group the checks of one kata that come in a row: they share a worker."""
        rows = itertools.groupby(session.items, key=lambda item: item.stash.get(KATA, None))
        self._groups = [list(row) for _, row in rows]
        self._place = {
            item.nodeid: place for place, group in enumerate(self._groups) for item in group
        }

    # ---------------------------------------------------------------- pytest's protocol

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Have the kata's worker run this check, and report its outcome."""
        if KATA not in item.stash or self._isolation == "none":
            return None
        is_last = nextitem is None or nextitem.stash.get(KATA, None) != item.stash[KATA]
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        try:
            for report in self._reports(item, None if is_last else nextitem):
                item.ihook.pytest_runtest_logreport(report=report)
        except BaseException:
            self._end_current()
            raise
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if is_last:
            self._end_current()
        return True

    def pytest_sessionfinish(self) -> None:
        """End the workers that are left when a run was stopped."""
        self._end_current()
        if self._next is not None:
            self._next[1].close()
        reap()

    def _reports(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[pytest.TestReport]:
        """Yield the three reports that pytest expects of one check."""
        started = time.time()
        check, source_hash = self._outcome(item, nextitem)
        now = time.time()
        for when in ("setup", "call", "teardown"):
            is_call = when == "call"
            is_bad = is_call and check.state != GREEN
            yield pytest.TestReport(
                nodeid=item.nodeid,
                location=item.location,
                keywords=dict.fromkeys(item.keywords, 1),
                outcome="failed" if is_bad else "passed",
                longrepr=text_of_report(check) if is_bad else None,
                when=when,
                sections=[("Captured output", visible(check.output))]
                if is_bad and check.output
                else (),
                start=started if is_call else now,
                stop=now,
                duration=now - started if is_call else 0,
                dojo=check.as_json() if is_call else None,
                dojo_source_hash=source_hash,
                dojo_place=item.stash[PLACE],
            )

    def _outcome(self, item: pytest.Item, nextitem: pytest.Item | None) -> tuple[Check, str]:
        """Return a check with its outcome, and the hash of the file that was judged."""
        if self._failure is None:
            try:
                worker = self._worker_for(item, nextitem)
                outcome = worker.receive(partial(parse_outcome, nodeid=item.nodeid))
                return outcome.check, outcome.source_hash
            except (WorkerStuck, WorkerDied) as error:
                kata, solutions = item.stash[KATA], self._runner.solutions
                self._failure = failure_of(error, self._current, kata, solutions)
        return self._failure.as_check(self._runner.check_before(item)), ""

    # ---------------------------------------------------------------- the workers

    def _worker_for(self, item: pytest.Item, nextitem: pytest.Item | None) -> Worker:
        """Return the kata's worker, which has been asked to run this check.

        At a kata's first check, the worker of the next kata is started too.
        """
        is_new = self._current is None
        worker = self._current = self._current or self._take_next(item) or self._new_worker()
        if item.nodeid not in self._sent_nodeids:
            if hasattr(self._config, "workerinput"):  # xdist does not tell a worker what will come
                self._send_request(worker, [item], is_new, nextitem)
            else:
                self._send_request(worker, self._groups[self._place[item.nodeid]], is_new)
        if is_new:
            worker.receive(parse_plan)  # the plan itself is known here
            self._start_next(item)
        return worker

    def _send_request(
        self,
        worker: Worker,
        group: list[pytest.Item],
        is_new: bool,
        following: pytest.Item | None = None,
    ) -> None:
        """Ask a worker to run a group of checks, and to open their kata first if it is new."""
        if is_new:
            capture = self._config.getoption("capture") != "no"
            kata = group[0].stash[KATA]
            worker.send(open_request(kata, self._runner.solutions, capture=capture))
        nodeids = [item.nodeid for item in group]
        worker.send(run_request(nodeids, following.nodeid if following else None))
        self._sent_nodeids.update(nodeids)

    def _start_next(self, item: pytest.Item) -> None:
        """Start a worker on the kata after the item's, where there is a processor to spare."""
        if hasattr(self._config, "workerinput") or (os.cpu_count() or 1) < 2:
            return
        after = self._place[item.nodeid] + 1
        group = self._groups[after] if after < len(self._groups) else []
        if not group or KATA not in group[0].stash:
            return
        worker = self._new_worker()
        try:
            if isinstance(worker, ForkedWorker):  # a spawned one would have to be waited for
                self._send_request(worker, group, is_new=True)
        except WorkerDied:
            worker.close()  # that is no fault of this item's kata
        else:
            self._next = group[0].stash[KATA], worker

    def _take_next(self, item: pytest.Item) -> Worker | None:
        """Return the worker that has been started early for the item's kata, if there is one."""
        following, self._next = self._next, None
        if following is None:
            return None
        kata, worker = following
        if kata != item.stash[KATA]:
            worker.close()
            return None
        return worker

    def _new_worker(self) -> Worker:
        """Fork or spawn a worker, which can judge any kata."""
        limit = self._config.getoption("--time-limit")
        if self._isolation == "spawn":
            return SpawnedWorker([], self._runner.root, limit)
        if not self._is_warm:
            if len(self._groups) > _MANY:
                collapse()
            self._runner.warm_up()
            self._is_warm = True
        return ForkedWorker(partial(serve, self._runner), limit)

    def _end_current(self) -> None:
        if self._current is not None:
            self._current.close()
        self._current = self._failure = None
