"""A pytest plugin for ``pytest --benchmark-only``: makes cases of the benchmarks of katas.

Each case is measured in a process of its own, which may hang or crash. Its rounds are then played
back into pytest-benchmark's fixture in this process, so that the tables, files and comparisons of
pytest-benchmark work as always.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import torch

from dojo.bench.timed.items import BenchItem, cases
from dojo.bench.timed.measurer import Measurer
from dojo.bench.timed.serve import serve
from dojo.checks.benchmark import Benchmark
from dojo.course.katas import kata_of
from dojo.workers.spawned import ADDRESS, connect

_HAS_GPU = torch.cuda.is_available()  # asked before any code of the learner runs


class Timing:
    """The hooks of a run that times: collects cases, has them measured, and reports them.

    With ``--cases=FILE``, a note on each case is appended to that file, as a line of JSON: what
    ``BenchItem.about`` says, why the case was not timed (``reason``), and whether the kata is not
    green (``is_red``).
    """

    def __init__(self, config: pytest.Config, root: Path, solutions: Path) -> None:
        self._config, self._root, self._solutions = config, root, solutions
        self._measurer = Measurer(config, root, solutions)
        self._reasons: dict[str, BenchItem] = {}  # why cases are not timed, and the first of each

    # ---------------------------------------------------------------- collection

    def pytest_pycollect_makeitem(
        self, collector: pytest.Collector, name: str, obj: object
    ) -> list[BenchItem] | None:
        """Make the cases of a benchmark that a kata's check file declares."""
        kata = kata_of(collector.path, self._root)
        if kata is None or not isinstance(obj, Benchmark):
            return None
        chosen = self._config.getoption("--device")
        devices = ["cpu"] if chosen in ("cpu", "all") else []
        if _HAS_GPU and chosen in ("cuda", "all"):
            devices.append("cuda")
        return cases(collector, name, obj, kata, self._solutions, devices)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the katas' checks, and all but one case of each ceiling; ceilings come last."""
        left_out: set[pytest.Item] = set()
        ceilings: dict[tuple[str, str], pytest.Item] = {}
        for item in items:
            if isinstance(item, BenchItem) and item.is_ceiling:
                if ceilings.setdefault((item.implementation, item.device), item) is not item:
                    left_out.add(item)
            elif not isinstance(item, BenchItem) and kata_of(item.path, self._root):
                left_out.add(item)
        if left_out:
            self._config.hook.pytest_deselected(items=[i for i in items if i in left_out])
        last = list(ceilings.values())  # measured between the others, and complete only at the end
        items[:] = [item for item in items if item not in left_out and item not in last] + last

    # ---------------------------------------------------------------- timing

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """In a process that was spawned to measure, serve requests instead of running tests."""
        if ADDRESS not in os.environ:
            return None
        serve(session, connect())
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Have a case measured in another process, and play back its rounds in this one."""
        if not isinstance(item, BenchItem):
            return (yield)
        marks: dict[str, Any] = {}
        if self._measurer.isolation != "none":
            item.outcome, item.is_measured_here = self._measurer.outcome(item), False
            marks["timer"] = _clock_of(item.outcome.get("rounds", []))
        item.add_marker(pytest.mark.benchmark(group=item.group, **marks))
        result = yield
        self._record_reason(item)
        return result

    def pytest_unconfigure(self) -> None:
        """End the processes that measure."""
        self._measurer.close()

    # ---------------------------------------------------------------- reporting

    def _record_reason(self, case: BenchItem) -> None:
        """Keep why a case was not timed, and write a note on the case for a program that waits."""
        outcome = case.outcome or {}
        reason = outcome.get("reason", "")
        if reason and reason not in self._reasons:
            self._reasons[reason] = case
        path = self._config.getoption("--cases")
        if path:
            note = {**case.about, "reason": reason, "is_red": outcome.get("is_red", False)}
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(note) + "\n")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show each reason why cases were not timed, with the first such case."""
        for reason, case in self._reasons.items():
            name = f"{case.kata.name} {case.declared.function}, {case.implementation}"
            terminalreporter.write_line(f"not timed: {name}: {reason}")


def _clock_of(rounds: list[float]) -> Callable[[], float]:
    """Return a clock with which pytest-benchmark measures exactly these rounds."""
    times = itertools.chain.from_iterable((0.0, duration) for duration in rounds)
    return lambda: next(times)
