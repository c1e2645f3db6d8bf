"""The watch screen as an application: shows the loop's events, and does what keys ask for.

It judges nothing itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.app import App
from textual.events import Key

from dojo.bench.background import BenchRun
from dojo.course.katas import Kata, find_katas
from dojo.progress.record import Progress
from dojo.tui import own_file, pages
from dojo.tui.bench_page import BenchPage, OpenBenchRun
from dojo.tui.judging import AnyLoop, Received
from dojo.tui.kata_screen import KataScreen
from dojo.tui.keys import BINDINGS
from dojo.tui.session import Session
from dojo.tui.theme import THEME, WIDE
from dojo.tui.widgets import Question
from dojo.verdict.model import GREEN
from dojo.watch.events import Checked, Diagnosed, Event, Started
from dojo.watch.loop import Loop


class WatchScreen(App[None]):
    """The watch screen.

    Args:
        session: the kata that the learner is at, and their progress.
        open_loop: starts a loop, which calls its argument with each event, in any thread.
        open_bench_run: starts to time a kata, and calls its second argument with each event, in
            any thread.
    """

    TITLE = "dojo"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012 - so in Textual
        (0, "-narrow"),
        (WIDE, "-wide"),
    ]
    CSS_PATH = "dojo.tcss"
    BINDINGS = BINDINGS

    def __init__(
        self,
        session: Session,
        open_loop: Callable[[Callable[[Event], None]], AnyLoop],
        open_bench_run: OpenBenchRun,
    ) -> None:
        # without colour not even shades of grey are sent
        super().__init__(ansi_color="NO_COLOR" in os.environ or None)
        self.register_theme(THEME)
        self.theme = THEME.name
        self.animation_level = "none"
        self.session = session
        self._open_loop = open_loop
        self._judging_loop: AnyLoop | None = None
        self._open_bench_run = open_bench_run

    def get_default_screen(self) -> KataScreen:
        """The screen below all pages; Textual asks for it once, at the start."""
        self._kata_screen = KataScreen(self.session)
        return self._kata_screen

    # ---------------------------------------------------------------- beginning and end

    def on_mount(self) -> None:
        if not self.is_headless and sys.platform != "win32":
            self._handle_signals()
        # the screen comes first, then the processes
        self._kata_screen.call_after_refresh(self._start_loop)

    def _handle_signals(self) -> None:
        """Give the terminal back when told to end; once it is closed, just end."""
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        for number in (signal.SIGINT, signal.SIGTERM):
            end = partial(self.exit, return_code=128 + number)
            asyncio.get_running_loop().add_signal_handler(number, end)

    def _start_loop(self) -> None:
        self._judging_loop = self._open_loop(self._post)
        self._judging_loop.follow(self.session.kata)

    def on_unmount(self) -> None:
        self.close()

    def close(self) -> None:
        """End the loop and a benchmark with all of their processes."""
        for page in self._bench_pages():
            page.close()
        loop, self._judging_loop = self._judging_loop, None
        if loop is not None:
            loop.close()

    # ---------------------------------------------------------------- events of the loop

    def _post(self, event: Event) -> None:
        """Pass an event on to the screen's thread; may be called in any thread."""
        self.post_message(Received(event))

    def on_received(self, received: Received) -> None:
        event, session = received.event, self.session
        failure = session.kata_state.failure
        session.receive(event)
        if event.kata != session.kata:
            self._kata_screen.redraw("where")
        elif isinstance(event, Checked) and session.kata_state.failure is failure:
            self._kata_screen.redraw("aspects", "verdict")
        else:
            self._redraw(to_top=not isinstance(event, Started | Diagnosed))
        for page in self._bench_pages():
            page.redraw()

    def _bench_pages(self) -> list[BenchPage]:
        """The page that times an answer, if it is open."""
        return [screen for screen in self.screen_stack if isinstance(screen, BenchPage)]

    def _redraw(self, to_top: bool = True) -> None:
        self._kata_screen.redraw()
        if to_top:
            self._kata_screen.scroll_to_top()

    # ---------------------------------------------------------------- the keys

    def _show(self, kata: Kata | None) -> None:
        """Turn to a kata and have it judged; None leaves all as it is."""
        if kata is None:
            return
        self.session.show(kata)
        self._redraw()
        if self._judging_loop is not None:
            self._judging_loop.follow(kata)

    def _show_notice(self, text: str) -> None:
        self.session.notice = text
        self._redraw(to_top=False)

    def on_key(self, event: Key) -> None:
        """Go on at a key that has no meaning of its own, if that is switched on."""
        is_free = event.key not in self.screen.active_bindings
        if self.session.awaits_key and self.screen is self._kata_screen and is_free:
            self.action_go_on()

    def action_step(self, step: int) -> None:
        self._show(self.session.neighbour(step))

    def action_go_on(self) -> None:
        if self.session.kata_state.is_green:
            self._show(self.session.next_not_green())

    def action_hint(self) -> None:
        self.session.open_hint()
        self._redraw(to_top=False)
        beginning = f"hint {self.session.hints_opened} of "
        self.call_after_refresh(self._kata_screen.reveal, beginning)

    def action_list(self) -> None:
        self.push_screen(pages.kata_list(self.session), self._show)

    def action_solution(self) -> None:
        kata, session = self.session.kata, self.session
        page = pages.solution_page(session)

        def open_page(is_wanted: bool | None) -> None:
            if is_wanted:
                session.may_see.add(kata)
                self.push_screen(page)

        if kata in session.may_see or session.state(kata) == GREEN:
            open_page(True)
        else:
            self.push_screen(pages.solution_question(), open_page)

    def action_reset(self) -> None:
        def reset(is_wanted: bool | None) -> None:
            if is_wanted:
                self.session.reset()
                self._redraw(to_top=False)

        self.push_screen(pages.reset_question(self.session.kata), reset)

    def action_undo(self) -> None:
        session = self.session
        plan = session.plan_undo()

        def undo(is_wanted: bool | None) -> None:
            if is_wanted and plan is not None:
                session.undo(plan)
            self._redraw(to_top=False)

        is_green = session.state(session.kata) == GREEN
        if plan is not None and (question := own_file.question_of(plan, is_green)):
            self.push_screen(Question(question), undo)
        else:
            undo(True)

    def action_advance(self) -> None:
        self.session.advances = not self.session.advances
        self._show_notice(
            "From now on any key goes on once a kata is green."
            if self.session.advances
            else "The screen waits for Enter once a kata is green."
        )

    def action_benchmark(self) -> None:
        if reason := self.session.why_not_timed():
            self._show_notice(reason)
        else:
            self.push_screen(pages.bench_page(self.session, self._open_bench_run))

    def action_help(self) -> None:
        self.push_screen(pages.help_page())


def run_screen(root: Path, kata: Kata | None, solutions: Path, device: str, limit: float) -> int:
    """Show the watch screen until the learner quits.

    Args:
        root: the dojo, which has at least one kata.
        kata: the one to begin with; None for the first that is not green.
        solutions: the folder of answers, laid out like ``katas/``.
        device: "cpu", "cuda" or "all".
        limit: seconds that one kata may take.

    Returns:
        The exit code: 0 if all katas are green, 1 if not, 128 and more if a signal ended it.
    """
    katas = find_katas(root)
    first = kata or Progress(root).current(katas) or katas[0]
    session = Session(root, first, solutions, is_complete=device == "all")
    app = WatchScreen(
        session,
        partial(Loop, root, solutions, device, limit),
        lambda kata, on_event: BenchRun(root, kata, device, limit, on_event),
    )
    try:
        app.run(mouse=False)  # so that the terminal itself opens the link and selects text
    finally:
        app.close()
    session.refresh()
    return app.return_code or int(not session.is_all_green())
