"""A widget that wraps its text anew for each width, and pages made of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from dojo.tui.keys import key_line
from dojo.tui.text import Lines, reflow


class ReflowText(Widget):
    """Shows the lines that a function draws for the widget's width, and is as high as they are.

    Args:
        draw: takes a number of columns, and gives lines that are at most so wide.
    """

    DEFAULT_CSS = "ReflowText { height: auto; }"

    def __init__(self, draw: Callable[[int], Lines], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._draw = draw
        self._drawn: dict[int, Lines] = {}  # by width

    def redraw(self) -> None:
        """Call ``draw`` again, since what it shows has changed."""
        self._drawn.clear()
        self.refresh(layout=True)

    def region_of(self, beginning: str) -> Region | None:
        """The region of the last paragraph that begins like this, or None if there is none."""
        lines = [line.plain.strip() for line in self._lines(self.content_region.width)]
        rows = [row for row, line in enumerate(lines) if line.startswith(beginning)]
        if not rows:
            return None
        height = next((n for n, line in enumerate(lines[rows[-1] :]) if not line), 1)
        return Region(0, rows[-1], 1, height)

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002 - Textual's signature
        viewport: Size,  # noqa: ARG002 - the same
        width: int,
    ) -> int:
        return len(self._lines(width)) if width else 0

    def render_line(self, y: int) -> Strip:
        """Render one line, so that a long text costs no more than what is seen of it."""
        width = self.content_region.width
        lines = self._lines(width)
        line = lines[y] if y < len(lines) else Content("")
        return Visual.to_strips(self, line, width, 1, self.visual_style)[0]

    def _lines(self, width: int) -> Lines:
        """What is drawn for this width; kept until the next redraw or another width."""
        if width not in self._drawn:
            self._drawn = {width: self._draw(width)}
        return self._drawn[width]


class Page(ModalScreen[None]):
    """A page over the whole screen: a title, and a text that scrolls.

    Args:
        title: the first line.
        draw: takes a number of columns, and gives lines that are at most so wide.
        below: gives the lines below the title, which do not scroll, in the same way.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss"),
        Binding("q", "app.quit"),
    ]

    def __init__(
        self, title: str, draw: Callable[[int], Lines], below: Callable[[int], Lines] | None = None
    ) -> None:
        super().__init__()
        self._page_title = title
        self._draw = draw
        self._below = below

    def compose(self) -> ComposeResult:
        with Vertical(classes="page"):
            yield ReflowText(lambda width: reflow(self._page_title, width, "bold"))
            if self._below is not None:
                yield ReflowText(self._below)
            with VerticalScroll():
                yield ReflowText(self._draw)
        yield ReflowText(partial(key_line, (("esc", "back"), ("q", "quit"))), id="keys")

    def redraw(self) -> None:
        """Draw all texts of the page again, since what they show has changed."""
        for part in self.query(ReflowText):
            part.redraw()


class Question(ModalScreen[bool]):
    """A question over the screen; its result is True for a yes, else False."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)"),
        Binding("n,escape,enter", "dismiss(False)"),
        Binding("q", "app.quit"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="question"):
            yield ReflowText(lambda width: reflow(self._text, width))
        yield ReflowText(partial(key_line, (("y", "yes"), ("n", "no"), ("q", "quit"))), id="keys")
