"""Words a verdict in lines that fit the terminal; every command and pytest use the same words."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from collections.abc import Sequence

from dojo.course.docstrings import Block, read_blocks
from dojo.verdict.model import GREEN, NOT_JUDGED, NOT_STARTED, STALE, Check, Verdict
from dojo.verdict.visible import visible

_MARGIN = 6  # columns that a message leaves free, since it stands indented
WIDTH = 80 - _MARGIN  # columns of a message where there is no terminal
ROOMY = 72  # columns from which on a row of a kata has all of its blanks
_SMALLEST = 4  # columns of the smallest bar
_NARROWEST, _WIDEST = 40, 100  # columns to which text is wrapped
_BAR = 28  # columns of a bar
_COLOURS = {GREEN: "green", NOT_STARTED: "yellow", STALE: "cyan", NOT_JUDGED: "cyan"}
_OUTPUT_LINES = 8  # last lines of what the learner printed


def columns() -> int:
    """Return the columns to which text is wrapped: those of the terminal, or 80 without one."""
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)


def failure_lines(verdict: Verdict, path: str, lists_all: str = "") -> list[str]:
    """Return the lines to show of a verdict that is not green.

    Args:
        verdict: red, crashed, timed out or not started.
        path: the learner's file, as the learner would type it.
        lists_all: the command that lists all checks that failed, if they are not listed already.

    Returns:
        The place (``path:line``), then the check's ``state: law [aspect, device]``, then the
        message and what else helps, in lines that fit the terminal when they are indented.
    """
    check = verdict.first_failure
    lines = [place_of(verdict, path), *wrapped(headline_of(verdict))]
    if check is None:
        return lines
    for row in visible(check.message).splitlines():
        lines += wrapped(row)
    if (end := verdict.later_end) is not None:
        lines += wrapped(f"{end.state}, later: {end.message}")
    if verdict.diagnosis:
        lines += wrapped(f"This looks like: {verdict.diagnosis}")
    printed = visible(check.output).rstrip().splitlines()[-_OUTPUT_LINES:]
    if printed:
        lines.append("Your code printed:")
        lines += [f"  {row[: columns() - _MARGIN - 2]}" for row in printed]
    unstarted = unstarted_names(verdict)
    if unstarted and check.state != NOT_STARTED:
        lines.append(f"Not started yet: {', '.join(unstarted)}.")
    if verdict.also_red and not verdict.is_unread:
        how = " To list all:" if lists_all else ""
        lines += wrapped(f"Also red: {', '.join(verdict.also_red)}.{how}")
        lines += [f"  {lists_all}"] if lists_all else []
    return lines


def place_of(verdict: Verdict, path: str) -> str:
    """Return ``path:line`` of the check to show; the path alone where no line is known."""
    check = verdict.first_failure
    place = f"{path}:{check.line}" if check is not None and check.line else path
    return visible(place)


def headline_of(verdict: Verdict) -> str:
    """Return ``state: law [aspect, device]`` of the check to show.

    In place of the law stands what happened, where the learner's code raised an exception.
    """
    check = verdict.first_failure
    if check is None:
        return verdict.state
    tags = ", ".join(filter(None, (check.aspect, check.device)))
    law = "no check could run" if verdict.is_unread else f"{check.reason} [{tags}]"
    return f"{check.state}: {law}"


def text_of_report(check: Check) -> str:
    """Return the message for other programs, such as an editor or a reader of junit's XML.

    They know only what passed and what failed, so it says of a check whose kata is not started
    that it is that.
    """
    is_told = check.state != NOT_STARTED or NOT_STARTED in check.message
    message = visible(check.message)
    return message if is_told else f"{NOT_STARTED}: {message}"


def colour_of(state: str) -> str:
    """Return the colour of a state, as terminals name it."""
    return _COLOURS.get(state, "red")


def counts_of(verdict: Verdict) -> str:
    """Say how many checks there are, and how many of them are not green."""
    total = len(verdict.checks)
    failed = sum(check.state != GREEN for check in verdict.checks)
    if verdict.state == NOT_STARTED:
        return f"{total} checks wait"
    return f"{failed} of {total} checks not green" if failed else f"{total} checks"


def row_of(verdict: Verdict, stem: str) -> tuple[str, str, str]:
    """Return the parts of a kata's row, which a blank parts: name, state, and counts."""
    counts = counts_of(verdict)
    if columns() >= ROOMY:
        return f"{stem:<28}", f"{verdict.state:<12}", counts
    return f"{stem:<22}", f"{verdict.state:<11}", counts.replace(" checks not green", " not green")


def bar_of(states: Sequence[str], green: int) -> tuple[str, str, str]:
    """Return a bar of katas for a terminal: its filled part, its empty part, and a text.

    Args:
        states: the state of each kata.
        green: how many of them are green.

    Returns:
        The text says how many katas are in which state. It stands beside the bar, and goes on
        below itself where the terminal is narrow.
    """
    others = [f"{count} {state}" for state, count in Counter(states).items() if state != GREEN]
    text = ", ".join([f"{green} of {len(states)} katas green", *others])
    frame = len("[] ")
    length = max(_SMALLEST, min(_BAR, columns() - frame - len(text)))
    filled = length * green // max(len(states), 1)
    rows = wrapped(text, columns() - frame - length)
    return "#" * filled, "." * (length - filled), f"\n{' ' * (frame + length)}".join(rows)


def wrapped(text: str, width: int | None = None) -> list[str]:
    """Break a sentence into lines; an empty one is one empty line.

    Args:
        text: the sentence.
        width: columns of a line; None for those of the terminal, less the indent of a message.
    """
    width = columns() - _MARGIN if width is None else width
    return textwrap.wrap(visible(text), width, break_on_hyphens=False) or [""]


def prose_lines(docstring: str) -> list[str]:
    """Break a module's docstring into lines that fit the terminal.

    A line of an example stays as it is where it fits, and else goes on further to the right.
    """
    lines = []
    for block in read_blocks(docstring, has_examples=True):
        indent = " " * block.indent
        rows = _example_rows(block) if block.verbatim else wrapped(block.text)
        lines += [f"{indent}{row}".rstrip() for row in rows]
    return lines


def _example_rows(block: Block) -> list[str]:
    room = columns() - block.indent
    if len(block.text) <= room:
        return [block.text]
    start = len(block.text) - len(block.text.lstrip())
    further = " " * (start + 2)
    return textwrap.wrap(block.text, room, subsequent_indent=further, break_on_hyphens=False)


def unstarted_names(verdict: Verdict) -> list[str]:
    """Return the public names of a kata that still raise NotImplementedError, sorted."""
    return sorted({c.message.partition(" ")[0] for c in verdict.checks if _is_unstarted(c)})


def _is_unstarted(check: Check) -> bool:
    return check.state == NOT_STARTED and " is not started" in check.message
