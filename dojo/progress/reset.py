"""Puts stubs back and undoes that; no file is overwritten before a copy of it is on the disk.

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
    """A learner's file was left as it is; the text says why, and what to do."""


@dataclass(frozen=True)
class ReplacedFile:
    """A learner's file that was replaced.

    Attributes:
        kata: the kata whose file it is.
        copy: the path of a copy of the old content; None if there was no file.
    """

    kata: Kata
    copy: Path | None


@dataclass(frozen=True)
class Reset:
    """The files that a reset or an undo has replaced, and lines that a person should read."""

    files: tuple[ReplacedFile, ...]
    warnings: tuple[str, ...] = ()


def save_copy(kata: Kata) -> Path:
    """Save a dated copy of the learner's file, and return the path of the copy.

    Raises:
        CannotReplace: the file cannot be read, or the copy cannot be saved.
    """
    try:
        raw = kata.stub.read_bytes()
        return write_dated(kata.root / ".dojo" / "saved" / kata.track / kata.stem, raw, ".py")
    except OSError as error:
        raise CannotReplace(
            f"{_shown_stub(kata)}: no copy of it can be saved ({error.strerror}), so nothing was "
            "changed. Make .dojo/ a folder that you can write to, with some room on the disk."
        ) from None


def reset(*katas: Kata) -> Reset:
    """Save copies of the learner's files, and put the stubs in their place.

    A file that is a stub already stays as it is.

    Raises:
        CannotReplace: a stub is not known or a copy cannot be saved, and no file has changed; or
            a file cannot be written, and ``undo`` brings back those that were replaced before it.
    """
    begun = [kata for kata in katas if not is_stub(kata, content_of(kata.stub))]
    return _replace({kata: _known_stub(kata) for kata in begun})


def undo(root: Path) -> Reset:
    """Bring back what the last reset or undo has replaced; copies of the present files are saved.

    Raises:
        CannotReplace: there is nothing to undo, or a copy is gone; or as for ``reset``.
    """
    warnings: list[str] = []
    try:
        copies = _last_reset_file(root, warnings).read({})
        contents = {Kata(name, root): (root / copy).read_bytes() for name, copy in copies.items()}
    except OSError as error:
        raise CannotReplace(f"{error.filename}: it cannot be read ({error.strerror})") from None
    if not contents:
        hint = "Whatever was ever replaced lies in .dojo/saved/."
        raise CannotReplace(" ".join([*warnings, f"There is no reset to undo. {hint}"]))
    return _replace({kata: raw for kata, raw in contents.items() if raw != content_of(kata.stub)})


def _replace(contents: Mapping[Kata, bytes]) -> Reset:
    """Save copies of the files, record which copies belong together, and only then overwrite."""
    files = [
        ReplacedFile(kata, save_copy(kata) if kata.stub.exists() else None) for kata in contents
    ]
    warnings: list[str] = []
    _record_copies(files, warnings)
    for kata, raw in contents.items():
        _overwrite(kata, raw)
    return Reset(tuple(files), tuple(warnings))


def _overwrite(kata: Kata, raw: bytes) -> None:
    try:
        write_atomically(kata.stub, raw)
    except OSError as error:
        raise CannotReplace(
            f"{_shown_stub(kata)}: it cannot be written ({error.strerror}), and is as it was."
        ) from None


def _record_copies(files: list[ReplacedFile], warnings: list[str]) -> None:
    """Write down which copies the last reset or undo has made, for the next undo."""
    root = next((file.kata.root for file in files if file.copy), None)
    if root is None:
        return
    copies = {file.kata.name: shown_path(file.copy, root) for file in files if file.copy}

    def change(last: dict[str, str]) -> None:
        last.clear()
        last.update(copies)

    try:
        _last_reset_file(root, warnings).update(change, {})
    except OSError as error:
        raise CannotReplace(
            f".dojo/last_reset.json cannot be written ({error.strerror}), so nothing was changed."
        ) from None


def _last_reset_file(root: Path, warnings: list[str]) -> StateFile[str]:
    """The file that says which copies the last reset or undo has made, as paths from the root."""
    return StateFile(root / ".dojo" / "last_reset.json", VERSION, _parse_path, str, warnings.append)


def _parse_path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(".dojo/saved/") or ".." in value:
        raise ValueError(f"{value!r} is not the path of a saved copy")
    return value


def _known_stub(kata: Kata) -> bytes:
    """The kata's stub.

    Raises:
        CannotReplace: it is not known.
    """
    stub = find_stub(kata)
    if stub is None:
        raise CannotReplace(
            f"{kata.name}: its stub is neither in git's history nor in .dojo/stubs/, so nothing "
            f"was changed. Take {_shown_stub(kata)} from a fresh clone."
        )
    return stub


def _shown_stub(kata: Kata) -> str:
    return shown_path(kata.stub, kata.root)
