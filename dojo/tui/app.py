"""The watch screen: shows what the loop tells, passes on what keys ask for, and judges nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar, Protocol

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from dojo.bench.background import BenchRun
from dojo.course.katas import Kata, find_katas
from dojo.course.lesson import kata_title
from dojo.progress.record import Progress
from dojo.tui import panels, parts
from dojo.tui.bench_page import BenchPage, OpenBenchRun
from dojo.tui.kata_list import KataList
from dojo.tui.kata_state import JUDGING
from dojo.tui.keys import HELP, KEYS, key_line
from dojo.tui.session import Session
from dojo.tui.text import Lines, reflow
from dojo.tui.theme import THEME, WIDE
from dojo.tui.widgets import Page, Question, ReflowText
from dojo.verdict.model import GREEN, NOT_STARTED
from dojo.watch.events import Checked, Diagnosed, Event, Judged, Started
from dojo.watch.loop import Loop


class AnyLoop(Protocol):
    """What the screen asks of a loop."""

    def follow(self, kata: Kata) -> None: ...

    def close(self) -> None: ...


class Received(Message):
    """An event of the loop, brought to the screen's own thread."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class WatchScreen(App[None]):
    """The watch screen.

    Args:
        session: what the learner is at.
        open_loop: starts a loop that calls its argument with each event, in any thread.
        open_bench_run: starts to time a kata and calls its second argument with each event, in
            any thread.
    """

    TITLE = "dojo"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012 - so in Textual
        (0, "-narrow"),
        (WIDE, "-wide"),
    ]
    CSS_PATH = "dojo.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on"),
        Binding("n", "step(1)"),
        Binding("p", "step(-1)"),
        Binding("l", "list"),
        Binding("h", "hint"),
        Binding("s", "solution"),
        Binding("r", "reset"),
        Binding("u", "undo"),
        Binding("a", "advance"),
        Binding("b", "benchmark"),
        Binding("question_mark", "help"),
        Binding("q", "quit"),
        Binding("ctrl+c", "quit", priority=True),
        Binding("ctrl+z", "suspend_process", priority=True),
    ]

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
        self._judging: AnyLoop | None = None
        self._open_bench_run = open_bench_run

    # ---------------------------------------------------------------- the parts

    def compose(self) -> ComposeResult:
        yield self._reflow(parts.where, "where")
        yield self._reflow(parts.aspects, "aspects")
        yield self._reflow(parts.verdict, "verdict")
        with VerticalScroll(id="body"):
            with VerticalScroll(id="result"):
                yield self._reflow(parts.result, "learned")
            with VerticalScroll(id="task"):
                yield self._reflow(parts.task, "statement")
        yield self._reflow(parts.notice, "notice")
        yield ReflowText(partial(key_line, KEYS), id="keys")

    def _reflow(self, draw: Callable[[Session, int], Lines], name: str) -> ReflowText:
        return ReflowText(partial(draw, self.session), id=name)

    # ---------------------------------------------------------------- the loop

    def on_mount(self) -> None:
        if not self.is_headless and sys.platform != "win32":
            self._handle_signals()
        self.set_interval(1.0, self._redraw_seconds)
        self.call_after_refresh(self._begin)  # the screen comes first, then the processes

    def _handle_signals(self) -> None:
        """Give the terminal back when told to end; once it is closed, just end."""
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        for number in (signal.SIGINT, signal.SIGTERM):
            end = partial(self.exit, return_code=128 + number)
            asyncio.get_running_loop().add_signal_handler(number, end)

    def on_unmount(self) -> None:
        self.close()

    def close(self) -> None:
        """End the loop and a benchmark with all of their processes."""
        for page in self._bench_pages():
            page.close()
        loop, self._judging = self._judging, None
        if loop is not None:
            loop.close()

    def _begin(self) -> None:
        self._judging = self._open_loop(self._post)
        self._judging.follow(self.session.kata)

    def _redraw_seconds(self) -> None:
        if self.session.kata_state.phase == JUDGING:
            self._part("verdict").redraw()  # which tells the seconds

    def _post(self, event: Event) -> None:
        self.post_message(Received(event))  # from whatever thread

    def on_received(self, received: Received) -> None:
        event, session = received.event, self.session
        failure, was_green = session.kata_state.failure, session.state(event.kata) == GREEN
        session.receive(event)
        if event.kata != session.kata:
            self._part("where").redraw()
        elif isinstance(event, Checked) and session.kata_state.failure is failure:
            self._part("aspects").redraw()
            self._part("verdict").redraw()
        elif isinstance(event, Judged) and session.kata_state.is_green and self._goes_on(was_green):
            self.action_go_on()
        else:
            self._redraw(to_top=not isinstance(event, Started | Diagnosed))
        for page in self._bench_pages():
            page.redraw()

    def _bench_pages(self) -> list[BenchPage]:
        """The page that times an answer, if it is open."""
        return [screen for screen in self.screen_stack if isinstance(screen, BenchPage)]

    def _goes_on(self, was_green: bool) -> bool:
        return self.session.advances and not was_green and self.session.to_do() is not None

    def _redraw(self, to_top: bool = True) -> None:
        for part in self.screen_stack[0].query(ReflowText):
            part.redraw()
        if to_top:
            self._scroll_home()

    def _part(self, name: str) -> ReflowText:
        return self.screen_stack[0].query_one(f"#{name}", ReflowText)  # below an open page, perhaps

    def _reveal(self, beginning: str) -> None:
        """Scroll as little as shows this paragraph of the result."""
        region = self._part("learned").region_of(beginning)
        if region is not None:
            for pane in ("#body", "#result"):  # of which one scrolls
                self.screen_stack[0].query_one(pane).scroll_to_region(region)

    def _scroll_home(self) -> None:
        """Show the top of each pane, and have the keys scroll the one to be read."""
        panes = self.screen_stack[0].query(VerticalScroll)
        for pane in panes:
            pane.scroll_home()
        verdict = self.session.kata_state.verdict
        is_idle = verdict is None or verdict.state == NOT_STARTED
        panes.filter("#task" if is_idle else "#result").first().focus(scroll_visible=False)

    # ---------------------------------------------------------------- the keys

    def _show(self, kata: Kata) -> None:
        self.session.show(kata)
        self._redraw()
        if self._judging is not None:
            self._judging.follow(kata)

    def action_step(self, step: int) -> None:
        self._show(self.session.neighbour(step))

    def action_go_on(self) -> None:
        following = self.session.to_do()
        if following is not None and self.session.kata_state.is_green:
            self._show(following)

    def action_hint(self) -> None:
        self.session.open_hint()
        self._redraw(to_top=False)
        self.call_after_refresh(self._reveal, f"hint {self.session.hints_opened} of ")

    def action_list(self) -> None:
        self.session.refresh()
        rows = [(kata, kata_title(kata), self.session.state(kata)) for kata in self.session.katas]

        def choose(kata: Kata | None) -> None:
            if kata is not None:
                self._show(kata)

        self.push_screen(KataList(rows, self.session.kata), choose)

    def action_solution(self) -> None:
        kata, session = self.session.kata, self.session
        diff = session.difference()

        def open_page(is_wanted: bool | None) -> None:
            if is_wanted:
                session.may_see.add(kata)
                title = f"{kata.stem}: the reference, and why"
                draw = partial(panels.solution, diff, session.lesson.why)
                self.push_screen(Page(title, draw))

        if kata in session.may_see or session.state(kata) == GREEN:
            open_page(True)
        else:
            text = "This kata is not green yet. See the solution all the same?"
            self.push_screen(Question(text), open_page)

    def action_reset(self) -> None:
        def answer(is_wanted: bool | None) -> None:
            if is_wanted:
                self.session.reset()
                self._redraw(to_top=False)

        text = f"Put the stub of {self.session.kata.stem} back? A copy of your file is kept."
        self.push_screen(Question(text), answer)

    def action_undo(self) -> None:
        self.session.undo()
        self._redraw(to_top=False)

    def action_advance(self) -> None:
        self.session.advances = not self.session.advances
        self._show_notice(
            "From now on the screen goes on by itself once a kata is green."
            if self.session.advances
            else "The screen waits for Enter once a kata is green."
        )

    def action_benchmark(self) -> None:
        if reason := self.session.why_not_timed():
            self._show_notice(reason)
            return
        kata = self.session.kata
        self.push_screen(BenchPage(kata, self._open_bench_run, partial(self._judged_beside, kata)))

    def _judged_beside(self, timed: Kata, width: int) -> Lines:
        """The state of the kata on the screen: a kata may be saved while one is timed."""
        state = self.session.kata_state
        name = [] if state.kata == timed else reflow(f"{state.kata.stem} was saved:", width)
        return [*name, *panels.verdict(state, "", width)[:1]]

    def action_help(self) -> None:
        self.push_screen(Page("Keys", lambda width: reflow(HELP, width)))

    def _show_notice(self, text: str) -> None:
        self.session.notice = text
        self._redraw(to_top=False)


def run_screen(root: Path, kata: Kata | None, solutions: Path, device: str, limit: float) -> int:
    """Show the watch screen until the learner quits.

    Args:
        root: the dojo, which has a kata.
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
