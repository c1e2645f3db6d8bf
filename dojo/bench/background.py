"""Times one kata in a thread, and tells as events how far it is and what was found.

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


@dataclass(frozen=True)
class CaseDone:
    """A case has ended, timed or not."""

    implementation: str
    n: int


@dataclass(frozen=True)
class Found:
    """All cases have ended."""

    findings: Findings


@dataclass(frozen=True)
class Failed:
    """Nothing was found, for a reason in words."""

    reason: str


BenchEvent = CaseDone | Found | Failed


class BenchRun:
    """One run of a kata's benchmark.

    Args:
        root: the dojo.
        kata: one that has a benchmark.
        device: "cpu", "cuda" or "all".
        limit: seconds that one case may take.
        on_event: called with what happens, in the run's own thread.
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
        # A thread that lives as long as the process: with it, that would end too.
        self._thread = threading.Thread(target=self._run, daemon=True, name="dojo benchmark")
        self._thread.start()

    def close(self) -> None:
        """End the run with its processes; nothing is told any more."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            findings = time_katas(
                self._root, [self._kata], self._device, self._limit, self._send_case, self._is_over
            )
        except Abandoned:
            return
        except CannotTime as error:
            see = f" To see why: dojo bench {self._kata.stem}" if error.details else ""
            self._send(Failed(f"{error.brief}{see}"))
        except Exception as error:  # noqa: BLE001 - whatever it is, who waits has to be told
            self._send(Failed(str(error) or type(error).__name__))
        else:
            self._send(Found(findings))

    def _send_case(self, note: dict[str, Any]) -> None:
        self._send(CaseDone(note["implementation"], note["n"]))

    def _send(self, event: BenchEvent) -> None:
        if not self._is_over.is_set():
            self._on_event(event)


@dataclass
class BenchState:
    """How far a run of a benchmark is, by its events.

    Attributes:
        done: the cases that have ended.
        result: what was found, once that is known.
    """

    kata: Kata
    done: list[CaseDone] = field(default_factory=list)
    result: Found | Failed | None = None
    _begun: float = field(default_factory=time.monotonic)

    def receive(self, event: BenchEvent) -> None:
        if isinstance(event, CaseDone):
            self.done.append(event)
        else:
            self.result = event

    @property
    def seconds(self) -> int:
        return int(time.monotonic() - self._begun)
