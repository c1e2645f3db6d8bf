"""Asks a worker for the verdict on one kata's answer.

The verdict is that of plain ``pytest`` on the same file, since the same judge gives it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from dojo.course.katas import Kata
from dojo.course.reference import NoReference, read_reference
from dojo.files.tools import typed
from dojo.verdict.model import Check, Verdict, state_of
from dojo.workers.failure import failure_of
from dojo.workers.fork_client import ForkServerDied
from dojo.workers.limits import TIME_LIMIT
from dojo.workers.pool import WorkerPool
from dojo.workers.protocol import Outcome, open_request, parse_outcome, parse_plan, run_request
from dojo.workers.worker import Worker, WorkerDied, WorkerStuck

_OPEN_LIMIT = 60.0  # seconds that a worker may take to import a kata's checks on a slow disk


class NoChecks(Exception):
    """No check of the kata could be collected, or none for the device."""


# What the functions of this module raise where there is no verdict.
JUDGING_ERRORS = (NoChecks, NoReference, ForkServerDied, WorkerDied, WorkerStuck)


def judge(
    pool: WorkerPool,
    kata: Kata,
    solutions: Path,
    device: str = "all",
    limit: float = TIME_LIMIT,
) -> Verdict:
    """Judge a kata's answer in a folder with the layout of ``katas/``, and return the verdict.

    Raises:
        NoChecks: nothing was judged.
        NoReference: nothing can be judged, since the course lacks a file.
        ForkServerDied: the checks could not be collected.
    """
    with contextlib.closing(prepare_worker(pool, kata, solutions, device, limit)) as prepared:
        return prepared.run()


class PreparedWorker:
    """A worker that has opened one kata, and judges the answer once, when ``run`` is called.

    Attributes:
        worker: the process.
        plan: the checks that it will run, without their outcomes.
    """

    def __init__(
        self, worker: Worker, kata: Kata, solutions: Path, device: str, rehearse: bool
    ) -> None:
        self.worker = worker
        self._kata, self._solutions = kata, solutions
        limit, worker.limit = worker.limit, _OPEN_LIMIT
        worker.send(open_request(kata, solutions, device, rehearse=rehearse))
        try:
            plan = worker.receive(parse_plan)
        except WorkerDied:
            read_reference(kata)  # which raises if that is why
            raise
        worker.limit = limit
        if not plan.checks:
            command = f"{typed('pytest')} {kata.checks}"
            raise NoChecks(f"{kata.name}: no check was collected; see: {command}")
        self._nodeids = list(plan.checks)
        self.plan = tuple(plan.checks.values())
        self._devices = plan.devices
        worker.restart_clock()

    def run(self, on_check: Callable[[Check], None] = lambda _check: None) -> Verdict:
        """Judge the file as it is now, and return the verdict.

        Args:
            on_check: called with each check as it ends.
        """
        checks: list[Check] = []
        seconds, source_hash, failure = 0.0, "", None
        answers = self._answers()
        for check in self.plan:
            if failure is None:
                try:
                    outcome = next(answers)
                except (WorkerStuck, WorkerDied) as error:
                    failure = failure_of(error, self.worker, self._kata, self._solutions)
                else:
                    check, source_hash = outcome.check, outcome.source_hash
                    seconds += outcome.seconds
            if failure is not None:
                check = failure.as_check(check)
            checks.append(check)
            on_check(check)
        return Verdict(
            self._kata.name,
            state_of(checks),
            seconds,
            source_hash,
            tuple(checks),
            devices=self._devices,
        )

    def _answers(self) -> Iterator[Outcome]:
        """Ask for all checks, and yield the worker's answers one by one."""
        self.worker.send(run_request(self._nodeids))
        for nodeid in self._nodeids:
            yield self.worker.receive(partial(parse_outcome, nodeid=nodeid))

    def close(self) -> None:
        """End the worker's process."""
        self.worker.close()


def prepare_worker(
    pool: WorkerPool,
    kata: Kata,
    solutions: Path,
    device: str = "all",
    limit: float = TIME_LIMIT,
    rehearse: bool = False,
) -> PreparedWorker:
    """Get a worker and have it open a kata, so that later it only has to run the checks.

    Args:
        pool: where the worker comes from.
        kata: what is judged.
        solutions: the folder of answers, laid out like ``katas/``.
        device: "cpu", "cuda" or "all".
        limit: seconds that the verdict may take.
        rehearse: whether the worker then runs the checks on the reference until ``run`` is called,
            so that the verdict is faster.

    Raises:
        NoChecks, ForkServerDied: as for ``judge``.
        WorkerDied, WorkerStuck: the worker did not become ready.
    """
    worker = pool.get(limit)
    try:
        return PreparedWorker(worker, kata, solutions, device, rehearse)
    except BaseException:
        worker.close()
        raise


@contextlib.contextmanager
def temporary_solutions(kata: Kata, source: str | bytes) -> Iterator[Path]:
    """Yield a temporary folder with the layout of ``katas/`` that holds one answer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = kata.solution_in(folder)
        path.parent.mkdir(parents=True)
        path.write_bytes(source.encode() if isinstance(source, str) else source)
        yield folder


def judge_source(pool: WorkerPool, kata: Kata, source: str | bytes, **options: Any) -> Verdict:
    """Judge an answer given as text; the options are those of ``judge``."""
    with temporary_solutions(kata, source) as folder:
        return judge(pool, kata, folder, **options)
