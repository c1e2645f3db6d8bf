"""The parent's side of a benchmark: gives each case a process, and has cases timed in turn.

A kata must be green first. What is measured of a case is in ``measure``.
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
from dojo.judge.isolation import isolation_of
from dojo.verdict.model import GREEN
from dojo.workers.client import JUDGING_ERRORS, judge
from dojo.workers.forked import ForkedWorker
from dojo.workers.lifetime import reap
from dojo.workers.pool import WorkerPool
from dojo.workers.spawned import SpawnedWorker
from dojo.workers.worker import Worker, WorkerDied, WorkerStuck


class Measurer:
    """Finds out how long cases take, in processes of their own.

    Attributes:
        isolation: how these are made: "fork", "spawn", or "none" where this process measures.
    """

    def __init__(self, config: pytest.Config, root: Path, solutions: Path) -> None:
        self.isolation = isolation_of(config)
        self._config, self._root, self._solutions = config, root, solutions
        self._pool: WorkerPool | None = None
        self._why_untimed: dict[Kata, str] = {}  # of judged katas; empty for a green one
        self._told_reasons: set[str] = set()  # of these, what was told
        self._outcomes: dict[BenchItem, dict[str, Any]] = {}
        self._stuck: dict[tuple[object, ...], int] = {}  # implementations, and where they hung
        self._ceiling_workers: dict[BenchItem, Worker] = {}  # what measures ceilings, to the end

    def close(self) -> None:
        """End every process."""
        for worker in self._ceiling_workers.values():
            worker.close()
        if self._pool is not None:
            self._pool.close()
        reap()

    def outcome(self, case: BenchItem) -> dict[str, Any]:
        """What was found about a case; all that it is compared with is measured beside it."""
        if case.is_ceiling:
            while not self._is_measured(case):
                self._measure_once_more(case)
            return self._outcomes[case]
        if reason := self._why_not(case.kata):
            is_first = reason not in self._told_reasons  # one failure is enough for a kata
            self._told_reasons.add(reason)
            return {"reason": reason, "is_red": True, "is_first": is_first}
        if case not in self._outcomes:
            others = [item for item in case.session.items if isinstance(item, BenchItem)]
            if case.size == max(case.declared.sizes):
                for other in others:
                    if other.is_ceiling and other.device == case.device:
                        self._measure_once_more(other)
            alike = [other for other in others if other.compared == case.compared]
            self._outcomes.update(self._measure_beside(alike))
        return self._outcomes[case]

    def _is_measured(self, ceiling: BenchItem) -> bool:
        found = self._outcomes.get(ceiling)
        return found is not None and ("reason" in found or len(found["facts"]["passes"]) >= PASSES)

    def _measure_once_more(self, ceiling: BenchItem) -> None:
        """One pass of what the machine can do.

        Just before the large sizes, and after them: on a machine that was busy with something else
        for a moment, what comes at another time might be faster than the most that was seen.
        """
        before = self._outcomes.get(ceiling)
        if before is None or "reason" not in before:
            if ceiling not in self._ceiling_workers:
                self._ceiling_workers[ceiling] = self._new_worker(ceiling)
            found = self._ask(ceiling, self._ceiling_workers[ceiling])
            self._outcomes[ceiling] = _merged(before, found)

    def _measure_beside(self, cases: Sequence[BenchItem]) -> dict[BenchItem, dict[str, Any]]:
        """Measure in turn, several times, at a size that fits into memory for all."""
        while True:
            outcomes = self._measure_in_turn(cases)
            n = cases[0].n
            if n == 1 or not any(outcome.get("too_large") for outcome in outcomes.values()):
                return outcomes
            for case in cases:
                case.n = n // 2

    def _measure_in_turn(self, cases: Sequence[BenchItem]) -> dict[BenchItem, dict[str, Any]]:
        """The outcomes at the size that the cases have now.

        Another program may slow down a part of a run, so that each pass times all of them, one
        after the other.
        """
        outcomes: dict[BenchItem, dict[str, Any]] = {}
        with contextlib.ExitStack() as stack:
            workers = {}
            for _ in range(PASSES):
                for case in cases:
                    if "reason" in outcomes.get(case, {}):
                        continue
                    if case not in workers and case.way not in self._stuck:
                        workers[case] = stack.enter_context(
                            contextlib.closing(self._new_worker(case))
                        )
                    found = self._ask(case, workers.get(case))
                    outcomes[case] = _merged(outcomes.get(case), found)
                    if found.get("too_large"):
                        return outcomes
        return outcomes

    def _new_worker(self, case: BenchItem) -> Worker:
        """A process of its own for a case."""
        limit = self._config.getoption("--time-limit")
        if self.isolation == "fork":
            _preload()
            return ForkedWorker(partial(serve, case.session), limit)
        arguments = [*self._options_of_a_fresh_pytest(), str(case.kata.checks)]
        return SpawnedWorker(arguments, self._root, limit)

    def _ask(self, case: BenchItem, worker: Worker | None) -> dict[str, Any]:
        """What the process finds in one pass, or what became of it."""
        if worker is None:
            return {"reason": f"not tried, since n = {self._stuck[case.way]} did not end well"}
        request = {"case": case.nodeid, "n": case.n, "solutions": str(self._solutions)}
        worker.restart_clock()
        try:
            found: dict[str, Any] = worker.ask(request)
        except (WorkerStuck, WorkerDied) as error:
            self._stuck[case.way] = case.n
            path = case.kata.solution_in(self._solutions)
            line = worker.stuck_at(path)
            where = f" ({shown_path(path, self._root)}, line {line})" if line else ""
            return {"reason": f"{error}{where} at n = {case.n}"}
        return found

    def _options_of_a_fresh_pytest(self) -> list[str]:
        """What makes it collect the same cases and time them alike."""
        options = ["-p", "pytest_benchmark.plugin", "--benchmark-only"]
        alike = (
            "--device",
            "--benchmark-min-time",
            "--benchmark-max-time",
            "--benchmark-min-rounds",
        )
        return options + [f"{name}={self._config.getoption(name)}" for name in alike]

    def _why_not(self, kata: Kata) -> str:
        """Why a kata is not timed, or nothing if its answer is right."""
        if kata not in self._why_untimed:
            try:
                self._pool = self._pool or WorkerPool(self._root)
                limit = self._config.getoption("--time-limit")
                state = judge(self._pool, kata, self._solutions, limit=limit).state
            except JUDGING_ERRORS as error:
                reason = f"{kata.name} cannot be judged: {error}"
            else:
                is_green = state == GREEN
                reason = "" if is_green else f"{kata.name} is {state}; see: pytest -k {kata.stem}"
            self._why_untimed[kata] = reason
        return self._why_untimed[kata]


@functools.cache
def _preload() -> None:
    """Import, once before the first fork, what would count as time of the first call."""
    torch.set_num_threads(THREADS)  # also, so that no thread pool exists that a fork would lose
    torch.testing.assert_close(torch.ones(1), torch.ones(1))  # imports half of torch


def _merged(before: dict[str, Any] | None, found: dict[str, Any]) -> dict[str, Any]:
    """What all passes until now have found together."""
    if before is None or "reason" in found:
        return found
    passes = before["facts"]["passes"] + found["facts"]["passes"]
    return {
        "rounds": before["rounds"] + found["rounds"],
        "facts": {**before["facts"], "passes": passes},
    }
