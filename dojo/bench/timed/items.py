"""Makes the pytest items that are timed: one for each implementation, size and device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from dojo.bench.implementations import NAIVE, REFERENCE, TORCHS, YOURS
from dojo.bench.timed import measure
from dojo.bench.timed.measure import CEILINGS
from dojo.checks.benchmark import Benchmark
from dojo.course.katas import Kata


class NotGreen(Exception):
    """The kata's answer is not green, so it is not timed; the text says so."""


def _empty_test(benchmark: object) -> None:
    """A test that does nothing, from whose argument pytest learns that a case needs the fixture.

    It is also what the fixture calls when the rounds of another process are played back.
    """


class BenchItem(pytest.Function):
    """A pytest item: one implementation of a kata's function, at one size on one device.

    Attributes:
        kata: the kata.
        declared: the benchmark that its check file declares.
        implementation: a name from ``bench.implementations``.
        device: "cpu" or "cuda".
        size: the size that is declared.
        n: the size that is measured; smaller than ``size`` if that does not fit into memory.
        solutions: the folder of answers, laid out like ``katas/``.
        outcome: what was found when it was measured: ``rounds`` in seconds and ``facts``, or a
            ``reason`` why there are none.
        is_measured_here: whether this process measures; else it plays back ``outcome``, which
            another process has found.
    """

    kata: Kata
    declared: Benchmark
    implementation: str
    device: str
    size: int
    n: int
    solutions: Path
    outcome: dict[str, Any] | None = None
    is_measured_here = True
    _prepared: measure.PreparedCase | None = None

    def runtest(self) -> None:
        """Measure the case, or play it back.

        Raises:
            NotGreen: the answer is not green; raised for the first case of a kata.
            Skipped: there is another reason why it was not timed.
        """
        fixture: Any = self.funcargs["benchmark"]
        if self.is_measured_here or self.outcome is None:
            self.outcome = self._measure(fixture)
        elif "rounds" in self.outcome:
            fixture.extra_info.update({**self.about, **self.outcome["facts"]})
            fixture.pedantic(_empty_test, (None,), rounds=len(self.outcome["rounds"]))
        if self.outcome.get("is_first"):
            raise NotGreen(self.outcome["reason"])
        if "reason" in self.outcome:
            pytest.skip(self.outcome["reason"])

    def _measure(self, fixture: Any) -> dict[str, Any]:
        """Time one pass, and return the outcome; the first call prepares the case."""
        order = measure.Order(
            self.kata, self.solutions, self.declared, self.implementation, self.device, self.n
        )
        try:
            self._prepared = self._prepared or measure.prepare_case(order)
            self._prepared.time(fixture)
        except measure.TooLittleMemory:
            reason = f"n = {self.n} needs more memory than this machine has"
            return {"reason": reason, "too_large": True}
        except measure.NotTimed as error:
            return {"reason": str(error)}
        rounds = fixture.stats.stats.data
        gpu = torch.cuda.get_device_name() if self.device == "cuda" else ""
        facts = {**self._prepared.facts, "iterations": fixture.stats.iterations, "gpu": gpu}
        return {"rounds": rounds, "facts": {**facts, "passes": [len(rounds)]}}

    def repr_failure(self, excinfo: Any) -> Any:  # type: ignore[override]
        """Show why a kata is not timed without a traceback."""
        if isinstance(excinfo.value, NotGreen):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    @property
    def any_size_key(self) -> tuple[object, ...]:
        """What is equal for the cases of one implementation at all its sizes."""
        return self.kata, self.declared, self.device, self.implementation

    @property
    def is_ceiling(self) -> bool:
        """Whether it shows what the machine can do, and is no implementation of a kata."""
        return self.implementation in CEILINGS

    @property
    def comparison_key(self) -> tuple[object, ...]:
        """What is equal for the cases that are compared with each other, and for no ceiling."""
        return self.kata, self.declared, self.device, self.size, self.is_ceiling

    @property
    def group(self) -> str:
        """The heading under which pytest-benchmark shows the case."""
        if self.is_ceiling:
            return f"what this machine can do ({self.device})"
        return f"{self.kata.name} {self.declared.function} n={self.n} ({self.device})"

    @property
    def about(self) -> dict[str, Any]:
        """The names and sizes of the case, for pytest-benchmark's file and for other programs."""
        return {
            "kata": self.kata.name,
            "function": self.declared.function,
            "implementation": self.implementation,
            "device": self.device,
            "n": self.n,
            "size": self.size,
            "means": self.declared.means,
        }


def cases(
    collector: pytest.Collector,
    name: str,
    declared: Benchmark,
    kata: Kata,
    solutions: Path,
    devices: list[str],
) -> list[BenchItem]:
    """Make all cases of a declared benchmark: the ceilings of the machine, then size by size.

    Args:
        collector: the check file.
        name: the name of the benchmark in it.
        declared: the benchmark.
        kata: the kata.
        solutions: the folder of answers, laid out like ``katas/``.
        devices: "cpu", "cuda" or both.
    """
    made = []
    for device in devices[:1] if declared.only_cpu else devices:
        plan = list(CEILINGS.items())
        for n in declared.sizes:
            plan += [(REFERENCE, n), (YOURS, n)]
            if declared.torchs:
                plan.append((TORCHS, n))
            if declared.naive and n <= (declared.naive_up_to or n):
                plan.append((NAIVE, n))
        for implementation, n in plan:
            size = "" if implementation in CEILINGS else f"-{n}"
            case = BenchItem.from_parent(
                collector, name=f"{name}[{implementation}-{device}{size}]", callobj=_empty_test
            )
            case.kata, case.solutions, case.declared = kata, solutions, declared
            case.implementation, case.device = implementation, device
            case.size = case.n = n
            made.append(case)
    return made
