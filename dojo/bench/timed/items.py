"""The pytest items that are timed: one for each implementation, size and device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from dojo.bench.implementations import NAIVE, REFERENCE, YOURS
from dojo.bench.timed import measure
from dojo.bench.timed.measure import CEILINGS
from dojo.checks.benchmark import Benchmark
from dojo.course.katas import Kata


class NotGreen(Exception):
    """The kata's answer is not right, so its speed is of no interest."""


def _wants(benchmark: object) -> None:
    """What pytest reads a case's fixture from; it takes no time when it is played back."""


class BenchItem(pytest.Function):
    """One implementation of a kata's function, at one size on one device.

    Attributes:
        n: the size that is measured; smaller than the declared one if that does not fit.
        outcome: what was found when it was measured.
        is_measured_here: whether this process measures; else it plays back what another has found.
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
        fixture: Any = self.funcargs["benchmark"]
        if self.is_measured_here or self.outcome is None:
            self.outcome = self._measured(fixture)
        elif "rounds" in self.outcome:
            fixture.extra_info.update({**self.about, **self.outcome["facts"]})
            fixture.pedantic(_wants, (None,), rounds=len(self.outcome["rounds"]))
        if self.outcome.get("is_first"):
            raise NotGreen(self.outcome["reason"])
        if "reason" in self.outcome:
            pytest.skip(self.outcome["reason"])

    def _measured(self, fixture: Any) -> dict[str, Any]:
        """Prepare at the first time, and time once more at each."""
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
        if isinstance(excinfo.value, NotGreen):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    @property
    def way(self) -> tuple[object, ...]:
        """The implementation, whatever the size."""
        return self.kata, self.declared, self.device, self.implementation

    @property
    def is_ceiling(self) -> bool:
        """Whether it is what the machine can do, and no implementation of a kata."""
        return self.implementation in CEILINGS

    @property
    def compared(self) -> tuple[object, ...]:
        """The same for all cases that are compared with each other, and for no ceiling."""
        return self.kata, self.declared, self.device, self.size, self.is_ceiling

    @property
    def group(self) -> str:
        """Under which heading pytest-benchmark shows the case."""
        if self.is_ceiling:
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


def cases(
    collector: pytest.Collector,
    name: str,
    declared: Benchmark,
    kata: Kata,
    solutions: Path,
    devices: list[str],
) -> list[BenchItem]:
    """All cases of a declaration: what the machine can do, then size by size."""
    made = []
    for device in devices[:1] if declared.only_cpu else devices:
        plan = list(CEILINGS.items())
        for n in declared.sizes:
            plan += [(REFERENCE, n), (YOURS, n)]
            if declared.naive and n <= (declared.naive_up_to or n):
                plan.append((NAIVE, n))
        for implementation, n in plan:
            size = "" if implementation in CEILINGS else f"-{n}"
            case = BenchItem.from_parent(
                collector, name=f"{name}[{implementation}-{device}{size}]", callobj=_wants
            )
            case.kata, case.solutions, case.declared = kata, solutions, declared
            case.implementation, case.device = implementation, device
            case.size = case.n = n
            made.append(case)
    return made
