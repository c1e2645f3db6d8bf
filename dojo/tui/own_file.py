"""Puts the stub of a kata back, or undoes that, and says in a notice for the screen what it did."""

from __future__ import annotations

from dataclasses import dataclass

from dojo.course.katas import Kata, shown_path
from dojo.progress.reset import CannotReplace, Reset, reset
from dojo.progress.undo import UndoPlan, carry_out, plan_undo


@dataclass(frozen=True)
class Notice:
    """What is said of a file.

    Attributes:
        text: the words.
        has_replaced: whether the file was replaced, so that a verdict on it comes next.
    """

    text: str
    has_replaced: bool = False


ONLY_OWN = Notice("Only files in katas/ can be reset.")


def put_stub_back(kata: Kata) -> Notice:
    """Put the stub of a kata back."""
    try:
        outcome = reset(kata)
    except CannotReplace as error:
        return Notice(str(error))
    return _notice_of(kata, outcome, "The stub is back", "the file is a stub already")


def plan(kata: Kata) -> UndoPlan | Notice:
    """Find out what an undo of the kata's last reset will do, or why there is none."""
    try:
        return plan_undo(kata.root, [kata])
    except CannotReplace as error:
        return Notice(str(error))


def question_of(undo_plan: UndoPlan, is_green: bool) -> str:
    """Return what to ask before an undo of one kata; empty if nothing of worth is replaced."""
    (undoing,) = undo_plan.files
    reason = undoing.reason_to_ask(is_green)
    if not reason:
        return ""
    return (
        f"{undoing.kata.stem} {reason}. Put back the file of {undoing.replaced.when} in its place? "
        "A copy of what is there now is kept."
    )


def put_file_back(undo_plan: UndoPlan) -> Notice:
    """Bring back the file that the last reset of one kata has replaced."""
    (undoing,) = undo_plan.files
    try:
        outcome = carry_out(undo_plan)
    except CannotReplace as error:
        return Notice(str(error))
    done = f"Your {undoing.kata.stem} of {undoing.replaced.when} is back"
    return _notice_of(undoing.kata, outcome, done, "the file is as it was before the reset")


def _notice_of(kata: Kata, outcome: Reset, done: str, nothing: str) -> Notice:
    """Say what a reset or its undo did.

    Args:
        kata: the kata.
        outcome: the files that were replaced, and warnings.
        done: what to say if a file was replaced.
        nothing: what to say if none was.
    """
    copies = [shown_path(file.copy, kata.root) for file in outcome.files if file.copy]
    if not outcome.files:
        text = f"Nothing to do: {nothing}."
    else:
        text = f"{done}; what it replaced: {copies[0]}" if copies else f"{done}."
    return Notice(" ".join([*outcome.warnings, text]), has_replaced=bool(outcome.files))
