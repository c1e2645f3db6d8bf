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
from textual.content import Content
from textual.message import Message

from dojo import panels
from dojo.bench_panel import benchmark
from dojo.board import JUDGING
from dojo.catalog import Kata, find_katas, track_title
from dojo.fitted import Fitted, Page, Question
from dojo.kata_list import KataList
from dojo.lines import Lines, wrapped
from dojo.look import CSS, THEME, WIDE
from dojo.loop import Checked, Diagnosed, Event, Judged, Loop, Started
from dojo.progress import Progress
from dojo.session import Session
from dojo.standing import kata_title
from dojo.stopwatch import Stand, Stopwatch, Tick
from dojo.verdict import GREEN, NOT_STARTED

KEYS = (
    ("n", "next"),
    ("p", "previous"),
    ("l", "list"),
    ("h", "hint"),
    ("s", "solution"),
    ("r", "reset"),
    ("?", "help"),
    ("q", "quit"),
)
HELP = """\
Save a kata's file in your editor: it is judged at once, and the screen follows.

n  next kata                  h  open a hint
p  previous kata              s  the solution, beside yours
l  list of the katas          r  reset to the stub
a  go on without being asked  u  undo the last reset
b  time it, once green        q  quit

Enter goes on once a kata is green. Arrows, PgUp, PgDn, Home and End scroll;
Tab changes to the other pane of a wide screen."""


class AnyLoop(Protocol):
    """What the screen asks of a loop."""

    def judge(self, kata: Kata) -> None: ...

    def close(self) -> None: ...


class AnyStopwatch(Protocol):
    """What the screen asks of a stopwatch."""

    def close(self) -> None: ...


class Ticked(Message):
    """What a stopwatch tells, brought to the screen's own thread."""

    def __init__(self, stand: Stand, tick: Tick) -> None:
        super().__init__()
        self.stand, self.tick = stand, tick


class Heard(Message):
    """An event of the loop, brought to the screen's own thread."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class WatchScreen(App[None]):
    """The watch screen.

    Args:
        session: what the learner is at.
        open_loop: starts a loop that calls its argument with each event, in any thread.
        open_stopwatch: starts to time a kata and calls its second argument with what happens, in
            any thread.
    """

    TITLE = "dojo"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012 - so in Textual
        (0, "-narrow"),
        (WIDE, "-wide"),
    ]
    CSS = CSS
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
        open_stopwatch: Callable[[Kata, Callable[[Tick], None]], AnyStopwatch],
    ) -> None:
        # without colour not even shades of grey are sent
        super().__init__(ansi_color="NO_COLOR" in os.environ or None)
        self.register_theme(THEME)
        self.theme = THEME.name
        self.animation_level = "none"
        self.session = session
        self._open_loop = open_loop
        self._judging: AnyLoop | None = None
        self._open_stopwatch = open_stopwatch
        self._timing: AnyStopwatch | None = None
        self._benchmark: tuple[Stand, Page] | None = None  # while it is open

    # ---------------------------------------------------------------- the parts

    def compose(self) -> ComposeResult:
        yield Fitted(self._where, id="where")
        yield Fitted(lambda width: panels.aspects(self.session.board, width), id="aspects")
        yield Fitted(self._verdict, id="verdict")
        with VerticalScroll(id="body"):
            with VerticalScroll(id="result"):
                yield Fitted(self._result, id="learned")
            with VerticalScroll(id="task"):
                yield Fitted(lambda width: panels.statement(self.session.lesson, width))
        yield Fitted(self._notice, id="notice")
        yield Fitted(partial(panels.keys, KEYS), id="keys")

    def _where(self, width: int) -> Lines:
        session, kata = self.session, self.session.kata
        states = session.in_track()
        track = track_title(kata.root, kata.track)
        return panels.where(
            f"{track} · goes on by itself" if session.advances else track,
            kata.stem,
            session.lesson.title,
            states.count(GREEN),
            len(states),
            session.path,
            session.place,
            width,
        )

    def _verdict(self, width: int) -> Lines:
        following = self.session.to_do()
        if following is None:
            offer = "That was the last one: all katas are green. Well done."
        else:
            offer = f"Enter goes on to {following.stem}."
            if self.session.is_timed:
                offer += " b times your answer."
        return panels.verdict(self.session.board, offer, width)

    def _result(self, width: int) -> Lines:
        session, lesson = self.session, self.session.lesson
        if session.board.is_green:
            lines = panels.why(lesson.why, session.diff, width)
        else:
            lines = panels.result(session.board, lesson.hints, session.hints_opened, width)
        return [*lines, Content("")] if lines else []  # the task may follow

    def _notice(self, width: int) -> Lines:
        offer = "Three times red. Press h for a hint." if self.session.offers_hint else ""
        return wrapped(self.session.notice or offer, width)

    # ---------------------------------------------------------------- the loop

    def on_mount(self) -> None:
        if not self.is_headless and sys.platform != "win32":
            self._handle_signals()
        self.set_interval(1.0, self._tick)
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
        """End the loop and the stopwatch with all of their processes."""
        self._close_benchmark()
        loop, self._judging = self._judging, None
        if loop is not None:
            loop.close()

    def _begin(self) -> None:
        self._judging = self._open_loop(self._bring)
        self._judging.judge(self.session.kata)

    def _tick(self) -> None:
        if self.session.board.phase == JUDGING:
            self._part("verdict").redraw()  # which tells the seconds
        if self._benchmark is not None and self._benchmark[0].result is None:
            self._redraw_benchmark()  # the same

    def _bring(self, event: Event) -> None:
        self.post_message(Heard(event))  # from whatever thread

    def on_heard(self, heard: Heard) -> None:
        event, session = heard.event, self.session
        failure, was_green = session.board.failure, session.state(event.kata) == GREEN
        session.hear(event)
        if event.kata != session.kata:
            self._part("where").redraw()
        elif isinstance(event, Checked) and session.board.failure is failure:
            self._part("aspects").redraw()
            self._part("verdict").redraw()
        elif isinstance(event, Judged) and session.board.is_green and self._goes_on(was_green):
            self.action_go_on()
        else:
            self._redraw(to_top=not isinstance(event, Started | Diagnosed))
        self._redraw_benchmark()

    def _goes_on(self, was_green: bool) -> bool:
        return self.session.advances and not was_green and self.session.to_do() is not None

    def _redraw(self, to_top: bool = True) -> None:
        for part in self.screen_stack[0].query(Fitted):
            part.redraw()
        if to_top:
            self._scroll_home()

    def _part(self, name: str) -> Fitted:
        return self.screen_stack[0].query_one(f"#{name}", Fitted)  # below an open page, perhaps

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
        verdict = self.session.board.verdict
        is_idle = verdict is None or verdict.state == NOT_STARTED
        panes.filter("#task" if is_idle else "#result").first().focus(scroll_visible=False)

    # ---------------------------------------------------------------- the keys

    def _show(self, kata: Kata) -> None:
        self.session.show(kata)
        self._redraw()
        if self._judging is not None:
            self._judging.judge(kata)

    def action_step(self, step: int) -> None:
        self._show(self.session.neighbour(step))

    def action_go_on(self) -> None:
        following = self.session.to_do()
        if following is not None and self.session.board.is_green:
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
        self._say(
            "From now on the screen goes on by itself once a kata is green."
            if self.session.advances
            else "The screen waits for Enter once a kata is green."
        )

    def action_benchmark(self) -> None:
        if reason := self.session.why_not_timed():
            self._say(reason)
            return
        stand = Stand(self.session.kata)
        title = f"{stand.kata.stem}: your answer beside the reference"
        page = Page(title, partial(benchmark, stand), partial(self._judged, stand))

        def bring(tick: Tick) -> None:
            self.post_message(Ticked(stand, tick))  # from whatever thread

        self._timing = self._open_stopwatch(stand.kata, bring)
        self._benchmark = stand, page
        self.push_screen(page, lambda _: self._close_benchmark())

    def _judged(self, stand: Stand, width: int) -> Lines:
        """How the kata on the screen stands: it may be saved while it is timed."""
        board = self.session.board
        name = [] if board.kata == stand.kata else wrapped(f"{board.kata.stem} was saved:", width)
        return [*name, *panels.verdict(board, "", width)[:1]]

    def on_ticked(self, ticked: Ticked) -> None:
        ticked.stand.hear(ticked.tick)
        self._redraw_benchmark()

    def _redraw_benchmark(self) -> None:
        if self._benchmark is not None:
            self._benchmark[1].redraw()

    def _close_benchmark(self) -> None:
        """End what is still being timed."""
        stopwatch, self._timing, self._benchmark = self._timing, None, None
        if stopwatch is not None:
            stopwatch.close()

    def action_help(self) -> None:
        self.push_screen(Page("Keys", lambda width: wrapped(HELP, width)))

    def _say(self, text: str) -> None:
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
        lambda kata, tell: Stopwatch(root, kata, device, limit, tell),
    )
    try:
        app.run(mouse=False)  # so that the terminal itself opens the link and selects text
    finally:
        app.close()
    session.refresh()
    return app.return_code or int(not session.is_all_green())
