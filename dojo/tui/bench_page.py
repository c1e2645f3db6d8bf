"""The page of the watch screen that times an answer and shows its times."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from textual.await_complete import AwaitComplete
from textual.message import Message

from dojo.bench.background import BenchEvent, BenchState
from dojo.course.katas import Kata
from dojo.tui.bench_panel import benchmark
from dojo.tui.text import Lines
from dojo.tui.widgets import Page


class AnyBenchRun(Protocol):
    """What the page calls of a benchmark that runs in the background."""

    def close(self) -> None: ...


OpenBenchRun = Callable[[Kata, Callable[[BenchEvent], None]], AnyBenchRun]


class BenchReceived(Message):
    """An event of the benchmark on its way to the screen's own thread."""

    def __init__(self, event: BenchEvent) -> None:
        super().__init__()
        self.event = event


class BenchPage(Page):
    """Times a kata's answer while the page is open; closing the page ends the benchmark.

    Args:
        kata: the kata whose answer is timed.
        open_bench_run: starts to time a kata, and calls its second argument with each event, in any
            thread.
        below: gives the lines below the title, which do not scroll, for a width.
    """

    def __init__(
        self, kata: Kata, open_bench_run: OpenBenchRun, below: Callable[[int], Lines]
    ) -> None:
        self._state = BenchState(kata)
        self._open_bench_run = open_bench_run
        self._bench_run: AnyBenchRun | None = None
        title = f"{kata.stem}: your answer beside the reference"
        super().__init__(title, partial(benchmark, self._state), below)

    def on_mount(self) -> None:
        self.set_interval(1.0, self._redraw_seconds)
        self._bench_run = self._open_bench_run(self._state.kata, self._post)

    def on_unmount(self) -> None:
        self.close()

    def dismiss(self, result: None = None) -> AwaitComplete:
        self.close()  # before the page goes, so that nothing runs on behind the screen
        return super().dismiss(result)

    def close(self) -> None:
        """End the benchmark, if it still runs."""
        bench_run, self._bench_run = self._bench_run, None
        if bench_run is not None:
            bench_run.close()

    def on_bench_received(self, received: BenchReceived) -> None:
        self._state.receive(received.event)
        self.redraw()

    def _post(self, event: BenchEvent) -> None:
        """Pass an event on to the screen's thread; may be called in any thread."""
        self.post_message(BenchReceived(event))

    def _redraw_seconds(self) -> None:
        if self._state.result is None:
            self.redraw()
