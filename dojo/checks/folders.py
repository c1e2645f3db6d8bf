"""A folder for katas that write files, and what is seen of a file that is replaced there."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@contextlib.contextmanager
def empty_folder() -> Iterator[Path]:
    """Yield an empty folder, which is the working folder and that of temporary files meanwhile.

    So all that an answer leaves behind lies there. It is removed afterwards.
    """
    working, temporary = Path.cwd(), tempfile.tempdir
    with tempfile.TemporaryDirectory() as name:
        try:
            os.chdir(name)
            tempfile.tempdir = name
            yield Path(name)
        finally:
            os.chdir(working)
            tempfile.tempdir = temporary


def names_in(folder: Path) -> list[str]:
    """Return the names of all that is in a folder, in the order of the alphabet."""
    return sorted(one.name for one in folder.iterdir())


@dataclass
class Replaced:
    """What was seen of a file while it was replaced.

    Attributes:
        was_gone: whether there was no file for a moment.
        had_another: whether another file was in its folder that had not been there before.
    """

    was_gone: bool = False
    had_another: bool = False


@contextlib.contextmanager
def watched_file(path: Path) -> Iterator[Replaced]:
    """Yield what is seen of a file in the ``with`` block, whenever some file is renamed.

    Args:
        path: a file that is there when the block begins.
    """
    found, before = Replaced(), set(names_in(path.parent))

    def look(_frame: object, event: str, function: object) -> None:
        # str.replace is seen too, which does no harm
        if event == "c_call" and getattr(function, "__name__", "") in ("rename", "replace"):
            names = set(names_in(path.parent))
            found.was_gone |= path.name not in names
            found.had_another |= bool(names - before)

    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(None)
