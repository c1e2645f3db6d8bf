"""The page with the list of katas: search by typing, filter by state, choose one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from dojo.course.katas import Kata
from dojo.tui.keys import key_line
from dojo.tui.panels import SIGNS, style_of
from dojo.tui.text import MUTED, Lines, reflow, visible
from dojo.tui.widgets import ReflowText
from dojo.verdict.model import CRASHED, GREEN, NOT_JUDGED, NOT_STARTED, RED, STALE, TIMED_OUT

FILTERS: dict[str, tuple[str, ...]] = {
    "all": (),
    "to do": (NOT_STARTED, NOT_JUDGED, RED, CRASHED, TIMED_OUT, STALE),
    "red": (RED, CRASHED, TIMED_OUT),
    "not started": (NOT_STARTED,),
    "not judged": (NOT_JUDGED,),
    "stale": (STALE,),
    "green": (GREEN,),
}
_STATE = max(map(len, SIGNS))
_CURSOR = "›"


class KataList(ModalScreen[Kata | None]):
    """A page to choose a kata on; its result is that kata, or None if it was left by Escape.

    Args:
        katas: all katas in their order, each with its title and its state.
        current: the kata that the cursor is on at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", priority=True),
        Binding("enter", "choose", priority=True),
        Binding("tab", "filter(1)", priority=True),
        Binding("shift+tab", "filter(-1)", priority=True),
        Binding("up", "move('cursor_up')", priority=True),
        Binding("down", "move('cursor_down')", priority=True),
        Binding("pageup", "move('page_up')", priority=True),
        Binding("pagedown", "move('page_down')", priority=True),
    ]

    def __init__(self, katas: Sequence[tuple[Kata, str, str]], current: Kata) -> None:
        super().__init__()
        self._katas = katas
        self._current = current
        self._has_tracks = len({kata.track for kata, _, _ in katas}) > 1
        self._filter = 0
        self._shown: list[tuple[Kata, str, str]] = []
        self._cursor: int | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="page"):
            yield Input(placeholder="type to search", compact=True, select_on_focus=False)
            yield ReflowText(self._filter_line, id="filters")
            yield OptionList(compact=True, markup=False)
        keys = (("⏎", "go there"), ("tab", "filter"), ("esc", "back"))
        yield ReflowText(partial(key_line, keys), id="keys")

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._fill_list()

    def on_input_changed(self) -> None:
        self._fill_list()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Move the cursor: a sign, so that it is seen without colour too."""
        for index in (self._cursor, event.option_index):
            if index is not None and index < len(self._shown):
                prompt = self._line(*self._shown[index], index == event.option_index)
                event.option_list.replace_option_prompt_at_index(index, prompt)
        self._cursor = event.option_index

    def action_choose(self) -> None:
        index = self.query_one(OptionList).highlighted
        if index is not None:
            self.dismiss(self._shown[index][0])

    def action_filter(self, step: int) -> None:
        self._filter = (self._filter + step) % len(FILTERS)
        self._fill_list()

    def action_move(self, way: str) -> None:
        """Move the cursor by an action of ``OptionList``, such as "page_up"."""
        getattr(self.query_one(OptionList), f"action_{way}")()

    def _fill_list(self) -> None:
        """Show the katas that match both the search and the filter."""
        words = self.query_one(Input).value.lower().split()
        states = list(FILTERS.values())[self._filter]
        self._shown = [
            (kata, title, state)
            for kata, title, state in self._katas
            if (not states or state in states)
            and all(word in f"{kata.name} {title}".lower() for word in words)
        ]
        self._cursor = None
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(*row, False)) for row in self._shown])
        katas = [kata for kata, _, _ in self._shown]
        if katas:
            options.highlighted = katas.index(self._current) if self._current in katas else 0
        self.query_one("#filters", ReflowText).redraw()

    def _filter_line(self, width: int) -> Lines:
        """The filters, the chosen one in brackets, and how many katas are shown."""
        names = [
            Content.styled(f"[{name}]" if index == self._filter else f" {name} ", style)
            for index, name in enumerate(FILTERS)
            for style in ["bold" if index == self._filter else MUTED]
        ]
        count = f"   {len(self._shown)} of {len(self._katas)}"
        return reflow(Content(" ").join(names) + count, width)

    def _line(self, kata: Kata, title: str, state: str, has_cursor: bool) -> Content:
        """The line of a kata: cursor, state, track if there are several, number and title."""
        track = f"{kata.track}/" if self._has_tracks else ""
        return Content.assemble(
            f"{_CURSOR if has_cursor else ' '} ",
            (f"{SIGNS[state]} {state:<{_STATE}}  ", style_of(state)),
            (track, MUTED),
            (f"{kata.stem.partition('_')[0]}  ", "bold"),
            visible(title),
        )
