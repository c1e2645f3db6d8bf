"""Draws the head of the watch screen: where the learner is, and the verdict. It holds no state.

What matters is said by a sign or a word, and only underlined by colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from textual.content import Content
from textual.style import Style

from dojo.tui.kata_state import JUDGED, JUDGING, TROUBLED, WARMING_UP, Aspect, KataState
from dojo.tui.text import CODE, MUTED, Lines, apart, clipped, visible
from dojo.verdict.model import (
    CRASHED,
    GREEN,
    NOT_JUDGED,
    NOT_STARTED,
    RED,
    STALE,
    TIMED_OUT,
    Check,
    Verdict,
)
from dojo.verdict.text import unstarted_names

SIGNS = {
    GREEN: "✓",
    RED: "✗",
    CRASHED: "✗",
    TIMED_OUT: "✗",
    NOT_STARTED: "○",
    NOT_JUDGED: "?",
    STALE: "≈",
}
STYLES = {GREEN: "$success", NOT_STARTED: MUTED, NOT_JUDGED: "$warning", STALE: "$warning"}
_FILLING = "○◔◑◕"  # how much of an aspect has been checked
_BAR = 20


def style_of(state: str) -> str:
    """The style in which a state is written."""
    return STYLES.get(state, "$error")


def where(
    track: str, stem: str, title: str, green: int, total: int, path: Path, place: str, width: int
) -> Lines:
    """Three lines: the track and how much of it is green, the kata, and the file as a link.

    Args:
        track, stem, title: the title of the track, and the kata's file name and title.
        green, total: how many katas of the track are green, and how many there are.
        path: the learner's file, to which the link leads.
        place: the file and the line to look at, as they are shown.
        width: columns.
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


def aspects(kata_state: KataState, width: int) -> Lines:
    """The aspects in a row or several, each with a sign that fills as its checks end."""
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
    """Two lines: the state with the number of checks and the time, then what to do next.

    Args:
        kata_state: the verdict or the run that is under way.
        offer: what to do next once the kata is green.
        width: columns.
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
    """How many checks are green, or have ended so far, and how long that took."""
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
    """What to do next: the offer to go on, names to write, or the law that was broken."""
    if found.state == GREEN:
        return clipped(offer, width, "bold")
    if found.state == NOT_STARTED and (idle := unstarted_names(found)):
        todo = f"Write {', '.join(idle)} and save the file: it is judged at once."
        return clipped(todo, width, "bold")
    if found.is_unread:
        return clipped("No check could run.", width, "bold")  # such as a file that is not Python
    return _law(found.first_failure, width)


def _law(check: Check | None, width: int) -> Content:
    """What the check demands (its law) or what happened, then its aspect and device."""
    if check is None:
        return Content("")
    tags = f"  [{', '.join(filter(None, (check.aspect, check.device)))}]"
    room = max(width - len(tags), 1)
    return clipped(check.reason, room, "bold") + Content.styled(tags, MUTED)
