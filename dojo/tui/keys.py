"""The keys of the watch screen: what the line at the bottom and the help page say of them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dojo.tui.text import CODE, MUTED, Lines

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


def key_line(told: Sequence[tuple[str, str]], width: int) -> Lines:
    """What some keys do, in one line; each is a key and a word."""
    parts = [Content.assemble((key, f"bold {CODE}"), (f" {word}", MUTED)) for key, word in told]
    lines = [Content(" " * gap).join(parts) for gap in (3, 2, 1)]
    fitting = (line for line in lines if line.cell_length <= width)
    return [next(fitting, lines[-1].truncate(width, ellipsis=True))]
