"""Puts stubs back and undoes that: nothing is overwritten before a copy of it lies on the disk.

Copies are ``.dojo/saved/<track>/<kata>/<date>.py`` and are never removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo.course.katas import Kata, shown_path
from dojo.course.stubs import find_stub, is_stub
from dojo.files.atomic import content_of, write_atomically, write_dated
from dojo.files.state_file import StateFile

VERSION = 1


class CannotReplace(Exception):
    """Why a learner's file was left as it is, and what to do."""


@dataclass(frozen=True)
class ReplacedFile:
    """A file that holds something else now; ``copy`` holds what it held, None if it was missing."""

    kata: Kata
    copy: Path | None


@dataclass(frozen=True)
class Reset:
    """What a reset or an undo has replaced, and what a person should know besides."""

    files: tuple[ReplacedFile, ...]
    warnings: tuple[str, ...] = ()


def save_copy(kata: Kata) -> Path:
    """A dated copy of the learner's file.

    Raises:
        NotReplaced: the file cannot be read, or the copy cannot be saved.
    """
    try:
        raw = kata.stub.read_bytes()
        return write_dated(kata.root / ".dojo" / "saved" / kata.track / kata.stem, raw, ".py")
    except OSError as error:
        raise CannotReplace(
            f"{_shown(kata)}: no copy of it can be saved ({error.strerror}), so nothing was "
            "changed. Make .dojo/ a folder that you can write to, with some room on the disk."
        ) from None


def reset(*katas: Kata) -> Reset:
    """Put the stubs back, after a copy of what the learner wrote; a file that is a stub stays.

    Raises:
        NotReplaced: a stub is not known or a copy cannot be saved, and no file has changed; or a
            file cannot be written, and ``undo`` brings those back that were before it.
    """
    begun = [kata for kata in katas if not is_stub(kata, content_of(kata.stub))]
    return _replace({kata: _stub(kata) for kata in begun})


def undo(root: Path) -> Reset:
    """Bring back what the last reset or undo has replaced, after a copy of what is there now.

    Raises:
        NotReplaced: there is nothing to undo, or a copy is gone; or as for ``reset``.
    """
    warnings: list[str] = []
    try:
        copies = _last(root, warnings).read({})
        contents = {Kata(name, root): (root / copy).read_bytes() for name, copy in copies.items()}
    except OSError as error:
        raise CannotReplace(f"{error.filename}: it cannot be read ({error.strerror})") from None
    if not contents:
        hint = "Whatever was ever replaced lies in .dojo/saved/."
        raise CannotReplace(" ".join([*warnings, f"There is no reset to undo. {hint}"]))
    return _replace({kata: raw for kata, raw in contents.items() if raw != content_of(kata.stub)})


def _replace(contents: Mapping[Kata, bytes]) -> Reset:
    """Save copies, note which belong together, and only then overwrite."""
    files = [
        ReplacedFile(kata, save_copy(kata) if kata.stub.exists() else None) for kata in contents
    ]
    warnings: list[str] = []
    _note(files, warnings)
    for kata, raw in contents.items():
        _overwrite(kata, raw)
    return Reset(tuple(files), tuple(warnings))


def _overwrite(kata: Kata, raw: bytes) -> None:
    try:
        write_atomically(kata.stub, raw)
    except OSError as error:
        raise CannotReplace(
            f"{_shown(kata)}: it cannot be written ({error.strerror}), and is as it was."
        ) from None


def _note(files: list[ReplacedFile], warnings: list[str]) -> None:
    """Note the copies as those of the last reset or undo."""
    root = next((file.kata.root for file in files if file.copy), None)
    if root is None:
        return
    copies = {file.kata.name: shown_path(file.copy, root) for file in files if file.copy}

    def change(last: dict[str, str]) -> None:
        last.clear()
        last.update(copies)

    try:
        _last(root, warnings).update(change, {})
    except OSError as error:
        raise CannotReplace(
            f".dojo/last_reset.json cannot be written ({error.strerror}), so nothing was changed."
        ) from None


def _last(root: Path, warnings: list[str]) -> StateFile[str]:
    """Which copies, from the root, the last reset or undo has made."""
    return StateFile(root / ".dojo" / "last_reset.json", VERSION, _parse, str, warnings.append)


def _parse(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(".dojo/saved/") or ".." in value:
        raise ValueError(f"{value!r} is not the path of a saved copy")
    return value


def _stub(kata: Kata) -> bytes:
    stub = find_stub(kata)
    if stub is None:
        raise CannotReplace(
            f"{kata.name}: its stub is neither in git's history nor in .dojo/stubs/, so nothing "
            f"was changed. Take {_shown(kata)} from a fresh clone."
        )
    return stub


def _shown(kata: Kata) -> str:
    return shown_path(kata.stub, kata.root)
