"""Draws a benchmark on its page: how far it is, then a table with bars and numbers."""

from __future__ import annotations

from dojo.bench.background import BenchState, Failed, Found
from dojo.bench.table import table_lines
from dojo.tui.text import MUTED, Lines, clipped, reflow

_STYLES = {
    "cyan": "$primary",
    "green": "$success",
    "yellow": "$warning",
    "bright_white": "bold",
    "bright_black": MUTED,
}


def benchmark(bench_state: BenchState, width: int) -> Lines:
    """The lines of a benchmark: its result once there is one, until then how far it is."""
    if isinstance(bench_state.result, Failed):
        return reflow(bench_state.result.reason, width, "$error")
    if isinstance(bench_state.result, Found):
        return _found(bench_state.result, width)
    lines = reflow(f"timing … {bench_state.seconds} s", width, "$primary")
    if bench_state.done:
        last = bench_state.done[-1]
        text = (
            f"{len(bench_state.done)} done, the last of them: {last.implementation}, n = {last.n:,}"
        )
        lines += reflow(text, width, MUTED)
    return lines


def _found(result: Found, width: int) -> Lines:
    """What was not timed, warnings, and the table of times."""
    found, lines = result.findings, []
    for text in found.not_green:
        lines += reflow(f"Only a green answer is timed: {text}.", width, "$error")
    for text in found.warnings:
        lines += reflow(text, width, "$warning")
    if not found.not_green:
        rows = table_lines(found.run, found.earlier, width)
        lines += [clipped(text, width, _STYLES.get(colour, "")) for text, colour in rows]
    return lines
