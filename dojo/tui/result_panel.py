"""Draws what a learner reads below the verdict: the failure, or the reference, and the task."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dojo.course.docstrings import Block, read_blocks
from dojo.course.lesson import Lesson
from dojo.tui.kata_state import JUDGING, TROUBLED, KataState
from dojo.tui.tensor_diff import tensor_diff
from dojo.tui.text import CODE, MUTED, Lines, clipped, prose, reflow, visible
from dojo.verdict.model import NOT_STARTED, Check
from dojo.verdict.text import unstarted_names

_INDENT = 2


def result(kata_state: KataState, hints: Sequence[str], opened: int, width: int) -> Lines:
    """The message of the failure to show, opened hints, and what the learner's code printed.

    Args:
        kata_state: the verdict or the run that is under way.
        hints: all hints of the kata.
        opened: how many of them may be shown.
        width: columns.
    """
    check, parts = kata_state.failure, []
    if kata_state.phase == TROUBLED:
        parts.append(reflow(kata_state.trouble, width))
    elif check is not None and check.state != NOT_STARTED:
        parts += _failure(kata_state, check, width)
    elif check is not None and kata_state.verdict and not unstarted_names(kata_state.verdict):
        parts.append(reflow(check.message, width))  # such as a file that is missing
    parts += [
        _labelled(f"hint {number} of {len(hints)}", hint, "$primary", width)
        for number, hint in enumerate(hints[:opened], 1)
    ]
    if check is not None and (printed := check.output.strip("\n")):
        bar = Content.styled("│ ", MUTED)
        rows = reflow(printed.rstrip(), width - len(bar))
        parts.append([Content.styled("your code printed", MUTED), *(bar + row for row in rows)])
    return _spaced(parts)


def _failure(kata_state: KataState, check: Check, width: int) -> list[Lines]:
    """The message and both tensors; after a verdict also a crash, a diagnosis and what is left."""
    style = MUTED if kata_state.is_failure_old else ""
    parts = [
        reflow(check.message, width, style),
        tensor_diff(check.got, check.expected, width),
    ]
    if kata_state.verdict is not None and kata_state.phase != JUDGING:
        if (end := kata_state.verdict.later_end) is not None:
            parts.append(_labelled(end.state, end.message, "$error", width))
        if kata_state.verdict.diagnosis:
            looks = kata_state.verdict.diagnosis
            parts.append(_labelled("this looks like", looks, "$warning", width))
        if idle := unstarted_names(kata_state.verdict):
            parts.append(_labelled("not started yet", ", ".join(idle), MUTED, width))
    return parts


def why(blocks: list[Block], diff: Sequence[str], width: int) -> Lines:
    """What is shown once a kata is green: why the reference works, and how the answer differs."""
    return _spaced(
        [
            _rule("why", width),
            prose(blocks, width),
            _rule("the reference", width),
            _difference(diff, width),
        ]
    )


def solution(diff: Sequence[str], blocks: list[Block], width: int) -> Lines:
    """What is shown to a learner who asks for the solution: the diff first, then why it works."""
    return _spaced([_difference(diff, width), prose(blocks, width)])


def _difference(diff: Sequence[str], width: int) -> Lines:
    """The lines of a unified diff from the learner's file to the reference, in colours."""
    if not diff:
        return reflow("Your code is the same.", width)
    styles = {"+": "$success", "-": "$error", "@": MUTED}
    lines = reflow("- your file    + the reference", width, MUTED)
    for row in diff[3:]:  # behind the two names and the first gap
        lines += reflow(row if row != "@@" else "⋯", width, styles.get(row[:1], ""))
    return lines


def statement(lesson: Lesson, width: int) -> Lines:
    """The task, then each name that it asks for, with its contract."""
    parts = [_rule("the task", width), prose(lesson.task, width)]
    for name in lesson.names:
        contract = prose(read_blocks(name.docstring), width - _INDENT)
        parts.append(
            [
                *reflow(name.signature, width, f"bold {CODE}"),
                *(line.pad_left(_INDENT) for line in contract),
            ]
        )
    return _spaced(parts)


def _rule(title: str, width: int) -> Lines:
    """A line across the screen with a title in it."""
    return [clipped(f"{f'╌╌╌ {title} ':╌<{width}}", width, MUTED)]


def _labelled(label: str, text: str, style: str, width: int) -> Lines:
    """A paragraph that begins with a bold label and a colon."""
    head = Content.styled(f"{label}: ", f"bold {style}")
    return reflow(head + visible(text), width)


def _spaced(parts: Sequence[Lines]) -> Lines:
    """Join the parts that are not empty, with an empty line between two."""
    lines: Lines = []
    for part in parts:
        lines += [Content(""), *part] if lines and part else part
    return lines
