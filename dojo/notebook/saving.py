"""Saves a cell as its kata's file; work that did not come from a notebook is copied first."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo.course.katas import Kata, shown_path
from dojo.course.stubs import is_stub, keep_stub
from dojo.files.atomic import content_of
from dojo.files.state_file import StateFile
from dojo.progress.reset import overwrite, replace_files

VERSION = 1


@dataclass(frozen=True)
class Saved:
    """What became of the kata's file.

    Attributes:
        copy: the copy of what the file held before, as it is shown; empty if none was made.
        is_saved: whether the file holds the cell's text now.
    """

    copy: str = ""
    is_saved: bool = True


class NotebookSaves:
    """Saves cells, and remembers which files hold what a notebook has saved last.

    Args:
        root: the dojo.
        warn: called with a line that a person should read.
    """

    def __init__(self, root: Path, warn: Callable[[str], None]) -> None:
        path = root / ".dojo" / "notebook.json"
        self._file = StateFile(path, VERSION, _parse_hash, str, warn)

    def save(self, kata: Kata, source: str) -> Saved:
        """Save a cell's text as the kata's file.

        A cell that is still the stub is not saved: the file holds the stub too, or else work.

        Raises:
            CannotReplace: the file, or a copy of it, cannot be written; the file is as it was.
        """
        new, old = source.encode(), content_of(kata.stub)
        if is_stub(kata, new):
            return Saved(is_saved=False)
        copy = ""
        if old != new:
            if _is_empty(kata.stub) or is_stub(kata, old) or self._came_from_here(kata, old):
                with contextlib.suppress(OSError):  # as when it is judged: git may have it
                    keep_stub(kata)
                overwrite(kata, new)
            else:
                copies = [each.copy for each in replace_files({kata: new}).files if each.copy]
                copy = shown_path(copies[0], kata.root) if copies else ""
        with contextlib.suppress(OSError):  # then the next save makes one copy more
            self._file.update(lambda entries: entries.update({kata.name: _hash(new)}), {})
        return Saved(copy)

    def _came_from_here(self, kata: Kata, raw: bytes) -> bool:
        """Whether the file holds what a notebook has saved there; not, if that cannot be read."""
        with contextlib.suppress(OSError):
            return self._file.read({}).get(kata.name) == _hash(raw)
        return False


def _is_empty(path: Path) -> bool:
    """Whether there is no file, or one that holds nothing; what cannot be read may hold work."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return not path.is_symlink()


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _parse_hash(value: Any) -> str:
    """Take a hash out of JSON.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError("the hash of a saved cell is no text")
    return value
