"""A versioned JSON file with one entry per kata, safe to update from several processes.

Callers supply ``parse`` and ``dump``, which know what an entry is. An update reads, changes and
writes the file under a lock, so that no update is lost. A file that cannot be understood is renamed
to a dated name, never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Generic, TypeVar

from dojo.files.atomic import (
    NoUsualFile,
    dated_names,
    read_file,
    signature_of,
    write_atomically,
)
from dojo.files.lock import locked

Entry = TypeVar("Entry")


class _NotUnderstood(Exception):
    """The file is damaged or too new; the text completes a sentence that begins with its name."""


class StateFile(Generic[Entry]):
    """A file that holds ``{"version": …, "katas": {name: entry}}`` as JSON.

    Args:
        path: the path of the file.
        version: the version of the format that this dojo reads and writes.
        parse: turns a JSON value into an entry, or raises ``ValueError`` that says what is wrong.
        dump: turns an entry into a JSON value.
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
        """Return a value that differs once the file has been written again."""
        return signature_of(self._path)

    def read(self, known: Mapping[str, Entry]) -> dict[str, Entry]:
        """Return the entries of the file; none if there is no file.

        Args:
            known: the entries to return where the file cannot be understood.

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
        """Read the entries, change them, write them, and return them.

        Args:
            change: changes the dict of entries in place.
            known: the entries to start from where the file cannot be understood.

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
            content = json.loads(read_file(self._path))
        except FileNotFoundError:
            return {}
        except NoUsualFile as error:
            raise _NotUnderstood(str(error)) from None
        except (ValueError, RecursionError):
            raise _NotUnderstood("is damaged: it is not JSON") from None
        if not isinstance(content, dict) or type(content.get("version")) is not int:
            raise _NotUnderstood("is damaged: it has no version")
        if content["version"] > self._version:
            raise _NotUnderstood(
                "is of a newer dojo: update yours (`pip install -U torch-dojo`, in a clone "
                "`git pull`), and rename it back"
            )
        if content["version"] < self._version or not isinstance(content.get("katas"), dict):
            raise _NotUnderstood("is damaged: it has no katas of this version")
        try:
            return {name: self._parse(entry) for name, entry in content["katas"].items()}
        except ValueError as error:
            raise _NotUnderstood(f"is damaged: {error}") from None
