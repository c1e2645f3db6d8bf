"""Draws each part of the watch screen from the session: one function per part."""

from __future__ import annotations

from textual.content import Content

from dojo.course.katas import track_and_what_it_builds_on, track_title
from dojo.tui import panels, result_panel
from dojo.tui.session import Session
from dojo.tui.text import Lines, reflow
from dojo.verdict.model import GREEN


def where(session: Session, width: int) -> Lines:
    """Three lines: the track and how much of it is green, the kata, and its file."""
    kata, states = session.kata, session.states_in_track()
    track = track_title(kata.root, kata.track)
    return panels.where(
        f"{track} · any key goes on after green" if session.advances else track,
        kata.stem,
        session.lesson.title,
        states.count(GREEN),
        len(states),
        session.path,
        session.place,
        width,
    )


def aspects(session: Session, width: int) -> Lines:
    """The aspects of the checks, each with a sign that fills."""
    return panels.aspects(session.kata_state, width)


def verdict(session: Session, width: int) -> Lines:
    """Two lines: the state of the kata, and what to do next."""
    following = session.next_not_green()
    if following is None:
        offer = "That was the last one: all katas are green. Well done."
    else:
        key = "Space or Enter" if session.awaits_key else "Enter"
        skipped = ", which was skipped" if session.is_skipped(following) else ""
        offer = f"{key} goes on to {following.stem}{skipped}."
        if set(session.states_in_track()) == {GREEN}:
            track = track_and_what_it_builds_on(following.root, following.track)
            offer = f"{session.kata.track} is all green. {key} goes on to {track}."
        if session.is_timed:
            offer += " b times your answer."
    return panels.verdict(session.kata_state, offer, width)


def result(session: Session, width: int) -> Lines:
    """The message of the failure with hints; once the kata is green, why the reference works."""
    state, lesson = session.kata_state, session.lesson
    if state.is_green:
        lines = result_panel.why(lesson.why, session.diff, width)
    else:
        lines = result_panel.result(state, lesson.hints, session.hints_opened, width)
    return [*lines, Content("")] if lines else []  # the task may follow


def task(session: Session, width: int) -> Lines:
    """The kata's task, and the contract of each name that it asks for."""
    return result_panel.statement(session.lesson, width)


def notice(session: Session, width: int) -> Lines:
    """The answer to the last key, or the offer of a hint."""
    offer = "Three times red. Press h for a hint." if session.offers_hint else ""
    return reflow(session.notice or offer, width)
