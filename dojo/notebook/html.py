"""Makes HTML of what a notebook shows; every text is escaped, and nothing needs a style sheet.

A notebook that is not trusted drops style sheets. So styles stand in the tags. Text has the colour
of the page, and each coloured field has its own text colour: both read in a light and a dark theme.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from dojo.course.docstrings import Block
from dojo.verdict.model import GREEN, NOT_STARTED
from dojo.verdict.tensor_grids import MARK, Cell
from dojo.verdict.visible import visible

SIGNS = {GREEN: "✓", NOT_STARTED: "○"}
FAILED = "✗"
_GREEN, _RED, _GREY, _AMBER = "#1a7f37", "#c62828", "#5f6b7a", "#b26a00"  # white reads on each
_FRAME = "rgba(128, 128, 128, 0.45)"
_SHADE = "rgba(128, 128, 128, 0.14)"
_MONO = (
    "font-family: var(--jp-code-font-family, var(--vscode-editor-font-family, monospace));"
    " font-size: 0.93em"
)
_CODE = f"{_MONO}; background: {_SHADE}; color: inherit; padding: 0 3px; border-radius: 3px"
_WRAPPED = "white-space: pre-wrap; overflow-wrap: anywhere"  # also a word longer than a line
_FIELD = "display: inline-block; color: #ffffff; border-radius: 10px; padding: 1px 9px"


def escaped(text: str) -> str:
    """Return a text as HTML that shows it: control characters and escape codes as signs."""
    return html.escape(visible(text))


def sentence(text: str) -> str:
    """Return a text as HTML that keeps its lines, with what stands in backticks as code."""
    return re.sub(r"`([^`\n]+)`", rf'<code style="{_CODE}">\1</code>', escaped(text))


def card(parts: Iterable[str]) -> str:
    """Return the frame around all that is shown of a kata."""
    style = (
        f"border: 1px solid {_FRAME}; border-radius: 8px; padding: 10px 14px; margin: 4px 0;"
        " max-width: 60em; line-height: 1.5; color: inherit"
    )
    return f'<div style="{style}">{"".join(filter(None, parts))}</div>'


def badge(state: str) -> str:
    """Return a state as a coloured field."""
    return _field(f"{SIGNS.get(state, FAILED)} {state}", _colour(state), "font-weight: bold")


def chip(name: str, states: dict[str, str]) -> str:
    """Return an aspect as a coloured field with its devices.

    Args:
        name: the aspect.
        states: the state of the aspect on each device.
    """
    worst = worst_of(states.values())
    differs = len(set(states.values())) > 1
    devices = " ".join(
        f"{device} {SIGNS.get(state, FAILED)}" if differs else device
        for device, state in states.items()
    )
    small = f' <span style="font-size: 0.85em">{escaped(devices)}</span>' if devices else ""
    text = f"{SIGNS.get(worst, FAILED)} {escaped(name or 'other')}{small}"
    return (
        f'<span style="{_FIELD}; background: {_colour(worst)}; margin: 2px 4px 2px 0">{text}</span>'
    )


def worst_of(states: Iterable[str]) -> str:
    """Return the state that stands for several: what failed, else not started, else green."""
    found = set(states)
    failed = sorted(found - {GREEN, NOT_STARTED})
    return failed[0] if failed else NOT_STARTED if NOT_STARTED in found else GREEN


def paragraph(content: str, style: str = "") -> str:
    """Return a paragraph that keeps line breaks; its content is HTML."""
    return f'<div style="margin: 7px 0; {_WRAPPED}; {style}">{content}</div>'


def muted(text: str) -> str:
    """Return a text that stands back."""
    return f'<span style="opacity: 0.78">{escaped(text)}</span>'


def strong(text: str) -> str:
    """Return a text that stands out."""
    return f"<b>{escaped(text)}</b>"


def labelled(label: str, text: str, state: str = "") -> str:
    """Return a paragraph with a bar in a colour, which begins with a label."""
    colour = _colour(state) if state else _AMBER
    bar = f"border-left: 4px solid {colour}; padding: 2px 10px; background: {_SHADE}"
    return paragraph(f"<b>{escaped(label)}:</b> {sentence(text)}", bar)


def code(text: str) -> str:
    """Return lines of code or of output, which keep their blanks."""
    return _block(escaped(text))


def diff(lines: Iterable[str]) -> str:
    """Return the lines of a unified diff, in which what changes has a coloured bar."""
    colours = {"-": _RED, "+": _GREEN}
    rows = []
    for line in lines:
        colour = colours.get(line[:1], "transparent")
        style = f"border-left: 4px solid {colour}; padding-left: 6px"
        rows.append(f'<span style="{style}">{escaped(line)}</span>')
    return _block("\n".join(rows))


def _block(content: str) -> str:
    style = (
        f"{_MONO}; background: {_SHADE}; color: inherit; padding: 6px 10px; border-radius: 4px;"
        " margin: 7px 0; white-space: pre; overflow-x: auto"
    )
    return f'<pre style="{style}">{content}</pre>'


def folded(title: str, content: str) -> str:
    """Return content that opens when its title is clicked."""
    summary = f'<summary style="cursor: pointer">{escaped(title)}</summary>'
    return f'<details style="margin: 7px 0">{summary}{content}</details>'


def grids(returned: Sequence[Sequence[Cell]], expected: Sequence[Sequence[Cell]]) -> str:
    """Return two tensors side by side, with the cells that differ marked by a sign and a colour."""
    both = _grid("returned", returned, _RED) + _grid("expected", expected, _GREEN)
    return f'<div style="display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 7px 0">{both}</div>'


def _grid(title: str, rows: Sequence[Sequence[Cell]], colour: str) -> str:
    body = "".join(f'<tr style="background: none">{_row(row, colour)}</tr>' for row in rows)
    style = f"border-collapse: collapse; border: 1px solid {_FRAME}; margin: 0; {_MONO}"
    table = f'<table style="{style}"><tbody>{body}</tbody></table>'
    return f'<div><div style="opacity: 0.78">{escaped(title)}</div>{table}</div>'


def _row(row: Sequence[Cell], colour: str) -> str:
    return "".join(_cell(cell, colour) for cell in row)


def _cell(cell: Cell, colour: str) -> str:
    style = f"text-align: right; padding: 2px 8px; border: 1px solid {_FRAME}; white-space: pre"
    if not cell.differs:
        return f'<td style="{style}; color: inherit">{escaped(cell.text)}</td>'
    style = f"{style}; background: {colour}; color: #ffffff; font-weight: bold"
    return f'<td style="{style}">{MARK}{escaped(cell.text)}</td>'


def prose(blocks: Iterable[Block]) -> str:
    """Return the blocks of a docstring: paragraphs, items of lists, and examples as code."""
    parts: list[str] = []
    example: list[str] = []
    for block in [*blocks, Block("")]:
        if block.verbatim:
            example.append(f"{' ' * block.indent}{block.text}")
            continue
        if example:
            parts.append(code("\n".join(example)))
            example = []
        if block.text:
            indent = f"margin: 5px 0 5px {block.indent * 0.6:g}em; white-space: normal"
            parts.append(paragraph(sentence(block.text), indent))
    return "".join(parts)


def _field(text: str, colour: str, style: str = "") -> str:
    return f'<span style="{_FIELD}; background: {colour}; {style}">{escaped(text)}</span>'


def _colour(state: str) -> str:
    return {GREEN: _GREEN, NOT_STARTED: _GREY}.get(state, _RED)
