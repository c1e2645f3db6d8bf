"""Lays out timed cases as lines of a table: bars on a common scale, and the numbers.

A line is a text and the name of its colour; the terminal and the watch screen paint it themselves.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from dojo.bench.implementations import COPY, NAIVE, NEGATE, ORDER, REFERENCE, TORCHS, YOURS
from dojo.bench.results import Case, Rate, Run, Subject, rate, since
from dojo.verdict.text import WIDTH, wrapped

_COLOURS = {YOURS: "cyan", REFERENCE: "green", TORCHS: "magenta", NAIVE: "yellow"}
COLUMNS = 80  # of a terminal
_NUMBERS = 70  # columns of a row without its bar
_BARS = (6, 30)  # columns of the longest bar, at least and at most
_REASON = 14  # columns that a text in place of a bar and its numbers cannot have
_INDENT = 2
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NAME = 9  # columns of an implementation's name
_ROW = "  {} {:>8} {:>17} {:>8} {:>8} {:>6} {:>5}"
_SHORT_ROW = "  {} {:>8} {:>17} {:>8} {:>6} {:>5}"  # without the largest piece, and without a bar
Line = tuple[str, str]  # the text, and its colour as terminals name it, or an empty text
HEADS = ("median", "× reference", "memory", "largest", "ops", "limit")
_OF_LARGEST = ", all together; largest: the largest piece"
LEGEND = (
    "median: the middle one of five passes, which time all in turn, each by its best round. "
    "× reference: the ratio in the middle one, and in the lowest and the highest. memory: bytes "
    "that were newly taken, all together; largest: the largest piece. ops: operations that torch "
    "ran. limit: the share of what this machine did at its best, moving memory or multiplying; "
    "small inputs, which stay in the cache, may exceed it."
)


def subjects_of(run: Run) -> list[Subject]:
    """Return what was timed, or should have been, in the order of the run."""
    return list(dict.fromkeys(c.subject for c in run.cases if c.implementation in ORDER))


def cases_of(run: Run, subject: Subject) -> dict[int, list[Case]]:
    """Return a subject's cases by the size that was asked for; each size's are in ``ORDER``."""
    mine = [c for c in run.cases if c.subject == subject and c.implementation in ORDER]
    mine.sort(key=lambda case: ORDER.index(case.implementation))
    return {size: [c for c in mine if c.size == size] for size in sorted({c.size for c in mine})}


def table_lines(run: Run, earlier: Mapping[Subject, Run], columns: int = COLUMNS) -> Iterator[Line]:
    """Yield the lines of all tables of a run, a table for each subject.

    Args:
        run: the cases that were timed now.
        earlier: for each subject the run of an earlier version of the answer, if there is one.
        columns: how wide a line may be. Below 76 a row has no bar and one number less; it takes
            60 at least.
    """
    subjects = subjects_of(run)
    width = max(1, min(columns, WIDTH))  # of prose
    for subject in subjects:
        for line in wrapped(f"{subject.kata}: {subject.function}, {subject.means}", width):
            yield line, "bright_white"
        yield from _indented(limits_text(run, subject.device), columns)
        for size, cases in cases_of(run, subject).items():
            yield "", ""
            yield from _size_lines(run, size, cases, columns)
        yield "", ""
        for sentence in history_lines(run, earlier.get(subject), subject):
            yield from _indented(sentence, columns)
        yield "", ""
    if subjects:
        legend = LEGEND if _has_bars(columns) else LEGEND.replace(_OF_LARGEST, "")
        yield from ((line, "") for line in wrapped(legend, width))


def _has_bars(columns: int) -> bool:
    return columns >= _NUMBERS + _BARS[0]


def _indented(text: str, columns: int) -> Iterator[Line]:
    for line in wrapped(text, max(1, min(columns - _INDENT, WIDTH))):
        yield f"{' ' * _INDENT}{line}", ""


def limits_text(run: Run, device: str) -> str:
    """Say on which device the cases were timed, and what that device does at most."""
    where = "one thread of the CPU" if device == "cpu" else f"the GPU {run.gpu}".rstrip()
    copied = run.best(device, COPY, "bytes_moved") / 1e9
    negated = run.best(device, NEGATE, "bytes_moved") / 1e9
    multiplied = run.ceiling(device, "operations_needed") / 1e9
    return (
        f"on {where}: a large copy does {copied:.3g} GB/s, a change in place {negated:.3g}, a "
        f"matmul {multiplied:.3g} GFLOP/s"
    )


def _size_lines(run: Run, size: int, cases: Sequence[Case], columns: int) -> Iterator[Line]:
    """Yield the heading and the rows of one size."""
    room = min(columns - _NUMBERS, _BARS[1]) if _has_bars(columns) else 0
    size_text = f"n = {cases[0].n:,}"
    if room:
        yield _ROW.format(size_text.ljust(_NAME + 1 + room), *HEADS), "bright_black"
    else:
        yield f"  {size_text}", "bright_black"
        heads = [head for head in HEADS if head != "largest"]
        yield _SHORT_ROW.format(" " * _NAME, *heads), "bright_black"
    timed = [case for case in cases if case.rounds]
    longest = max((case.median for case in timed), default=1.0)
    for case in cases:
        name = f"{case.implementation:<{_NAME}}"
        if case.rounds:
            drawn = f" {bar(case.median / longest, room):<{room}}" if room else ""
            yield _row(run, case, name, drawn), _COLOURS[case.implementation]
        else:
            rows = textwrap.wrap(case.reason, max(1, columns - _REASON))
            for row in rows:
                yield f"  {name} {row}", "yellow"
                name = " " * _NAME
    if timed and timed[0].n != size:
        yield f"  n = {size:,} needs more memory than this machine has.", "yellow"


def _row(run: Run, case: Case, name: str, drawn: str) -> str:
    """Return the row of a case; one without a drawn bar is the short one."""
    achieved = rate(run, case)
    largest = [bytes_text(case.fact("largest_new"))] if drawn else []
    return (
        (_ROW if drawn else _SHORT_ROW)
        .format(
            name + drawn,
            seconds_text(case.median),
            ratio_cell(run, case),
            bytes_text(case.fact("total_new")),
            *largest,
            count_text(case.fact("operations")),
            share_text(achieved.share) if achieved else "",
        )
        .rstrip()
    )


def ratio_cell(run: Run, case: Case) -> str:
    """Return a case's ratio to the reference with its spread; empty if there is none."""
    found = run.ratio(case)
    if found is None or case.implementation == REFERENCE:
        return "1" if found else ""
    return f"{ratio_text(found.value)} ({ratio_text(found.low)}–{ratio_text(found.high)})"


def history_lines(run: Run, then: Run | None, subject: Subject) -> Iterator[str]:
    """Yield sentences that say whether the answer got faster; none if it was not timed."""
    mine = [c for c in run.cases if c.subject == subject and c.implementation == YOURS and c.rounds]
    if not mine:
        return
    if then is None:
        yield "No other version of your answer was timed before: nothing to compare with."
        return
    yield f"Beside your version of {then.when.astimezone():%d %b %Y, %H:%M}:"
    for case in sorted(mine, key=lambda one: one.n):
        found = since(run, then, case)
        if found is None:
            text = "not timed then"
        elif not found.is_significant:
            text = f"no clear difference (p = {found.p:.2g})"
        elif found.speedup > 1:
            text = f"{ratio_text(found.speedup)} times as fast (p = {found.p:.1g})"
        else:
            text = f"{ratio_text(1 / found.speedup)} times as slow (p = {found.p:.1g})"
        yield f"  n = {case.n:,}: {text}"


def bar(share: float, columns: int) -> str:
    """Return a bar that fills a share of the columns, in eighths of one, at least one."""
    eighths = max(1, round(share * columns * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def seconds_text(value: float) -> str:
    """Return a time in seconds as a text with three digits and a unit."""
    return _scaled(value, (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)))


def bytes_text(count: int) -> str:
    """Return a number of bytes as a text, with units of powers of 1000."""
    if count < 1000:
        return f"{count} B" if count else "0"
    return _scaled(count, (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)))


def ratio_text(value: float) -> str:
    """Return a factor as a text with two or three digits."""
    if value >= 1000:
        return f"{value / 1000:,.{int(value < 9950)}f}k"
    return f"{value:.{0 if value >= 99.5 else 1 if value >= 9.95 else 2}f}"


def count_text(count: int) -> str:
    """Return a count as a text; from 1000 on with three digits and k, M or G."""
    if count < 1000:
        return str(count)
    return _scaled(count, (("G", 1e9), ("M", 1e6), ("k", 1e3))).replace(" ", "")


def share_text(share: float) -> str:
    """Return a share as a text in percent."""
    if share > 1:
        return ">100%"
    return f"{share:.0%}" if share >= 0.01 else "<1%"


def rate_text(found: Rate) -> str:
    """Return bytes or operations a second as a text with a unit."""
    units = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0))
    return _scaled(found.per_second, units) + found.unit


def _scaled(value: float, units: Sequence[tuple[str, float]]) -> str:
    """Return a value with three digits, in the largest unit that it reaches."""
    name, unit = next(((name, unit) for name, unit in units if value >= 0.9995 * unit), units[-1])
    scaled = value / unit
    digits = max(0, 2 - math.floor(math.log10(scaled) + 1e-4)) if scaled > 0 else 0
    return f"{scaled:.{min(digits, 2)}f} {name}"
