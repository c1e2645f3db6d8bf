"""Shows a line of a learner's file under a message, with a caret below the column that is meant."""

from __future__ import annotations

import re
import unicodedata

from dojo.verdict.visible import MOST, visible

WIDEST = 60  # columns of the line that are shown: with its indent it fits a terminal of 80
_INDENT = "  "
_BEFORE = 40  # columns that are left before the caret where the line is cut
_LINES = re.compile(r"\r\n|\r|\n")  # what ends a line for Python
# What git and others write at the beginning of a line, between the two versions of a conflict.
_MARKER = re.compile(r"(<{7}|>{7})( |$)")
_MIDDLE = re.compile(r"(={7}|\|{7})( |$)")


def lines_of(text: str) -> list[str]:
    """Return the lines of a text as Python counts them, which is not as ``splitlines`` does."""
    return _LINES.split(text)


def excerpt(line: str, offset: int) -> str:
    """Return a line as it can be shown, and below it a caret; empty for a blank line.

    Args:
        line: a line of the learner's file.
        offset: the character that is meant, from 1 on; 0 for no caret.
    """
    line = line[:MOST]
    shown = visible(line.rstrip())
    if not shown.strip():
        return ""
    place = len(visible(line[: offset - 1])) if 0 < offset <= len(line) + 1 else -1
    start = max(0, place - _BEFORE) if len(shown) > WIDEST else 0
    indent = len(shown) - len(shown.lstrip())
    start = max(start, min(indent, place) if place >= 0 else indent)
    row = shown[start : start + WIDEST]
    row = f"{'…' if start > indent else ''}{row}{'…' if len(shown) > start + WIDEST else ''}"
    if place < 0:
        return f"{_INDENT}{row}"
    before = _columns(shown[start:place]) + (start > indent)
    return f"{_INDENT}{row}\n{_INDENT}{' ' * before}^"


def conflict_line(lines: list[str], wrong: int) -> int:
    """Return the first line that is the mark of a merge conflict, or 0.

    Args:
        lines: those of a file that Python cannot read.
        wrong: the line at which Python stopped. A row of ``=`` counts only there, since it may be
            the underline of a heading elsewhere.
    """
    for number, line in enumerate(lines, 1):
        if _MARKER.match(line) or (number == wrong and _MIDDLE.match(line)):
            return number
    return 0


def _columns(text: str) -> int:
    """Return how wide a text is in a terminal."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
