"""Draws a benchmark on the watch screen: how far it is, then the bars and the numbers."""

from __future__ import annotations

from dojo.bench_table import table_lines
from dojo.lines import MUTED, Lines, clipped, wrapped
from dojo.stopwatch import Failed, Found, Stand

_STYLES = {
    "cyan": "$primary",
    "green": "$success",
    "yellow": "$warning",
    "bright_white": "bold",
    "bright_black": MUTED,
}


def benchmark(stand: Stand, width: int) -> Lines:
    """What is known by now."""
    if isinstance(stand.result, Failed):
        return wrapped(stand.result.reason, width, "$error")
    if isinstance(stand.result, Found):
        return _found(stand.result, width)
    lines = wrapped(f"timing … {stand.seconds} s", width, "$primary")
    if stand.done:
        last = stand.done[-1]
        text = f"{len(stand.done)} done, the last of them: {last.implementation}, n = {last.n:,}"
        lines += wrapped(text, width, MUTED)
    return lines


def _found(result: Found, width: int) -> Lines:
    found, lines = result.findings, []
    for text in found.not_green:
        lines += wrapped(f"Only a green answer is timed: {text}.", width, "$error")
    for text in found.warnings:
        lines += wrapped(text, width, "$warning")
    if not found.not_green:
        rows = table_lines(found.run, found.earlier, width)
        lines += [clipped(text, width, _STYLES.get(colour, "")) for text, colour in rows]
    return lines
