"""Puts stubs back; no file is overwritten before a copy of it is on the disk.

Copies are ``.dojo/saved/<track>/<kata>/<date>.py`` and are never removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dojo.course.katas import Kata, shown_path
from dojo.course.stubs import find_stub, is_stub
from dojo.files.atomic import content_of, read_file, write_atomically, write_dated
from dojo.progress.history import History


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
        raw = read_file(kata.stub)
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
            a file cannot be written, and an undo brings back those that were replaced before it.
    """
    begun = [kata for kata in katas if not is_stub(kata, content_of(kata.stub))]
    return replace_files({kata: known_stub(kata) for kata in begun})


def save_copies(katas: Iterable[Kata]) -> tuple[ReplacedFile, ...]:
    """Save a dated copy of each kata's file that there is, before they are replaced.

    Raises:
        CannotReplace: a copy cannot be saved.
    """
    return tuple(
        ReplacedFile(kata, save_copy(kata) if kata.stub.exists() else None) for kata in katas
    )


def refuse_edited(file: ReplacedFile) -> None:
    """Make sure that the learner's file still holds what its copy holds.

    Raises:
        CannotReplace: an editor has saved it since the copy was made.
    """
    copied = content_of(file.copy) if file.copy is not None else b""
    if content_of(file.kata.stub) != copied:
        raise CannotReplace(
            f"{_shown_stub(file.kata)}: it was saved just now, by an editor or another command, "
            "and stays as it is. Type the same again."
        )


def overwrite(kata: Kata, raw: bytes) -> None:
    """Replace the content of the learner's file.

    Raises:
        CannotReplace: it cannot be written, and is as it was.
    """
    try:
        write_atomically(kata.stub, raw)
    except OSError as error:
        raise CannotReplace(
            f"{_shown_stub(kata)}: it cannot be written ({error.strerror}), and is as it was."
        ) from None


def replace_files(contents: Mapping[Kata, bytes]) -> Reset:
    """Save copies of the learner's files, record them as one reset, and only then overwrite.

    Raises:
        CannotReplace: as for ``reset``.
    """
    files = save_copies(contents)
    warnings: list[str] = []
    _record(files, contents, warnings)
    for file in files:
        refuse_edited(file)
        overwrite(file.kata, contents[file.kata])
    return Reset(files, tuple(warnings))


def _record(
    files: Sequence[ReplacedFile], contents: Mapping[Kata, bytes], warnings: list[str]
) -> None:
    """Write down which copies this reset has made, for an undo."""
    copies = {
        file.kata.name: (
            shown_path(file.copy, file.kata.root),
            hashlib.sha256(contents[file.kata]).hexdigest(),
        )
        for file in files
        if file.copy is not None
    }
    if not copies:
        return
    history = History(files[0].kata.root, warnings.append)
    try:
        history.push(copies)
    except OSError as error:
        raise CannotReplace(
            f"{history} cannot be written ({error.strerror}), so nothing was changed."
        ) from None


def known_stub(kata: Kata) -> bytes:
    """Return the kata's stub.

    Raises:
        CannotReplace: it is not known.
    """
    stub = find_stub(kata)
    if stub is None:
        raise CannotReplace(
            f"{kata.name}: its stub is neither in git's history nor in .dojo/stubs/ nor installed, "
            f"so nothing was changed. Take {_shown_stub(kata)} from a fresh clone."
        )
    return stub


def _shown_stub(kata: Kata) -> str:
    return shown_path(kata.stub, kata.root)
