"""Times one kata in a thread, and reports its progress and its findings as events.

It shows nothing itself, and imports neither torch nor pytest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dojo.bench.run import Abandoned, CannotTime, Findings, time_katas
from dojo.course.katas import Kata
from dojo.files.tools import typed


@dataclass(frozen=True)
class CaseDone:
    """A case has ended, timed or not: one implementation at size ``n``."""

    implementation: str
    n: int


@dataclass(frozen=True)
class Found:
    """All cases have ended, with these findings."""

    findings: Findings


@dataclass(frozen=True)
class Failed:
    """Nothing could be timed, for this reason in words."""

    reason: str


BenchEvent = CaseDone | Found | Failed


class BenchRun:
    """One run of a kata's benchmark; it begins at once, in a thread of its own.

    Args:
        root: the dojo's root.
        kata: one that has a benchmark.
        device: "cpu", "cuda" or "all".
        limit: seconds that one case may take.
        on_event: called with each event, in the run's own thread.
    """

    def __init__(
        self,
        root: Path,
        kata: Kata,
        device: str,
        limit: float,
        on_event: Callable[[BenchEvent], None],
    ) -> None:
        self._root, self._kata, self._device, self._limit = root, kata, device, limit
        self._on_event = on_event
        self._is_over = threading.Event()
        # This thread outlives the pytest process that it starts, which would otherwise end with it.
        self._thread = threading.Thread(target=self._run, daemon=True, name="dojo benchmark")
        self._thread.start()

    def close(self) -> None:
        """End the run with its processes; no event is reported any more."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            findings = time_katas(
                self._root,
                [self._kata],
                self._device,
                self._limit,
                self._report_case,
                self._is_over,
            )
        except Abandoned:
            return
        except CannotTime as error:
            see = f" To see why: {typed('dojo bench')} {self._kata.stem}" if error.details else ""
            self._report(Failed(f"{error.brief}{see}"))
        except Exception as error:  # noqa: BLE001 - whoever waits must be told
            self._report(Failed(str(error) or type(error).__name__))
        else:
            self._report(Found(findings))

    def _report_case(self, note: dict[str, Any]) -> None:
        self._report(CaseDone(note["implementation"], note["n"]))

    def _report(self, event: BenchEvent) -> None:
        if not self._is_over.is_set():
            self._on_event(event)


@dataclass
class BenchState:
    """The progress of a benchmark's run, as its events report it.

    Attributes:
        kata: the kata that is timed.
        done: the cases that have ended.
        result: the last event, once the run has ended; None until then.
    """

    kata: Kata
    done: list[CaseDone] = field(default_factory=list)
    result: Found | Failed | None = None
    _begun: float = field(default_factory=time.monotonic)

    def receive(self, event: BenchEvent) -> None:
        """Take in an event of the run."""
        if isinstance(event, CaseDone):
            self.done.append(event)
        else:
            self.result = event

    @property
    def seconds(self) -> int:
        """Whole seconds since the run began."""
        return int(time.monotonic() - self._begun)
