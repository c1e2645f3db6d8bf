"""Brings a newer course to a learner's folder: new katas, changed stubs, changed docstrings.

No file is overwritten before a copy of it is on the disk, and an undo brings the copies back. An
answer that was begun stays: where the kata's contract has changed, the change is merged into it by
the stub that the learner began with, which ``.dojo/stubs/`` holds.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from merge3 import Merge3

from dojo.course.katas import Kata, shown_path
from dojo.course.statement import parse_statement
from dojo.course.stubs import has_begun, kept_stub, newest_stub, remember_stub
from dojo.files.atomic import content_of
from dojo.progress.reset import Reset, replace_files

NEW = "new"  # there was no file
REPLACED = "replaced"  # it was not begun
MERGED = "merged"  # the change of the contract is in the learner's file now
DIFFERS = "differs"  # the change has to be made by hand


@dataclass(frozen=True)
class Update:
    """What an update does to a learner's file.

    Attributes:
        kata: the kata whose file it is.
        kind: ``NEW``, ``REPLACED``, ``MERGED`` or ``DIFFERS``.
        raw: what the file is to hold; no bytes where it stays as it is.
        diff: how the stub has changed, in lines; none but for ``DIFFERS``.
    """

    kata: Kata
    kind: str
    raw: bytes = b""
    diff: tuple[str, ...] = ()


def plan_update(katas: Sequence[Kata]) -> list[Update]:
    """Return what has to be done to the files of these katas; nothing is changed yet."""
    return [update for kata in katas if (update := _update_of(kata)) is not None]


def carry_out(katas: Sequence[Kata], updates: Sequence[Update]) -> Reset:
    """Save copies of the files that change, overwrite them, and remember the stubs.

    Args:
        katas: all katas of the course.
        updates: what ``plan_update`` has returned for them.

    Raises:
        CannotReplace: a copy or a file cannot be written.
    """
    done = replace_files({update.kata: update.raw for update in updates if update.raw})
    for kata in katas:
        if (stub := newest_stub(kata)) is not None:
            with contextlib.suppress(OSError):  # then the next update compares with an older one
                remember_stub(kata, stub)
    return done


def _update_of(kata: Kata) -> Update | None:
    """Return what has to be done to a kata's file; None if it can stay as it is."""
    stub = newest_stub(kata)
    if stub is None:
        return None
    if not kata.stub.exists():
        return Update(kata, NEW, stub)
    mine = content_of(kata.stub)
    base = kept_stub(kata)
    if mine == stub or (not mine and kata.stub.stat().st_size):  # it cannot be read
        return None
    if mine == base:
        return Update(kata, REPLACED, stub)
    if _contract(mine, stub) == _contract(stub, stub):
        return None  # notes and helpers of the learner's stay, in a stub too
    merged = _merged(base, mine, stub) if base not in (b"", stub) else None
    if merged is not None:
        return Update(kata, MERGED, merged) if merged != mine else None
    if not has_begun(mine):
        return Update(kata, REPLACED, stub)
    if base == stub:
        return None
    return Update(kata, DIFFERS, diff=tuple(_diff(base or mine, stub, kata)))


def _merged(base: bytes, mine: bytes, stub: bytes) -> bytes | None:
    """Return the learner's file with the change of the stub in it.

    Returns:
        None if both have changed the same lines, or if the merged file would be no Python.
    """
    if b"\r\n" in mine:
        base, stub = (raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for raw in (base, stub))
    older, own, newer = (raw.splitlines(keepends=True) for raw in (base, mine, stub))
    lines: list[bytes] = []
    for kind, *groups in Merge3(older, own, newer).merge_groups():
        if kind == "conflict":
            return None
        lines += groups[0]
    merged = b"".join(lines)
    is_spoilt = _contract(mine, stub) is not None and _contract(merged, stub) is None
    return None if is_spoilt else merged


def _contract(raw: bytes, stub: bytes) -> object:
    """Return what a file says of the names of a stub: docstrings and signatures.

    Returns:
        None if the file is no Python, or lacks one of the names.
    """
    try:
        statement, asked = (parse_statement(one.decode("utf-8-sig")) for one in (raw, stub))
        names = [statement.names[name] for name in asked.names]
    except (SyntaxError, ValueError, KeyError, RecursionError, MemoryError):
        return None
    return statement.docstring, [(one.signature, one.docstring) for one in names]


def _diff(old: bytes, new: bytes, kata: Kata) -> Iterator[str]:
    """Yield the lines of a unified diff from the older text to the new stub."""
    before, after = (raw.decode("utf-8", "replace").splitlines() for raw in (old, new))
    shown = shown_path(kata.stub, kata.root)
    return difflib.unified_diff(before, after, shown, f"{shown} (new)", n=2, lineterm="")
