"""Undoes resets: brings back the file that the last reset of a kata has replaced.

What is there now is copied first. Each reset is undone once, the newest first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dojo.course.katas import Kata
from dojo.course.stubs import is_stub
from dojo.files.atomic import content_of
from dojo.progress.history import History, Replaced, Stack
from dojo.progress.reset import CannotReplace, Reset, overwrite, refuse_edited, save_copies

_SAVED = "Whatever was ever replaced lies in .dojo/saved/."


@dataclass(frozen=True)
class Undoing:
    """What an undo will do to one kata's file.

    Attributes:
        kata: the kata.
        replaced: what is brought back.
        content: the content that is brought back.
        is_there: whether the learner's file has that content already.
        was_edited: whether the file has another content than the reset has left.
    """

    kata: Kata
    replaced: Replaced
    content: bytes
    is_there: bool
    was_edited: bool

    def reason_to_ask(self, is_green: bool) -> str:
        """Return why the learner should be asked first; empty if nothing of worth is replaced."""
        if self.is_there:
            return ""
        if is_green:
            return "is green"
        return "was changed after the reset" if self.was_edited else ""


@dataclass(frozen=True)
class UndoPlan:
    """What an undo will do to files, and lines that a person should read."""

    files: tuple[Undoing, ...]
    warnings: tuple[str, ...] = ()


def plan_undo(root: Path, katas: Sequence[Kata] | None = None) -> UndoPlan:
    """Find out what an undo will do; it changes nothing.

    Args:
        root: the dojo.
        katas: those whose last reset is undone; None for all of the newest reset.

    Raises:
        CannotReplace: there is nothing to undo, or a file cannot be read.
    """
    warnings: list[str] = []
    try:
        stacks = History(root, warnings.append).stacks()
        if katas is None:
            chosen = _of_newest_reset(root, stacks)
        else:
            chosen = [(kata, stacks[kata.name]) for kata in katas if kata.name in stacks]
        found = [_undoing_of(kata, stack, warnings) for kata, stack in chosen]
    except OSError as error:
        raise CannotReplace(f"{error.filename}: it cannot be read ({error.strerror})") from None
    files = tuple(each for each in found if each is not None)
    if not files:
        which = f" of {katas[0].name}" if katas and len(katas) == 1 else ""
        raise CannotReplace(" ".join([*warnings, f"There is no reset{which} to undo. {_SAVED}"]))
    return UndoPlan(files, tuple(warnings))


def carry_out(plan: UndoPlan) -> Reset:
    """Bring the files back, after copies of the present ones are saved.

    Raises:
        CannotReplace: a copy cannot be saved, and no file has changed; or a file cannot be written.
    """
    warnings = list(plan.warnings)
    todo = [each for each in plan.files if not each.is_there]
    files = save_copies([each.kata for each in todo])
    for each, file in zip(todo, files, strict=True):
        refuse_edited(file)
        overwrite(each.kata, each.content)
    history = History(plan.files[0].kata.root, warnings.append)
    try:
        history.remove([(each.kata.name, each.replaced) for each in plan.files])
    except OSError as error:
        text = (
            f"{history} cannot be written ({error.strerror}): the next undo finds this one again."
        )
        warnings.append(text)
    return Reset(files, tuple(warnings))


def _of_newest_reset(root: Path, stacks: dict[str, Stack]) -> list[tuple[Kata, Stack]]:
    """Return the katas of the newest reset that is not undone, each with its stack."""
    newest = max((stack[-1].number for stack in stacks.values() if stack), default=0)
    of_reset = {name: stack for name, stack in stacks.items() if stack[-1].number == newest}
    return [(Kata(name, root), stack) for name, stack in of_reset.items()]


def _undoing_of(kata: Kata, stack: Stack, warnings: list[str]) -> Undoing | None:
    """Return what an undo will do to a kata's file; None if no copy of it is left."""
    now = content_of(kata.stub)
    for replaced in reversed(stack):
        try:
            content = (kata.root / replaced.copy).read_bytes()
        except FileNotFoundError:
            warnings.append(f"The copy {replaced.copy} is gone, so it cannot be brought back.")
            continue
        return Undoing(kata, replaced, content, now == content, _was_edited(kata, now, replaced))
    return None


def _was_edited(kata: Kata, now: bytes, replaced: Replaced) -> bool:
    if not kata.stub.exists() or is_stub(kata, now):
        return False
    return hashlib.sha256(now).hexdigest() != replaced.left
