"""Draws each part of the watch screen as lines of a given width; it holds no state.

What matters is said by a sign or a word, and only underlined by colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from textual.content import Content
from textual.style import Style

from dojo.course.docstrings import Block, read_blocks
from dojo.course.lesson import Lesson
from dojo.tui.kata_state import JUDGED, JUDGING, TROUBLED, WARMING_UP, Aspect, KataState
from dojo.tui.tensor_diff import tensor_diff
from dojo.tui.text import CODE, MUTED, Lines, apart, clipped, prose, reflow, visible
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, STALE, TIMED_OUT, Check, Verdict
from dojo.verdict.text import unstarted_names

SIGNS = {GREEN: "✓", RED: "✗", CRASHED: "✗", TIMED_OUT: "✗", NOT_STARTED: "○", STALE: "≈"}
STYLES = {GREEN: "$success", NOT_STARTED: MUTED, STALE: "$warning"}
_FILLING = "○◔◑◕"  # how much of an aspect has been checked
_BAR = 20
_INDENT = 2


def style_of(state: str) -> str:
    return STYLES.get(state, "$error")


# ------------------------------------------------------------------ where you are


def where(
    track: str, stem: str, title: str, green: int, total: int, path: Path, place: str, width: int
) -> Lines:
    """Three lines: the track and how far it is, the kata, and the file as a link.

    Args:
        place: the file and the line to look at, as they are shown.
    """
    filled = _BAR * green // max(total, 1)
    bar = Content.assemble(
        ("━" * filled, "$success"), ("╌" * (_BAR - filled), MUTED), f" {green} of {total}"
    )
    name = Content.styled(stem.partition("_")[0], f"bold {CODE}")
    return [
        apart(clipped(track, width, MUTED), bar, width),
        (name + "  " + clipped(title, width, "bold")).truncate(width, ellipsis=True),
        Content.styled(visible(place), MUTED)
        .stylize(Style(link=path.absolute().as_uri(), underline=True))
        .truncate(width, ellipsis=True),
    ]


# ------------------------------------------------------------------ how it stands


def aspects(kata_state: KataState, width: int) -> Lines:
    """The aspects in a row, or several, each with a sign that fills."""
    lines: Lines = [Content("")]
    for aspect in kata_state.aspects:
        part = _aspect(aspect)
        gap = "   " if lines[-1] else ""
        if lines[-1].cell_length + len(gap) + part.cell_length > width:
            lines.append(part)
        else:
            lines[-1] = lines[-1] + gap + part
    return lines


def _aspect(aspect: Aspect) -> Content:
    name = aspect.name or "other"
    if aspect.state in (GREEN, RED):
        return Content.styled(f"{SIGNS[aspect.state]} {name}", style_of(aspect.state))
    filled = 0 if aspect.state == NOT_STARTED else aspect.done
    sign = _FILLING[len(_FILLING) * filled // (aspect.total + 1)]
    return Content.styled(f"{sign} {name}", MUTED)


def verdict(kata_state: KataState, offer: str, width: int) -> Lines:
    """The state in a word and what it rests on; then, in a second line, the law or the offer.

    Args:
        offer: what can be done next once the kata is green.
    """
    if kata_state.phase == JUDGED and kata_state.verdict is not None:
        found = kata_state.verdict
        state, sign, style = found.state, SIGNS[found.state], style_of(found.state)
        sentence = _sentence(found, offer, width)
    elif kata_state.phase == TROUBLED:
        state, sign, style, sentence = TROUBLED, "✗", "$error", Content("")
    elif kata_state.phase == JUDGING:
        state, sign, style, sentence = JUDGING, "◌", "$primary", _law(kata_state.failure, width)
    else:
        state, sign, style = WARMING_UP, "◌", MUTED
        sentence = clipped("torch is being imported", width, MUTED)
    head = Content.styled(f"{sign} {state}", f"bold {style}")
    return [apart(head, Content.styled(" · ".join(_facts(kata_state)), MUTED), width), sentence]


def _facts(kata_state: KataState) -> Iterator[str]:
    """How many checks have ended well, or at all, and how long that took."""
    if kata_state.phase == JUDGED and kata_state.verdict is not None:
        checks = kata_state.verdict.checks
        yield f"{sum(check.state == GREEN for check in checks)} of {len(checks)} checks green"
        yield f"{kata_state.verdict.seconds:.2f} s"
        yield kata_state.judged_at
        if "simulated" in kata_state.verdict.devices:
            yield "cuda simulated"
    elif kata_state.phase == JUDGING:
        if kata_state.planned:
            yield f"{len(kata_state.done)} of {len(kata_state.planned)} checks"
        if kata_state.seconds:
            yield f"{kata_state.seconds} s"


def _sentence(found: Verdict, offer: str, width: int) -> Content:
    """What is to do next: go on, begin, or keep the law."""
    if found.state == GREEN:
        return clipped(offer, width, "bold")
    if found.state == NOT_STARTED and (idle := unstarted_names(found)):
        todo = f"Write {', '.join(idle)} and save the file: it is judged at once."
        return clipped(todo, width, "bold")
    if found.is_unread:
        return clipped("No check could run.", width, "bold")  # such as a file that is not Python
    return _law(found.first_failure, width)


def _law(check: Check | None, width: int) -> Content:
    """What the check demands, then its aspect and device."""
    if check is None:
        return Content("")
    tags = f"  [{', '.join(filter(None, (check.aspect, check.device)))}]"
    room = max(width - len(tags), 1)
    return clipped(check.name, room, "bold") + Content.styled(tags, MUTED)


# ------------------------------------------------------------------ what to learn from it


def result(kata_state: KataState, hints: Sequence[str], opened: int, width: int) -> Lines:
    """The message of the check to show, and all that helps with it.

    Args:
        hints: the whole ladder.
        opened: how many of them may be shown.
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
    """What is told once a kata is green: why it works, and what the reference does otherwise."""
    return _spaced(
        [
            _rule("why", width),
            prose(blocks, width),
            _rule("the reference", width),
            _difference(diff, width),
        ]
    )


def solution(diff: Sequence[str], blocks: list[Block], width: int) -> Lines:
    """What is shown to who asks for it: the reference first, then why it works."""
    return _spaced([_difference(diff, width), prose(blocks, width)])


def _difference(diff: Sequence[str], width: int) -> Lines:
    """A unified diff from the learner's file to the reference."""
    if not diff:
        return reflow("Your code is the same.", width)
    styles = {"+": "$success", "-": "$error", "@": MUTED}
    lines = reflow("- your file    + the reference", width, MUTED)
    for row in diff[3:]:  # behind the two names and the first gap
        lines += reflow(row if row != "@@" else "⋯", width, styles.get(row[:1], ""))
    return lines


def statement(lesson: Lesson, width: int) -> Lines:
    """The task, then each name that is asked for with its contract."""
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
    return [clipped(f"{f'╌╌╌ {title} ':╌<{width}}", width, MUTED)]


def _labelled(label: str, text: str, style: str, width: int) -> Lines:
    head = Content.styled(f"{label}: ", f"bold {style}")
    return reflow(head + visible(text), width)


def _spaced(parts: Sequence[Lines]) -> Lines:
    """The parts that are not empty, with an empty line between two."""
    lines: Lines = []
    for part in parts:
        lines += [Content(""), *part] if lines and part else part
    return lines
