"""Wraps text to lines of a given width, and makes any text that a learner wrote safe to show.

What a terminal would obey (escape sequences, control characters) is shown as a sign. Nothing is
read as markup: text becomes ``Content``, which Textual shows as it is.
"""

from __future__ import annotations

from textual.content import Content

from dojo.course.docstrings import Block
from dojo.verdict.visible import MOST as MOST
from dojo.verdict.visible import visible as visible

Lines = list[Content]

CODE = "$primary"
MUTED = "$muted"
_HANG = 2  # columns by which the further lines of an item or an example stand in


def reflow(text: str | Content, width: int, style: str = "", indent: int = 0) -> Lines:
    """Wrap text to lines of at most ``width`` columns, which all begin with ``indent`` blanks."""
    content = Content.styled(visible(text), style) if isinstance(text, str) else text
    return [line.pad_left(indent) for line in content.wrap(max(width - indent, 1))]


def clipped(text: str, width: int, style: str = "") -> Content:
    """The first line of a text, cut with an ellipsis if it is wider than ``width``."""
    line = visible(text).partition("\n")[0]
    return Content.styled(line, style).truncate(max(width, 1), ellipsis=True)


def apart(left: Content, right: Content, width: int) -> Content:
    """One line with a text at each end; only the left one where there is no room for both."""
    gap = width - left.cell_length - right.cell_length
    return left + " " * gap + right if gap > 0 else left.truncate(max(width, 1), ellipsis=True)


def prose(blocks: list[Block], width: int) -> Lines:
    """Wrap the blocks of a docstring to lines of ``width`` columns, with code in its colour."""
    lines: Lines = []
    for block in blocks:
        content = Content.styled(visible(block.text), _style_of(block))
        if not block.verbatim:
            content = content.highlight_regex(r"`[^`]+`", style=CODE)
        if block.label and block.indent:
            content = content.stylize("bold", 0, len(block.label))
        hang = _HANG if block.label or block.verbatim else 0
        first, *others = content.wrap(max(width - block.indent - hang, 1))
        lines.append(first.pad_left(block.indent))
        lines += [line.pad_left(block.indent + hang) for line in others]
    return lines


def _style_of(block: Block) -> str:
    return CODE if block.verbatim else MUTED if block.is_heading else ""
