"""Draws timed cases as one page of HTML that needs no network: charts, and the numbers as a table.

Plotly draws in the browser and comes with the page. Its texts and grids take their colours from the
page's own variables, so that light and dark both work.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from plotly.offline import get_plotlyjs

from dojo.bench.implementations import NAIVE, REFERENCE, TORCHS, YOURS
from dojo.bench.results import Case, Run, Subject, fastest, rate
from dojo.bench.table import (
    HEADS,
    LEGEND,
    bytes_text,
    cases_of,
    count_text,
    history_lines,
    limits_text,
    rate_text,
    ratio_cell,
    seconds_text,
    share_text,
    subjects_of,
)

# They differ in lightness and in shape too, on white and on black.
_MARKERS = {
    YOURS: ("#2f80ed", "circle"),
    REFERENCE: ("#14a05c", "square"),
    TORCHS: ("#8e5cd9", "triangle-up"),
    NAIVE: ("#e07b00", "diamond"),
}
# Where two lines are equal, both are visible: the one that is drawn first is wider. These are the
# widths of lines and of points.
_WIDTHS = {YOURS: (2, 8), REFERENCE: (4, 12), TORCHS: (5, 14), NAIVE: (6, 16)}
_LIMIT = "#888888"
_STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --faint: #d0d7de; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1117; --text: #e6edf3; --faint: #3d444d; }
}
body { background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif;
  margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; }
.charts > div { flex: 1 1 28rem; height: 24rem; min-width: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--faint); padding: .2rem .8rem; text-align: right;
  white-space: nowrap; }
th:nth-child(2), td:nth-child(2) { text-align: left; }
td.reason { text-align: left; }
.js-plotly-plot svg text { fill: var(--text) !important; }
.js-plotly-plot .gridlayer path { stroke: var(--faint) !important; }
.js-plotly-plot .hoverlayer path { fill: var(--page) !important; }
"""
_HEADS = ("n", "", *HEADS)
_DRAW = """
for (const [id, data, layout] of CHARTS) {
  Plotly.newPlot(id, data, layout, {responsive: true, displayModeBar: false});
}
"""


def page(run: Run, earlier: Mapping[Subject, Run]) -> str:
    """Return the whole page as HTML.

    Args:
        run: the cases that were timed now.
        earlier: for each subject the run of an earlier version of the answer, if there is one.
    """
    charts: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = []
    parts = []
    for number, subject in enumerate(subjects_of(run)):
        cases = cases_of(run, subject)
        charts.append((f"time{number}", *_time_chart(run, cases)))
        charts.append((f"memory{number}", *_memory_chart(cases)))
        sentences = [
            limits_text(run, subject.device),
            *history_lines(run, earlier.get(subject), subject),
        ]
        parts += [
            f"<h2>{escape(subject.kata)}: {escape(subject.function)}</h2>",
            f"<p>{escape(subject.means)}; {escape(sentences[0])}.</p>",
            f'<div class="charts"><div id="time{number}"></div>',
            f'<div id="memory{number}"></div></div>',
            f'<div class="scroll">{"".join(_table(run, cases))}</div>',
            *(f"<p>{escape(line)}</p>" for line in sentences[1:2]),
            "".join(["<ul>", *(f"<li>{escape(line)}</li>" for line in sentences[2:]), "</ul>"]),
        ]
    data = json.dumps(charts).replace("</", "<\\/")
    title = f"Benchmarks of {run.when.astimezone():%d %b %Y, %H:%M}"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{_STYLE}</style></head><body>",
            f"<h1>{title}</h1><p>{escape(run.machine)}</p>",
            *parts,
            f"<p>{escape(LEGEND)}</p>",
            f"<script>{get_plotlyjs()}</script>",
            f"<script>const CHARTS = {data};{_DRAW}</script></body></html>",
        ]
    )


# ---------------------------------------------------------------- charts


def _time_chart(
    run: Run, cases: Mapping[int, Sequence[Case]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the traces and the layout of a chart: time against n, and the limit as a line.

    Both axes are logarithmic. Bars reach from the first to the third quartile.
    """
    traces = []
    for name, mine in reversed(list(_by_name(cases))):  # the learner's last, above the others
        colour, symbol = _MARKERS[name]
        line, point = _WIDTHS[name]
        spreads = [case.quartiles for case in mine]
        traces.append(
            {
                "name": name,
                "x": [case.n for case in mine],
                "y": [median for _, median, _ in spreads],
                "error_y": {
                    "type": "data",
                    "array": [high - median for _, median, high in spreads],
                    "arrayminus": [median - low for low, median, _ in spreads],
                },
                "text": [seconds_text(median) for _, median, _ in spreads],
                "hovertemplate": "n = %{x}: %{text}",
                "mode": "lines+markers",
                "line": {"color": colour, "width": line},
                "marker": {"color": colour, "symbol": symbol, "size": point},
            }
        )
    limits = [(case.n, fastest(run, case)) for name, mine in _by_name(cases) for case in mine]
    limits = sorted({(n, limit) for n, limit in limits if limit})
    if limits:
        traces.insert(
            0,
            {
                "name": "limit",
                "x": [n for n, _ in limits],
                "y": [limit for _, limit in limits],
                "text": [seconds_text(limit) for _, limit in limits],
                "hovertemplate": "n = %{x}: %{text}",
                "mode": "lines",
                "line": {"color": _LIMIT, "dash": "dash", "width": 2},
            },
        )
    x = {"type": "log", "title": {"text": "n"}, "dtick": 1, "tickformat": "~s"}
    layout = _layout("time", x, {"ticksuffix": "s"})
    return traces, {**layout, "legend": {**layout["legend"], "traceorder": "reversed"}}


def _memory_chart(
    cases: Mapping[int, Sequence[Case]],
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the traces and the layout of a chart: new memory for each n, as bars.

    The bars begin at 1 byte, since a logarithmic axis has no 0.
    """
    traces: list[dict[str, Any]] = []
    for name, mine in _by_name(cases):
        sizes = [case.fact("total_new") for case in mine]
        traces.append(
            {
                "name": name,
                "type": "bar",
                "x": [f"{case.n:,}" for case in mine],
                "y": [max(size, 1) for size in sizes],
                "text": [bytes_text(size) for size in sizes],
                "textposition": "outside",
                "constraintext": "none",
                "hovertemplate": "n = %{x}: %{text}",
                "marker": {"color": _MARKERS[name][0]},
            }
        )
    x = {"type": "category", "title": {"text": "n"}}
    largest = max((size for trace in traces for size in trace["y"]), default=1)
    y = {"ticksuffix": "B", "range": [0, 1.1 * max(1.0, math.log10(largest))]}
    return traces, {**_layout("new memory", x, y), "barmode": "group"}


def _layout(title: str, x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    clear = "rgba(0,0,0,0)"
    return {
        "title": {"text": title},
        "xaxis": x,
        "yaxis": {"type": "log", "tickformat": "~s", "dtick": 1, **y},
        "legend": {"orientation": "h", "y": -0.2},
        "margin": {"l": 60, "r": 10, "t": 50, "b": 40},
        "paper_bgcolor": clear,
        "plot_bgcolor": clear,
    }


def _by_name(cases: Mapping[int, Sequence[Case]]) -> Iterator[tuple[str, list[Case]]]:
    """Yield each implementation that was timed, with its cases by n."""
    for name in _MARKERS:
        mine = [
            c for group in cases.values() for c in group if c.implementation == name and c.rounds
        ]
        if mine:
            yield name, mine


# ---------------------------------------------------------------- the table


def _table(run: Run, cases: Mapping[int, Sequence[Case]]) -> Iterator[str]:
    yield f"<table><tr>{''.join(f'<th>{escape(head)}</th>' for head in _HEADS)}</tr>"
    for group in cases.values():
        for case in group:
            cells = [f"{case.n:,}", case.implementation]
            if not case.rounds:
                reason = (
                    f'<td class="reason" colspan="{len(_HEADS) - 2}">{escape(case.reason)}</td>'
                )
                yield f"<tr>{_cells(cells)}{reason}</tr>"
                continue
            achieved = rate(run, case)
            cells += [
                seconds_text(case.median),
                ratio_cell(run, case),
                bytes_text(case.fact("total_new")),
                bytes_text(case.fact("largest_new")),
                count_text(case.fact("operations")),
                f"{share_text(achieved.share)} ({rate_text(achieved)})" if achieved else "",
            ]
            yield f"<tr>{_cells(cells)}</tr>"
    yield "</table>"


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"<td>{escape(text)}</td>" for text in texts)
