"""The main view of the watch screen: one kata in several parts, which are redrawn and scrolled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen

from dojo.tui import parts
from dojo.tui.kata_state import JUDGING
from dojo.tui.keys import KEYS, key_line
from dojo.tui.session import Session
from dojo.tui.text import Lines
from dojo.tui.widgets import ReflowText
from dojo.verdict.model import NOT_STARTED


class KataScreen(Screen[None]):
    """Shows the kata of a session. Pages open above it.

    Args:
        session: the kata on the screen and what is known of it; each part is drawn from it.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def compose(self) -> ComposeResult:
        yield self._part_of(parts.where, "where")
        yield self._part_of(parts.aspects, "aspects")
        yield self._part_of(parts.verdict, "verdict")
        with VerticalScroll(id="body"):
            with VerticalScroll(id="result"):
                yield self._part_of(parts.result, "learned")
            with VerticalScroll(id="task"):
                yield self._part_of(parts.task, "statement")
        yield self._part_of(parts.notice, "notice")
        yield ReflowText(partial(key_line, KEYS), id="keys")

    def on_mount(self) -> None:
        self.set_interval(1.0, self._redraw_seconds)

    def _redraw_seconds(self) -> None:
        if self._session.kata_state.phase == JUDGING:
            self.redraw("verdict")  # which shows the seconds

    def _part_of(self, draw: Callable[[Session, int], Lines], name: str) -> ReflowText:
        """A part of the screen; ``draw`` gives its lines for the session and a width."""
        return ReflowText(partial(draw, self._session), id=name)

    def redraw(self, *names: str) -> None:
        """Draw the parts of these names again; without names, all parts."""
        for part in self.query(ReflowText):
            if not names or part.id in names:
                part.redraw()

    def scroll_to_top(self) -> None:
        """Show the top of each pane, and give the focus to the pane that is to be read.

        That is the task while the kata is not started, else the result.
        """
        panes = self.query(VerticalScroll)
        for pane in panes:
            pane.scroll_home()
        verdict = self._session.kata_state.verdict
        is_idle = verdict is None or verdict.state == NOT_STARTED
        panes.filter("#task" if is_idle else "#result").first().focus(scroll_visible=False)

    def reveal(self, beginning: str) -> None:
        """Scroll as little as needed to show the paragraph of the result that begins like this."""
        region = self.query_one("#learned", ReflowText).region_of(beginning)
        if region is not None:
            for pane in ("#body", "#result"):  # of which one scrolls
                self.query_one(pane).scroll_to_region(region)
