"""Draws the returned tensor beside the expected one in the colours of the screen."""

from __future__ import annotations

from textual.content import Content

from dojo.tui.text import MUTED, Lines
from dojo.verdict.tensor_grids import EXPECTED, FRAME, RETURNED, Rows, tensor_grids
from dojo.verdict.tensor_grids import MARK as MARK

_STYLES = {FRAME: MUTED, RETURNED: "bold $error", EXPECTED: "bold $success"}


def tensor_diff(got: Rows, expected: Rows, width: int) -> Lines:
    """Two framed grids side by side, or one above the other where ``width`` is too narrow.

    Args:
        got: the rows of cells that the answer returned.
        expected: the rows of cells that were expected.
        width: columns.

    Returns:
        the lines; none if one of the grids has no rows or is wider than ``width``.
    """
    return [
        Content.assemble(*((text, _STYLES.get(kind, "")) for text, kind in line))
        for line in tensor_grids(got, expected, width)
    ]
