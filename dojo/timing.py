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
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch
from _pytest.runner import runtestprotocol

from dojo import isolation
from dojo.benchmarks import Benchmark
from dojo.catalog import Kata, kata_of
from dojo.judge import NoChecks, judge
from dojo.loading import shown_path
from dojo.output import print_to_memory
from dojo.serving import bound_memory
from dojo.timed_cases import Case, cases
from dojo.verdict import GREEN
from dojo.workers import Crew, HubDied

# On all cores, one of them that is busy with something else would hold up the others, and a sum of
# microseconds take milliseconds. On one core the ratios stay right.
_THREADS = 1
PASSES = 5  # times that a case is timed, in turn with those that it is compared with
_HAS_GPU = torch.cuda.is_available()  # asked before any learner's code runs


class Timing:
    """One run's cases: which there are, and the processes that measure them."""

    def __init__(self, config: pytest.Config, root: Path, solutions: Path) -> None:
        self._config, self._root, self._solutions = config, root, solutions
        self._is_child = isolation.ADDRESS in os.environ
        self._crew: Crew | None = None
        self._not_green: dict[Kata, str] = {}  # judged katas, with why they are not timed or ""
        self._outcomes: dict[Case, dict[str, Any]] = {}
        self._stuck: dict[tuple[object, ...], int] = {}  # implementations, and where they hung
        self._reasons: dict[str, Case] = {}  # why cases are not timed, and the first of each
        self._at_ceilings: dict[Case, isolation.Child] = {}  # what measures them, to the end

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
        return cases(collector, name, obj, kata, self._solutions, devices)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the katas' checks, and all but one case of each thing the machine can do."""
        left_out: set[pytest.Item] = set()
        ceilings: dict[tuple[str, str], pytest.Item] = {}
        for item in items:
            if isinstance(item, Case) and item.is_ceiling:
                if ceilings.setdefault((item.implementation, item.device), item) is not item:
                    left_out.add(item)
            elif not isinstance(item, Case) and kata_of(item.path, self._root):
                left_out.add(item)
        if left_out:
            self._config.hook.pytest_deselected(items=[i for i in items if i in left_out])
        last = list(ceilings.values())  # they are measured between the others
        items[:] = [item for item in items if item not in left_out and item not in last] + last

    # ---------------------------------------------------------------- measuring

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if not isinstance(item, Case):
            return (yield)
        marks: dict[str, Any] = {}
        if not self._is_child and self._isolation != "none":
            item.outcome, item.is_measured_here = self._outcome(item), False
            marks["timer"] = _playing(item.outcome.get("rounds", []))
        item.add_marker(pytest.mark.benchmark(group=item.group, **marks))
        result = yield
        if not self._is_child:
            self._note(item)
        return result

    def _length_of_a_pass(self) -> dict[str, Any]:
        """What tells pytest-benchmark that one of the passes gets its part of a case's time."""
        return {
            "max_time": float(self._config.getoption("--benchmark-max-time")) / PASSES,
            "min_rounds": -(-self._config.getoption("--benchmark-min-rounds") // PASSES),
        }

    @property
    def _isolation(self) -> str:
        choice = str(self._config.getoption("--isolation"))
        if self._config.getoption("usepdb") or self._config.getoption("trace"):
            return "none"
        if choice == "auto":
            return "fork" if isolation.can_fork() else "spawn"
        return choice

    def _outcome(self, case: Case) -> dict[str, Any]:
        """What was found about a case; all that it is compared with is measured beside it."""
        if case.is_ceiling:
            while not self._is_measured(case):
                self._measure_once_more(case)
            return self._outcomes[case]
        if reason := self._why_not(case.kata):
            is_first = reason not in self._reasons  # one failure is enough for a kata
            return {"reason": reason, "is_red": True, "is_first": is_first}
        if case not in self._outcomes:
            others = [item for item in case.session.items if isinstance(item, Case)]
            if case.size == max(case.declared.sizes):
                for other in others:
                    if other.is_ceiling and other.device == case.device:
                        self._measure_once_more(other)
            alike = [other for other in others if other.compared == case.compared]
            self._outcomes.update(self._measure_beside(alike))
        return self._outcomes[case]

    def _is_measured(self, ceiling: Case) -> bool:
        found = self._outcomes.get(ceiling)
        return found is not None and ("reason" in found or len(found["facts"]["passes"]) >= PASSES)

    def _measure_once_more(self, ceiling: Case) -> None:
        """One pass of what the machine can do.

        Just before the large sizes, and after them: on a machine that was busy with something else
        for a moment, what comes at another time might be faster than the most that was seen.
        """
        before = self._outcomes.get(ceiling)
        if before is None or "reason" not in before:
            if ceiling not in self._at_ceilings:
                self._at_ceilings[ceiling] = self._child(ceiling)
            found = self._ask(ceiling, self._at_ceilings[ceiling])
            self._outcomes[ceiling] = _joined(before, found)

    def _measure_beside(self, cases: Sequence[Case]) -> dict[Case, dict[str, Any]]:
        """Measure in turn, several times, at a size that fits into memory for all."""
        while True:
            outcomes = self._measure_in_turn(cases)
            n = cases[0].n
            if n == 1 or not any(outcome.get("too_large") for outcome in outcomes.values()):
                return outcomes
            for case in cases:
                case.n = n // 2

    def _measure_in_turn(self, cases: Sequence[Case]) -> dict[Case, dict[str, Any]]:
        """The outcomes at the size that the cases have now.

        Another program may slow down a part of a run, so that each pass times all of them, one
        after the other.
        """
        outcomes: dict[Case, dict[str, Any]] = {}
        with contextlib.ExitStack() as stack:
            children = {}
            for _ in range(PASSES):
                for case in cases:
                    if "reason" in outcomes.get(case, {}):
                        continue
                    if case not in children and case.way not in self._stuck:
                        children[case] = stack.enter_context(contextlib.closing(self._child(case)))
                    found = self._ask(case, children.get(case))
                    outcomes[case] = _joined(outcomes.get(case), found)
                    if found.get("too_large"):
                        return outcomes
        return outcomes

    def _child(self, case: Case) -> isolation.Child:
        """A process of its own for a case."""
        limit = self._config.getoption("--time-limit")
        if self._isolation == "fork":
            _warm_up()
            return isolation.ForkedChild(lambda line: self._serve(case.session, line), limit)
        arguments = [*self._options_of_a_fresh_pytest(), str(case.kata.checks)]
        return isolation.SpawnedChild(arguments, self._root, limit)

    def _ask(self, case: Case, child: isolation.Child | None) -> dict[str, Any]:
        """What the process finds in one pass, or what became of it."""
        if child is None:
            return {"reason": f"not tried, since n = {self._stuck[case.way]} did not end well"}
        request = {"case": case.nodeid, "n": case.n, "solutions": str(self._solutions)}
        child.restart_clock()
        try:
            found: dict[str, Any] = child.ask(request)
        except (isolation.ChildStuck, isolation.ChildDied) as error:
            self._stuck[case.way] = case.n
            path = case.kata.solution_in(self._solutions)
            line = child.stuck_at(path)
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
        if kata not in self._not_green:
            try:
                self._crew = self._crew or Crew(self._root)
                limit = self._config.getoption("--time-limit")
                state = judge(self._crew, kata, self._solutions, limit=limit).state
            except (NoChecks, HubDied) as error:
                reason = f"{kata.name} cannot be judged: {error}"
            else:
                is_green = state == GREEN
                reason = "" if is_green else f"{kata.name} is {state}; see: pytest -k {kata.stem}"
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
        own = {item.nodeid: item for item in session.items if isinstance(item, Case)}
        for case in own.values():
            case.add_marker(pytest.mark.benchmark(**self._length_of_a_pass()))
        for request in isolation.requests(line):
            print_to_memory()
            case = own[request["case"]]
            case.n, case.solutions = request["n"], Path(request["solutions"])
            reports = runtestprotocol(case, log=False, nextitem=None)
            failed = next((str(r.longrepr) for r in reports if r.failed), "")
            isolation.answer(line, {"reason": failed[-500:]} if failed else case.outcome)

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
        for child in self._at_ceilings.values():
            child.close()
        if self._crew is not None:
            self._crew.close()


@functools.cache
def _warm_up() -> None:
    """Do once, before the first fork, what would count as time of the first call in each child."""
    torch.set_num_threads(_THREADS)  # also, so that no thread pool exists that a fork would lose
    torch.testing.assert_close(torch.ones(1), torch.ones(1))  # imports half of torch


def _joined(before: dict[str, Any] | None, found: dict[str, Any]) -> dict[str, Any]:
    """What the passes until now have found together."""
    if before is None or "reason" in found:
        return found
    passes = before["facts"]["passes"] + found["facts"]["passes"]
    return {
        "rounds": before["rounds"] + found["rounds"],
        "facts": {**before["facts"], "passes": passes},
    }


def _playing(rounds: list[float]) -> Callable[[], float]:
    """A clock that makes pytest-benchmark measure these very rounds once more."""
    times = itertools.chain.from_iterable((0.0, duration) for duration in rounds)
    return lambda: next(times)
