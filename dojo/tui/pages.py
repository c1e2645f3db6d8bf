"""Builds the pages that open over the watch screen, from what the learner's session knows."""

from __future__ import annotations

from functools import partial

from dojo.course.katas import Kata
from dojo.course.lesson import kata_title
from dojo.tui import panels, result_panel
from dojo.tui.bench_page import BenchPage, OpenBenchRun
from dojo.tui.kata_list import KataList
from dojo.tui.keys import HELP
from dojo.tui.session import Session
from dojo.tui.text import Lines, reflow
from dojo.tui.widgets import Page, Question


def kata_list(session: Session) -> KataList:
    """The list of all katas with their states, which begins at the kata on the screen."""
    session.refresh()
    rows = [(kata, _title_of(kata, session), session.state(kata)) for kata in session.katas]
    return KataList(rows, session.kata)


def _title_of(kata: Kata, session: Session) -> str:
    """The title of a kata in the list, which says whether it was skipped."""
    return ("(skipped) " if session.is_skipped(kata) else "") + kata_title(kata)


def solution_page(session: Session) -> Page:
    """The diff from the learner's file to the reference, and why the reference works."""
    title = f"{session.kata.stem}: the reference, and why"
    return Page(title, partial(result_panel.solution, session.difference(), session.lesson.why))


def solution_question() -> Question:
    """Asks whether the solution is to be shown before the kata is green."""
    return Question("This kata is not green yet. See the solution all the same?")


def reset_question(kata: Kata) -> Question:
    """Asks whether the learner's file is to be replaced by the stub."""
    return Question(f"Put the stub of {kata.stem} back? A copy of your file is kept.")


def bench_page(session: Session, open_bench_run: OpenBenchRun) -> BenchPage:
    """Times the kata on the screen; the verdict on what is saved meanwhile stands on top."""
    return BenchPage(session.kata, open_bench_run, partial(_verdict_beside, session, session.kata))


def _verdict_beside(session: Session, timed: Kata, width: int) -> Lines:
    """The state of the kata on the screen: any kata may be saved while ``timed`` is timed."""
    state = session.kata_state
    name = [] if state.kata == timed else reflow(f"{state.kata.stem} was saved:", width)
    return [*name, *panels.verdict(state, "", width)[:1]]


def help_page() -> Page:
    """What each key does."""
    return Page("Keys", lambda width: reflow(HELP, width))
