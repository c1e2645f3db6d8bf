"""The keys of the watch screen: what each does, and what the bottom line and the help say of it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding, BindingType
from textual.content import Content

from dojo.tui.text import CODE, MUTED, Lines

BINDINGS: list[BindingType] = [  # a key and the action of ``WatchScreen`` that it calls
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
KEYS = (  # what the bottom line has room for
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
a  any key goes on, if green  u  undo this kata's reset
b  time it, once green        q  quit

Enter goes on once a kata is green. Arrows, PgUp, PgDn, Home and End scroll;
Tab changes to the other pane of a wide screen."""


def key_line(keys: Sequence[tuple[str, str]], width: int) -> Lines:
    """One line that says what some keys do.

    Args:
        keys: each key and the word for what it does.
        width: columns; the gaps between the keys shrink to fit, and then the line is cut.
    """
    parts = [Content.assemble((key, f"bold {CODE}"), (f" {word}", MUTED)) for key, word in keys]
    lines = [Content(" " * gap).join(parts) for gap in (3, 2, 1)]
    fitting = (line for line in lines if line.cell_length <= width)
    return [next(fitting, lines[-1].truncate(width, ellipsis=True))]
