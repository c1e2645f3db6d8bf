"""Remembers which version of a file the course has handed out to a learner, for ``dojo update``.

A file that the learner has changed is then told from one of which the course has a newer version.
Stubs are not among these files: of them ``.dojo/stubs/`` holds copies.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from dojo.files.atomic import content_of, write_atomically

VERSION = 1


class HandedOut:
    """The versions that were handed out into one folder, kept in ``.dojo/course.json``.

    Args:
        root: the learner's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._path = root, root / ".dojo" / "course.json"
        self._saved = self._read()
        self._hashes = dict(self._saved)

    def note(self, file: Path, source: Path) -> None:
        """Remember that the learner's file is, or was, the version that ``source`` holds."""
        self._hashes[self._name(file)] = _hash_of(source)

    def is_newer(self, file: Path, source: Path) -> bool:
        """Return whether ``source`` holds another version than was handed out; or none is known."""
        return self._hashes.get(self._name(file)) != _hash_of(source)

    def save(self) -> None:
        """Write down what was noted.

        Raises:
            OSError: it cannot be written.
        """
        if self._hashes != self._saved:
            text = json.dumps({"version": VERSION, "files": self._hashes}, indent=1, sort_keys=True)
            write_atomically(self._path, text + "\n")

    def _read(self) -> dict[str, str]:
        try:
            files = json.loads(content_of(self._path))["files"]
        except (ValueError, KeyError, TypeError):
            return {}
        return files if isinstance(files, dict) else {}

    def _name(self, file: Path) -> str:
        return file.relative_to(self._root).as_posix()


def _hash_of(source: Path) -> str:
    return hashlib.sha256(source.read_bytes()).hexdigest()
