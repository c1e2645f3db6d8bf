"""Makes pytest-benchmark cases of what katas declare, for ``pytest --benchmark-only``.

Each case is measured in a process of its own, which may hang or crash, and its rounds are then
played back into pytest-benchmark's fixture in this one, so that its tables, files and comparisons
work as always. What is measured is in ``measuring``; a kata must be green first.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import warnings
from collections.abc import Callable, Generator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch
from _pytest.runner import runtestprotocol

from dojo import isolation, measuring
from dojo.benchmarks import Benchmark
from dojo.catalog import Kata, kata_of
from dojo.judge import NoChecks, judge
from dojo.loading import shown_path
from dojo.measuring import CEILINGS, NAIVE, REFERENCE, YOURS
from dojo.output import print_to_memory
from dojo.serving import bound_memory
from dojo.verdict import GREEN
from dojo.workers import Crew, HubDied

# On all cores, one of them that is busy with something else would hold up the others, and a sum of
# microseconds take milliseconds. On one core the ratios stay right.
_THREADS = 1
_HAS_GPU = torch.cuda.is_available()  # asked before any learner's code runs


class NotGreen(Exception):
    """The kata's answer is not right, so its speed is of no interest."""


def _wants(benchmark: object) -> None:
    """What pytest reads a case's fixture from; it takes no time when it is played back."""


class Case(pytest.Function):
    """One implementation of a kata's function, at one size on one device.

    Attributes:
        n: the size that is measured; smaller than the declared one if that does not fit.
        outcome: what the process that measured it has found; None if this process measures.
    """

    kata: Kata
    declared: Benchmark
    implementation: str
    device: str
    size: int
    n: int
    solutions: Path
    outcome: dict[str, Any] | None = None

    def runtest(self) -> None:
        fixture: Any = self.funcargs["benchmark"]
        if self.outcome is None:
            self.outcome = self._measured(fixture)
        elif "rounds" in self.outcome:
            fixture.extra_info.update({**self.about, **self.outcome["facts"]})
            fixture.pedantic(_wants, (None,), rounds=len(self.outcome["rounds"]))
        if self.outcome.get("is_first"):
            raise NotGreen(self.outcome["reason"])
        if "reason" in self.outcome:
            pytest.skip(self.outcome["reason"])

    def _measured(self, fixture: Any) -> dict[str, Any]:
        order = measuring.Order(
            self.kata, self.solutions, self.declared, self.implementation, self.device, self.n
        )
        try:
            facts = measuring.measure(order, fixture)
        except measuring.TooLittleMemory:
            reason = f"n = {self.n} needs more memory than this machine has"
            return {"reason": reason, "too_large": True}
        except measuring.NotTimed as error:
            return {"reason": str(error)}
        gpu = torch.cuda.get_device_name() if self.device == "cuda" else ""
        facts = {**facts, "iterations": fixture.stats.iterations, "gpu": gpu}
        return {"rounds": fixture.stats.stats.data, "facts": facts}

    def repr_failure(self, excinfo: Any) -> Any:  # type: ignore[override]
        if isinstance(excinfo.value, NotGreen):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    @property
    def group(self) -> str:
        """Under which heading pytest-benchmark shows the case."""
        if self.implementation in CEILINGS:
            return f"what this machine can do ({self.device})"
        return f"{self.kata.name} {self.declared.function} n={self.n} ({self.device})"

    @property
    def about(self) -> dict[str, Any]:
        """What the case is, for programs."""
        return {
            "kata": self.kata.name,
            "function": self.declared.function,
            "implementation": self.implementation,
            "device": self.device,
            "n": self.n,
            "size": self.size,
            "means": self.declared.means,
        }


def _cases(
    collector: pytest.Collector,
    name: str,
    declared: Benchmark,
    kata: Kata,
    solutions: Path,
    devices: list[str],
) -> list[Case]:
    """All cases of a declaration: what the machine can do, then size by size."""
    cases = []
    for device in devices[:1] if declared.only_cpu else devices:
        plan = list(CEILINGS.items())
        for n in declared.sizes:
            plan += [(REFERENCE, n), (YOURS, n)]
            if declared.naive and n <= (declared.naive_up_to or n):
                plan.append((NAIVE, n))
        for implementation, n in plan:
            size = "" if implementation in CEILINGS else f"-{n}"
            case = Case.from_parent(
                collector, name=f"{name}[{implementation}-{device}{size}]", callobj=_wants
            )
            case.kata, case.solutions, case.declared = kata, solutions, declared
            case.implementation, case.device = implementation, device
            case.size = case.n = n
            cases.append(case)
    return cases


class Timing:
    """One run's cases: which there are, and the processes that measure them."""

    def __init__(self, config: pytest.Config, root: Path, solutions: Path) -> None:
        self._config, self._root, self._solutions = config, root, solutions
        self._is_child = isolation.ADDRESS in os.environ
        self._crew: Crew | None = None
        self._not_green: dict[Kata, str] = {}  # judged katas, with why they are not timed or ""
        self._fitting: dict[tuple[object, ...], int] = {}  # sizes that had to be made smaller
        self._stuck: dict[tuple[object, ...], int] = {}  # implementations, and where they hung
        self._reasons: dict[str, Case] = {}  # why cases are not timed, and the first of each

    # ---------------------------------------------------------------- collection

    def pytest_pycollect_makeitem(
        self, collector: pytest.Collector, name: str, obj: object
    ) -> list[Case] | None:
        kata = kata_of(collector.path, self._root)
        if kata is None or not isinstance(obj, Benchmark):
            return None
        chosen = self._config.getoption("--device")
        devices = ["cpu"] if chosen in ("cpu", "all") else []
        if _HAS_GPU and chosen in ("cuda", "all"):
            devices.append("cuda")
        return _cases(collector, name, obj, kata, self._solutions, devices)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the katas' checks, and measure once what the machine can do."""
        left_out: set[pytest.Item] = set()
        ceilings: set[tuple[str, str]] = set()
        for item in items:
            if isinstance(item, Case):
                what = (item.implementation, item.device)
                if item.implementation in CEILINGS and what in ceilings:
                    left_out.add(item)
                ceilings.add(what)
            elif kata_of(item.path, self._root):
                left_out.add(item)
        if left_out:
            self._config.hook.pytest_deselected(items=[i for i in items if i in left_out])
            items[:] = [item for item in items if item not in left_out]

    # ---------------------------------------------------------------- measuring

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if not isinstance(item, Case):
            return (yield)
        marks: dict[str, Any] = {}
        if not self._is_child and self._isolation != "none":
            item.outcome = self._outcome(item)
            marks["timer"] = _playing(item.outcome.get("rounds", []))
        item.add_marker(pytest.mark.benchmark(group=item.group, **marks))
        result = yield
        if not self._is_child:
            self._note(item)
        return result

    @property
    def _isolation(self) -> str:
        choice = str(self._config.getoption("--isolation"))
        if self._config.getoption("usepdb") or self._config.getoption("trace"):
            return "none"
        if choice == "auto":
            return "fork" if isolation.can_fork() else "spawn"
        return choice

    def _outcome(self, case: Case) -> dict[str, Any]:
        is_ceiling = case.implementation in CEILINGS
        if not is_ceiling and (reason := self._why_not(case.kata)):
            is_first = reason not in self._reasons  # one failure is enough for a kata
            return {"reason": reason, "is_red": True, "is_first": is_first}
        way = (case.kata, case.declared, case.implementation, case.device)
        if way in self._stuck:
            return {"reason": f"not tried, since n = {self._stuck[way]} did not end well"}
        size = (case.kata, case.declared, case.device, case.size)
        case.n = self._fitting.get(size, case.size)
        while True:
            try:
                outcome: dict[str, Any] = self._ask(case)
            except (isolation.ChildStuck, isolation.ChildDied) as error:
                self._stuck[way] = case.n
                return {"reason": f"{error} at n = {case.n}"}
            if not outcome.get("too_large") or case.n == 1:
                return outcome
            self._fitting[size] = case.n = case.n // 2

    def _ask(self, case: Case) -> Any:
        """What a process of its own finds out about the case."""
        limit = self._config.getoption("--time-limit")
        child: isolation.Child
        if self._isolation == "fork":
            _warm_up()
            child = isolation.ForkedChild(lambda line: self._serve(case.session, line), limit)
        else:
            arguments = [*self._options_of_a_fresh_pytest(), str(case.kata.checks)]
            child = isolation.SpawnedChild(arguments, self._root, limit)
        with contextlib.closing(child):
            try:
                return child.ask(
                    {"case": case.nodeid, "n": case.n, "solutions": str(self._solutions)}
                )
            except (isolation.ChildStuck, isolation.ChildDied) as error:
                path = case.kata.solution_in(self._solutions)
                line = child.stuck_at(path)
                where = f" ({shown_path(path, self._root)}, line {line})" if line else ""
                raise type(error)(f"{error}{where}") from None

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
        if kata not in self._not_green:
            try:
                self._crew = self._crew or Crew(self._root)
                limit = self._config.getoption("--time-limit")
                state = judge(self._crew, kata, self._solutions, limit=limit).state
            except (NoChecks, HubDied) as error:
                reason = f"{kata.name} cannot be judged: {error}"
            else:
                short = kata.stem.partition("_")[0]
                reason = "" if state == GREEN else f"{kata.name} is {state}; see: pytest -k {short}"
            self._not_green[kata] = reason
        return self._not_green[kata]

    # ---------------------------------------------------------------- in the process that measures

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if not self._is_child:
            return None
        self._serve(session, isolation.connect())
        return True

    def _serve(self, session: pytest.Session, line: Connection) -> None:
        self._is_child = True
        bound_memory()
        torch.set_num_threads(_THREADS)
        warnings.simplefilter("ignore")  # a right answer may cause one in NumPy or torch
        cases = {item.nodeid: item for item in session.items if isinstance(item, Case)}
        for request in isolation.requests(line):
            print_to_memory()
            case = cases[request["case"]]
            case.n, case.solutions = request["n"], Path(request["solutions"])
            reports = runtestprotocol(case, log=False, nextitem=None)
            failed = next((str(r.longrepr) for r in reports if r.failed), "")
            isolation.answer(line, case.outcome or {"reason": failed[-500:]})

    # ---------------------------------------------------------------- what is told

    def _note(self, case: Case) -> None:
        """Keep why a case was not timed, and tell a program that waits."""
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
        for reason, case in self._reasons.items():
            name = f"{case.kata.name} {case.declared.function}, {case.implementation}"
            terminalreporter.write_line(f"not timed: {name}: {reason}")

    def pytest_unconfigure(self) -> None:
        if self._crew is not None:
            self._crew.close()


@functools.cache
def _warm_up() -> None:
    """Do once, before the first fork, what would count as time of the first call in each child."""
    torch.set_num_threads(_THREADS)  # also, so that no thread pool exists that a fork would lose
    torch.testing.assert_close(torch.ones(1), torch.ones(1))  # imports half of torch


def _playing(rounds: list[float]) -> Callable[[], float]:
    """A clock that makes pytest-benchmark measure these very rounds once more."""
    times = itertools.chain.from_iterable((0.0, duration) for duration in rounds)
    return lambda: next(times)
