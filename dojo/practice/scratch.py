"""Puts a kata's stub into a scratch file, after a copy of what the learner has left there."""

from __future__ import annotations

import os
from pathlib import Path

from dojo.course.katas import Kata, shown_path
from dojo.files.atomic import read_file, write_atomically, write_dated
from dojo.progress.reset import CannotReplace

FOLDER = Path(".dojo", "practice")  # below the dojo's root, laid out like katas/
_COPIES = Path(".dojo", "saved", "practice")


def scratch_file(kata: Kata) -> Path:
    """Return the path of the file in which a kata is practised."""
    return kata.root / FOLDER / kata.track / f"{kata.stem}.py"


def put_stub(kata: Kata, stub: bytes) -> Path | None:
    """Put the stub into the scratch file.

    Returns:
        The path of a dated copy of what the file held before; None if that was nothing of worth:
        no file, an empty one, or the same stub.

    Raises:
        CannotReplace: no copy can be saved, or the file cannot be written, or it is a link to an
            answer in ``katas/``; it is as it was.
    """
    path = scratch_file(kata)
    shown = shown_path(path, kata.root)
    if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(kata.root / "katas")):
        raise CannotReplace(f"{shown}: a link leads from there into katas/. Remove the link.")
    copy = None
    try:
        raw = read_file(path)
        if raw.strip() and raw != stub:
            copy = write_dated(kata.root / _COPIES / kata.track / kata.stem, raw, ".py")
    except FileNotFoundError:
        pass
    except OSError as error:
        raise CannotReplace(
            f"{shown}: no copy of it can be saved ({error.strerror}), so it was left as it is. "
            "Make .dojo/ a folder that you can write to, or move that file away."
        ) from None
    try:
        write_atomically(path, stub)
    except OSError as error:
        raise CannotReplace(f"{shown}: it cannot be written ({error.strerror}).") from None
    return copy
