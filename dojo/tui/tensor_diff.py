"""Draws the returned tensor beside the expected one, and marks the cells that differ.

The mark is a sign, so that it is seen without colour too.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from textual.content import Content

from dojo.tui.text import MUTED, Lines, visible

MARK = "≠"
_GAP = 3  # columns between the two grids
_SPACE = 2  # columns between two cells
_WRONG = "bold $error"
_RIGHT = "bold $success"

Rows = list[list[str]]


def tensor_diff(got: Rows, expected: Rows, width: int) -> Lines:
    """Two framed grids side by side, or one above the other where ``width`` is too narrow.

    Args:
        got: the rows of cells that the answer returned.
        expected: the rows of cells that were expected.
        width: columns.

    Returns:
        the lines; none if one of the grids has no rows or is wider than ``width``.
    """
    if not got or not expected:
        return []
    mine = _grid("returned", got, expected, _WRONG)
    right = _grid("expected", expected, got, _RIGHT)
    both = mine[0].cell_length + _GAP + right[0].cell_length
    if both <= width:
        return _beside(mine, right)
    if max(mine[0].cell_length, right[0].cell_length) > width:
        return []
    return [*mine, *right]


def _grid(title: str, rows: Rows, others: Rows, style: str) -> Lines:
    """One grid in its frame; a cell that is not the same in ``others`` has a mark and ``style``."""
    cells = [[visible(cell) for cell in row] for row in rows]
    count = max(map(len, cells))
    widths = [max(map(cell_len, column)) for column in _columns(cells, count)]
    inner = sum(widths) + len(MARK) * count + _SPACE * (count - 1) + 2
    inner = max(inner, len(title) + 3)
    lines = [Content.styled(f"╭ {title} {'─' * (inner - len(title) - 2)}╮", MUTED)]
    for index, row in enumerate(cells):
        parts: list[Content] = []
        for place, cell in enumerate(row):
            differs = _at(rows, index, place) != _at(others, index, place)
            text = f"{MARK if differs else ' '}{cell}"
            space = " " * (widths[place] + len(MARK) - cell_len(text))
            parts.append(Content.assemble(space, (text, style if differs else "")))
        body = Content(" " * _SPACE).join(parts)
        body = Content.assemble(" ", body).pad_right(inner - 1 - body.cell_length)
        lines.append(Content.assemble(("│", MUTED), body, ("│", MUTED)))
    lines.append(Content.styled(f"╰{'─' * inner}╯", MUTED))
    return lines


def _columns(cells: Rows, count: int) -> Iterator[list[str]]:
    """The ``count`` columns of rows that may be of different lengths; [""] for an empty one."""
    for place in range(count):
        yield [row[place] for row in cells if place < len(row)] or [""]


def _at(rows: Rows, index: int, place: int) -> str | None:
    """The cell in this row and place, or None where the grid has none."""
    return rows[index][place] if index < len(rows) and place < len(rows[index]) else None


def _beside(left: Lines, right: Lines) -> Lines:
    """Two grids side by side; the lower one is filled up with blank lines."""
    height = max(len(left), len(right))
    blank = Content(" " * left[0].cell_length)
    padded = [*left, *[blank] * (height - len(left))]
    others = [*right, *[Content("")] * (height - len(right))]
    return [one + " " * _GAP + other for one, other in zip(padded, others, strict=True)]
