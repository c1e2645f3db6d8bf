"""A JSON file with an entry per kata that several processes change; what an entry is, they know.

A change reads, changes and writes under a lock, so that none is lost. A file that cannot be
understood is set aside under a dated name, never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Generic, TypeVar

from dojo.files.atomic import dated_names, write_atomically
from dojo.files.lock import locked

Entry = TypeVar("Entry")


class _NotUnderstood(Exception):
    """What is wrong with the file: the rest of a sentence that begins with its name."""


class StateFile(Generic[Entry]):
    """The file ``{"version": …, "katas": {name: entry}}``.

    Args:
        path: where it lies.
        version: of what this dojo reads and writes.
        parse: makes an entry of what JSON gave, or raises ``ValueError`` with what is wrong.
        dump: makes of an entry what JSON takes.
        warn: called with a line that a person should read.
    """

    def __init__(
        self,
        path: Path,
        version: int,
        parse: Callable[[Any], Entry],
        dump: Callable[[Entry], object],
        warn: Callable[[str], None],
    ) -> None:
        self._path, self._version = path, version
        self._parse, self._dump, self._warn = parse, dump, warn

    def __str__(self) -> str:
        return "/".join(self._path.parts[-2:])

    def signature(self) -> object:
        """What differs once the file has been written again."""
        try:
            now = self._path.stat()
        except OSError:
            return None
        return now.st_mtime_ns, now.st_size, now.st_ino

    def read(self, known: Mapping[str, Entry]) -> dict[str, Entry]:
        """The entries: none where there is no file, and ``known`` where it cannot be understood.

        Raises:
            OSError: the file cannot be read, or cannot be set aside.
        """
        try:
            return self._entries()
        except _NotUnderstood:
            with self._locked():
                return self._entries_or_set_aside(known)

    def update(
        self, change: Callable[[dict[str, Entry]], None], known: Mapping[str, Entry]
    ) -> dict[str, Entry]:
        """Change the entries, as they are now, and return them.

        Raises:
            OSError: nothing was saved.
        """
        with self._locked():
            entries = self._entries_or_set_aside(known)
            change(entries)
            dumped = {name: self._dump(entry) for name, entry in sorted(entries.items())}
            text = json.dumps({"version": self._version, "katas": dumped}, indent=1)
            write_atomically(self._path, text + "\n")
        return entries

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self._path.with_suffix(".lock"))

    def _entries_or_set_aside(self, known: Mapping[str, Entry]) -> dict[str, Entry]:
        try:
            return self._entries()
        except _NotUnderstood as error:
            names = dated_names(self._path.parent, self._path.suffix, f"{self._path.stem}.")
            kept = self._path.rename(next(name for name in names if not name.exists()))
            self._warn(f"{self} {error}. It is kept as {kept.name}, and a new one is begun.")
            return dict(known)

    def _entries(self) -> dict[str, Entry]:
        try:
            content = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except IsADirectoryError:
            raise _NotUnderstood("is a folder") from None
        except (ValueError, RecursionError):
            raise _NotUnderstood("is damaged: it is not JSON") from None
        if not isinstance(content, dict) or type(content.get("version")) is not int:
            raise _NotUnderstood("is damaged: it has no version")
        if content["version"] > self._version:
            raise _NotUnderstood("is of a newer dojo: get that with `git pull`, and rename it back")
        if content["version"] < self._version or not isinstance(content.get("katas"), dict):
            raise _NotUnderstood("is damaged: it has no katas of this version")
        try:
            return {name: self._parse(entry) for name, entry in content["katas"].items()}
        except ValueError as error:
            raise _NotUnderstood(f"is damaged: {error}") from None
