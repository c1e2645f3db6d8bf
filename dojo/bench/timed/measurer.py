"""Measures cases in processes of their own, several times in turn, once their kata is green.

This is the side of pytest's own process. What is measured of a case is in ``measure``.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from dojo.bench.timed.items import BenchItem
from dojo.bench.timed.serve import PASSES, THREADS, serve
from dojo.course.katas import Kata, shown_path
from dojo.files.tools import typed
from dojo.judge.isolation import isolation_of
from dojo.verdict.model import GREEN
from dojo.workers.client import JUDGING_ERRORS, judge
from dojo.workers.forked import ForkedWorker
from dojo.workers.lifetime import reap
from dojo.workers.pool import WorkerPool
from dojo.workers.spawned import SpawnedWorker
from dojo.workers.worker import Worker, WorkerDied, WorkerStuck


class Measurer:
    """Measures how long cases take, in worker processes.

    Attributes:
        isolation: how workers are made: "fork", "spawn", or "none" where this process measures.
    """

    def __init__(self, config: pytest.Config, root: Path, solutions: Path) -> None:
        self.isolation = isolation_of(config)
        self._config, self._root, self._solutions = config, root, solutions
        self._pool: WorkerPool | None = None
        self._why_untimed: dict[Kata, str] = {}  # of judged katas; an empty text for a green one
        self._reported_reasons: set[str] = set()
        self._outcomes: dict[BenchItem, dict[str, Any]] = {}
        self._bad_sizes: dict[tuple[object, ...], int] = {}  # at which implementations hung or died
        self._ceiling_workers: dict[BenchItem, Worker] = {}  # measure ceilings; kept to the end

    def close(self) -> None:
        """End every process that was started."""
        for worker in self._ceiling_workers.values():
            worker.close()
        if self._pool is not None:
            self._pool.close()
        reap()

    def outcome(self, case: BenchItem) -> dict[str, Any]:
        """Return a case's outcome; measure all that it is compared with beside it."""
        if case.is_ceiling:
            while not self._is_measured(case):
                self._measure_once_more(case)
            return self._outcomes[case]
        if reason := self._reason_not_to_time(case.kata):
            is_first = reason not in self._reported_reasons  # one failure is enough for a kata
            self._reported_reasons.add(reason)
            return {"reason": reason, "is_red": True, "is_first": is_first}
        if case not in self._outcomes:
            others = [item for item in case.session.items if isinstance(item, BenchItem)]
            if case.size == max(case.declared.sizes):
                for other in others:
                    if other.is_ceiling and other.device == case.device:
                        self._measure_once_more(other)
            alike = [other for other in others if other.comparison_key == case.comparison_key]
            self._outcomes.update(self._measure_beside(alike))
        return self._outcomes[case]

    def _is_measured(self, ceiling: BenchItem) -> bool:
        found = self._outcomes.get(ceiling)
        return found is not None and ("reason" in found or len(found["facts"]["passes"]) >= PASSES)

    def _measure_once_more(self, ceiling: BenchItem) -> None:
        """Measure one more pass of a ceiling.

        Ceilings are measured right before and after the large sizes. On a busy machine, a ceiling
        from another moment could be lower than a case's own speed.
        """
        before = self._outcomes.get(ceiling)
        if before is None or "reason" not in before:
            if ceiling not in self._ceiling_workers:
                self._ceiling_workers[ceiling] = self._new_worker(ceiling)
            found = self._measure_one_pass(ceiling, self._ceiling_workers[ceiling])
            self._outcomes[ceiling] = _merged(before, found)

    def _measure_beside(self, cases: Sequence[BenchItem]) -> dict[BenchItem, dict[str, Any]]:
        """Measure cases in turn, at the largest size that fits into memory for all of them."""
        while True:
            outcomes = self._measure_in_turn(cases)
            n = cases[0].n
            if n == 1 or not any(outcome.get("too_large") for outcome in outcomes.values()):
                return outcomes
            for case in cases:
                case.n = n // 2

    def _measure_in_turn(self, cases: Sequence[BenchItem]) -> dict[BenchItem, dict[str, Any]]:
        """Measure cases at the size that they have now, and return their outcomes.

        Each pass times all of them, one after the other, since another program may slow down a
        part of a run.
        """
        outcomes: dict[BenchItem, dict[str, Any]] = {}
        with contextlib.ExitStack() as stack:
            workers = {}
            for _ in range(PASSES):
                for case in cases:
                    if "reason" in outcomes.get(case, {}):
                        continue
                    if case not in workers and case.any_size_key not in self._bad_sizes:
                        workers[case] = stack.enter_context(
                            contextlib.closing(self._new_worker(case))
                        )
                    found = self._measure_one_pass(case, workers.get(case))
                    outcomes[case] = _merged(outcomes.get(case), found)
                    if found.get("too_large"):
                        return outcomes
        return outcomes

    def _new_worker(self, case: BenchItem) -> Worker:
        """Start a worker process for a case."""
        limit = self._config.getoption("--time-limit")
        if self.isolation == "fork":
            _preload()
            return ForkedWorker(partial(serve, case.session), limit)
        arguments = [*self._spawned_options(), str(case.kata.node)]
        return SpawnedWorker(arguments, self._root, limit)

    def _measure_one_pass(self, case: BenchItem, worker: Worker | None) -> dict[str, Any]:
        """Have a worker measure one pass; if it hangs or dies, the outcome says so."""
        if worker is None:
            bad_size = self._bad_sizes[case.any_size_key]
            return {"reason": f"not tried, since n = {bad_size} did not end well"}
        request = {"case": case.nodeid, "n": case.n, "solutions": str(self._solutions)}
        worker.restart_clock()
        try:
            found: dict[str, Any] = worker.ask(request)
        except (WorkerStuck, WorkerDied) as error:
            self._bad_sizes[case.any_size_key] = case.n
            path = case.kata.solution_in(self._solutions)
            line = worker.stuck_at(path)
            where = f" ({shown_path(path, self._root)}, line {line})" if line else ""
            return {"reason": f"{error}{where} at n = {case.n}"}
        return found

    def _spawned_options(self) -> list[str]:
        """Return the options with which a spawned pytest collects and times the same cases."""
        options = ["-p", "pytest_benchmark.plugin", "--benchmark-only"]
        copied = (
            "--device",
            "--benchmark-min-time",
            "--benchmark-max-time",
            "--benchmark-min-rounds",
        )
        return options + [f"{name}={self._config.getoption(name)}" for name in copied]

    def _reason_not_to_time(self, kata: Kata) -> str:
        """Return why a kata is not timed; an empty text if its answer is green."""
        if kata not in self._why_untimed:
            try:
                self._pool = self._pool or WorkerPool(self._root)
                limit = self._config.getoption("--time-limit")
                state = judge(self._pool, kata, self._solutions, limit=limit).state
            except JUDGING_ERRORS as error:
                reason = f"{kata.name} cannot be judged: {error}"
            else:
                is_green = state == GREEN
                reason = (
                    ""
                    if is_green
                    else f"{kata.name} is {state}; see: {typed('pytest')} -k {kata.stem}"
                )
            self._why_untimed[kata] = reason
        return self._why_untimed[kata]


@functools.cache
def _preload() -> None:
    """Import, before the first fork, what would otherwise count as time of the first call."""
    torch.set_num_threads(THREADS)  # so that there is no thread pool, which a fork would lose
    torch.testing.assert_close(torch.ones(1), torch.ones(1))  # imports half of torch


def _merged(before: dict[str, Any] | None, found: dict[str, Any]) -> dict[str, Any]:
    """Add the outcome of one pass to the outcome of the passes before it."""
    if before is None or "reason" in found:
        return found
    passes = before["facts"]["passes"] + found["facts"]["passes"]
    return {
        "rounds": before["rounds"] + found["rounds"],
        "facts": {**before["facts"], "passes": passes},
    }
