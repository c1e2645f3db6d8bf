"""Lays the returned tensor beside the expected one, and marks the cells that differ.

The mark is a sign, so that it is seen without colour too. Who shows the grids gives them colours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from dojo.verdict.visible import visible

MARK = "≠"
FRAME, SAME, RETURNED, EXPECTED = "frame", "same", "returned", "expected"  # kinds of parts
_GAP = 3  # columns between the two grids
_SPACE = 2  # columns between two cells

Rows = list[list[str]]
Part = tuple[str, str]  # a text, and its kind: a cell that differs has the kind of its grid


@dataclass(frozen=True)
class Cell:
    """A cell of a grid: its text, safe to show, and whether the other grid has another one."""

    text: str
    differs: bool


def marked(rows: Rows, others: Rows) -> list[list[Cell]]:
    """Return the cells of ``rows``, each compared with the one at its place in ``others``."""
    return [
        [Cell(visible(cell), cell != _at(others, index, place)) for place, cell in enumerate(row)]
        for index, row in enumerate(rows)
    ]


def tensor_grids(got: Rows, expected: Rows, width: int) -> list[list[Part]]:
    """Return two framed grids side by side, or one above the other if ``width`` is too narrow.

    Args:
        got: the rows of cells that the answer returned.
        expected: the rows of cells that were expected.
        width: columns.

    Returns:
        The parts of each line; no line if a grid has no rows or is wider than ``width``.
    """
    if not got or not expected:
        return []
    mine = _grid(RETURNED, marked(got, expected))
    right = _grid(EXPECTED, marked(expected, got))
    mine_width, right_width = _width(mine[0]), _width(right[0])
    if mine_width + _GAP + right_width <= width:
        return _beside(mine, right)
    return [] if max(mine_width, right_width) > width else [*mine, *right]


def _grid(title: str, cells: list[list[Cell]]) -> list[list[Part]]:
    """One grid in its frame; a cell that differs has a mark, and the title as its kind."""
    count = max(map(len, cells))
    widths = [max(cell_len(cell.text) for cell in column) for column in _columns(cells, count)]
    inner = sum(widths) + len(MARK) * count + _SPACE * (count - 1) + 2
    inner = max(inner, len(title) + 3)
    lines: list[list[Part]] = [[(f"╭ {title} {'─' * (inner - len(title) - 2)}╮", FRAME)]]
    for row in cells:
        body: list[Part] = [(" ", SAME)]
        for place, cell in enumerate(row):
            text = f"{MARK if cell.differs else ' '}{cell.text}"
            space = widths[place] + len(MARK) - cell_len(text) + (_SPACE if place else 0)
            body += [(" " * space, SAME), (text, title if cell.differs else SAME)]
        fill = " " * (inner - _width(body))
        lines.append([("│", FRAME), *body, (fill, SAME), ("│", FRAME)])
    lines.append([(f"╰{'─' * inner}╯", FRAME)])
    return lines


def _width(line: list[Part]) -> int:
    return sum(cell_len(text) for text, _ in line)


def _columns(cells: list[list[Cell]], count: int) -> Iterator[list[Cell]]:
    """The ``count`` columns of rows that may be of different lengths; never an empty one."""
    for place in range(count):
        yield [row[place] for row in cells if place < len(row)] or [Cell("", False)]


def _at(rows: Rows, index: int, place: int) -> str | None:
    """The cell in this row and place, or None where the grid has none."""
    return rows[index][place] if index < len(rows) and place < len(rows[index]) else None


def _beside(left: list[list[Part]], right: list[list[Part]]) -> list[list[Part]]:
    """Two grids side by side; the lower one is filled up with blank lines."""
    height = max(len(left), len(right))
    blank: list[Part] = [(" " * _width(left[0]), SAME)]
    padded = [*left, *[blank] * (height - len(left))]
    others = [*right, *([[]] * (height - len(right)))]
    gap = (" " * _GAP, SAME)
    return [[*one, gap, *other] for one, other in zip(padded, others, strict=True)]
