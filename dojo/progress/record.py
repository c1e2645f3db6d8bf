"""Records how far a learner has come, in ``.dojo/progress.json``; it judges and shows nothing.

A change that cannot be saved is kept in memory, and saved as soon as the file can be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from dojo.course.katas import Kata
from dojo.course.stubs import is_stub, keep_stub
from dojo.files.atomic import content_of
from dojo.files.state_file import StateFile
from dojo.verdict.model import GREEN, NOT_STARTED, RED, STALE, STATES, Verdict

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """What is recorded of one kata.

    Attributes:
        state: the state of the last verdict, one of ``STATES``.
        source_hash: the hash of the file that the last verdict is on.
        judged: when the last verdict was given, in ISO 8601.
        green_hash: the hash of the last green version of the file.
        green: when the last green verdict was given, in ISO 8601; empty if there was none.
        reds: how many versions of the file were red since the last green one.
        hints: how many hints are open.
        skipped: whether the learner has left the kata for later.
    """

    state: str = NOT_STARTED
    source_hash: str = ""
    judged: str = ""
    green_hash: str = ""
    green: str = ""
    reds: int = 0
    hints: int = 0
    skipped: bool = False

    def after(self, verdict: Verdict) -> Entry:
        """Return the entry as it is after this verdict."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        new = replace(self, state=verdict.state, source_hash=verdict.source_hash, judged=now)
        if verdict.state == GREEN:
            return replace(new, green_hash=verdict.source_hash, green=now, reds=0, skipped=False)
        if verdict.source_hash == self.green_hash:  # it is no longer green: a check has changed
            new = replace(new, green_hash="")
        is_new = (verdict.state, verdict.source_hash) != (self.state, self.source_hash)
        return replace(new, reds=self.reds + (verdict.state == RED and is_new))


_Change = Callable[[Entry], Entry]
_NOTHING = Entry()  # of a kata that was never judged
_UNREAD = object()  # the signature of a file that has to be read again


class Progress:
    """The learner's progress, shared through a file with other processes that record it.

    Attributes:
        warnings: lines that a person should read, such as that nothing can be saved.
    """

    def __init__(self, root: Path) -> None:
        self.warnings: list[str] = []
        self._root = root
        path = root / ".dojo" / "progress.json"
        self._file = StateFile(path, VERSION, _parse_entry, asdict, self.warnings.append)
        self._saved: dict[str, Entry] = {}
        self._unsaved: list[tuple[str, _Change]] = []
        self._entries = self._saved  # with the changes that are not saved yet
        self._signature: object = _UNREAD
        self._has_failed = False
        self._lock = threading.RLock()  # a loop and a screen have threads of their own

    # ---------------------------------------------------------------- what is known

    def state(self, kata: Kata) -> str:
        """Return a kata's state: that of its last verdict, unless the file has changed since.

        Returns:
            One of ``STATES``, or ``STALE`` for a file that was green and has been edited since. A
            file that holds the stub again is not started.
        """
        entry = self._entry(kata)
        if entry.state == NOT_STARTED and not entry.green_hash:
            return NOT_STARTED
        raw = content_of(kata.stub)
        now = hashlib.sha256(raw).hexdigest()
        if now == entry.green_hash:
            return GREEN
        if now != entry.source_hash and is_stub(kata, raw):
            return NOT_STARTED
        return STALE if entry.state == GREEN else entry.state

    def was_green(self, kata: Kata) -> bool:
        """Return whether any version of the learner's file has ever been green."""
        return bool(self._entry(kata).green)

    def reds(self, kata: Kata) -> int:
        """Return how many versions of the file were red since the last green one."""
        return self._entry(kata).reds

    def hints_opened(self, kata: Kata) -> int:
        """Return how many hints of the kata are open."""
        return self._entry(kata).hints

    def is_skipped(self, kata: Kata) -> bool:
        """Return whether the learner has left the kata for later."""
        return self._entry(kata).skipped

    def current(self, katas: Iterable[Kata]) -> Kata | None:
        """Return the first kata that is neither green nor skipped, else the first not green.

        Returns:
            None if all katas are green.
        """
        skipped = None
        for kata in katas:
            if self.state(kata) != GREEN:
                if not self.is_skipped(kata):
                    return kata
                skipped = skipped or kata
        return skipped

    # ---------------------------------------------------------------- what happens

    def record(self, *verdicts: Verdict, complete: bool = True) -> None:
        """Record verdicts on the learner's own files, and keep a copy of each stub.

        Args:
            complete: whether all checks were run, those of every device too. If not, green
                verdicts are not recorded, since they prove nothing.
        """
        kept = [one for one in verdicts if complete or one.state != GREEN]
        self._save_changes([(one.kata, partial(Entry.after, verdict=one)) for one in kept])
        for verdict in kept:
            if verdict.state == NOT_STARTED:
                with contextlib.suppress(OSError):  # the warning is given already
                    keep_stub(Kata(verdict.kata, self._root))

    def open_hint(self, kata: Kata) -> None:
        """Record that one more hint of the kata is open."""
        self._save_changes([(kata.name, lambda entry: replace(entry, hints=entry.hints + 1))])

    def skip(self, kata: Kata) -> None:
        """Record that the kata is left for later; that ends when it is green."""
        self._save_changes([(kata.name, lambda entry: replace(entry, skipped=True))])

    # ---------------------------------------------------------------- the file

    def _entry(self, kata: Kata) -> Entry:
        with self._lock:
            signature = self._file.signature()
            if signature != self._signature:
                self._signature = signature
                self._read()
            return self._entries.get(kata.name, _NOTHING)

    def _read(self) -> None:
        try:
            self._saved = self._file.read(self._saved)
        except OSError as error:
            self._warn_of("read", error)
        self._entries = dict(self._saved)
        self._apply_unsaved(self._entries)

    def _save_changes(self, changes: Sequence[tuple[str, _Change]]) -> None:
        with self._lock:
            self._unsaved += changes
            try:
                self._saved = self._file.update(self._apply_unsaved, self._saved)
            except OSError as error:
                self._warn_of("written", error)
            else:
                self._unsaved.clear()
            self._entries = dict(self._saved)
            self._apply_unsaved(self._entries)
            self._signature = _UNREAD  # another process may have written since

    def _apply_unsaved(self, entries: dict[str, Entry]) -> None:
        for name, change in self._unsaved:
            entries[name] = change(entries.get(name, _NOTHING))

    def _warn_of(self, verb: str, error: OSError) -> None:
        """Add the warning that nothing is saved, once for this process."""
        if not self._has_failed:
            self._has_failed = True
            self.warnings.append(
                f"{self._file} cannot be {verb} ({error.strerror}). "
                "Until that works, your progress is not saved."
            )


def record_all(root: Path, verdicts: Iterable[Verdict]) -> list[str]:
    """Record a run's verdicts on the learner's own files, where every check was run.

    Returns:
        Lines that a person should read, such as that nothing can be saved.
    """
    progress = Progress(root)
    progress.record(*verdicts)
    return progress.warnings


def _parse_entry(value: Any) -> Entry:
    """Make an entry of a JSON value.

    Raises:
        ValueError: the value is no entry.
    """
    expected = {field.name: type(field.default) for field in fields(Entry)}
    if not isinstance(value, dict) or value.keys() != expected.keys():
        raise ValueError(f"a kata's entry has the fields {', '.join(expected)}")
    for name, kind in expected.items():
        if type(value[name]) is not kind:
            raise ValueError(f"{name} is {value[name]!r}")
    entry = Entry(**value)
    if entry.state not in STATES or entry.reds < 0 or entry.hints < 0:
        raise ValueError("a state or a number is none that a kata can have")
    return entry
