"""Remembers how far a learner has come, in ``.dojo/progress.json``; it judges and shows nothing.

What cannot be saved is remembered until the process ends, and saved as soon as that works.
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
    """What is known of one kata.

    ``state`` and ``source_hash`` are those of the last verdict, ``green_hash`` is that of the last
    green one. Times are ISO 8601. ``reds`` counts the versions that were red since the last green.
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
        """The entry with this verdict as its last."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        new = replace(self, state=verdict.state, source_hash=verdict.source_hash, judged=now)
        if verdict.state == GREEN:
            return replace(new, green_hash=verdict.source_hash, green=now, reds=0, skipped=False)
        if verdict.source_hash == self.green_hash:  # no longer: a check has changed
            new = replace(new, green_hash="")
        is_new = (verdict.state, verdict.source_hash) != (self.state, self.source_hash)
        return replace(new, reds=self.reds + (verdict.state == RED and is_new))


_Change = Callable[[Entry], Entry]
_NOTHING = Entry()  # of a kata that was never judged
_UNREAD = object()


class Progress:
    """The learner's state, as this process and others record it.

    Attributes:
        warnings: what a person should know, such as that nothing can be saved, a line each.
    """

    def __init__(self, root: Path) -> None:
        self.warnings: list[str] = []
        self._root = root
        path = root / ".dojo" / "progress.json"
        self._file = StateFile(path, VERSION, _parse, asdict, self.warnings.append)
        self._saved: dict[str, Entry] = {}
        self._unsaved: list[tuple[str, _Change]] = []
        self._entries = self._saved  # with what is not saved yet
        self._signature: object = _UNREAD
        self._has_failed = False
        self._lock = threading.RLock()  # a loop and a screen have threads of their own

    # ---------------------------------------------------------------- what is known

    def state(self, kata: Kata) -> str:
        """The last verdict's state in the light of what the file holds now.

        Returns:
            One of ``STATES``, or ``STALE`` for a file that was green and has been edited since.
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
        """Whether any version of the learner's file has ever been green."""
        return bool(self._entry(kata).green)

    def reds(self, kata: Kata) -> int:
        """How many versions of the file were red since the last green one."""
        return self._entry(kata).reds

    def hints_opened(self, kata: Kata) -> int:
        return self._entry(kata).hints

    def is_skipped(self, kata: Kata) -> bool:
        return self._entry(kata).skipped

    def current(self, katas: Iterable[Kata]) -> Kata | None:
        """The first that is neither green nor skipped, else the first that is not green."""
        skipped = None
        for kata in katas:
            if self.state(kata) != GREEN:
                if not self.is_skipped(kata):
                    return kata
                skipped = skipped or kata
        return skipped

    # ---------------------------------------------------------------- what happens

    def record(self, *verdicts: Verdict, complete: bool = True) -> None:
        """Remember verdicts on the learner's own katas.

        Args:
            complete: whether no check was left out, such as those of a device; a green verdict
                proves something only then, and is forgotten otherwise.
        """
        kept = [one for one in verdicts if complete or one.state != GREEN]
        self._change([(one.kata, partial(Entry.after, verdict=one)) for one in kept])
        for verdict in kept:
            if verdict.state == NOT_STARTED:
                with contextlib.suppress(OSError):  # that nothing can be saved is said already
                    keep_stub(Kata(verdict.kata, self._root))

    def open_hint(self, kata: Kata) -> None:
        """Open one more hint of the kata's ladder."""
        self._change([(kata.name, lambda entry: replace(entry, hints=entry.hints + 1))])

    def skip(self, kata: Kata) -> None:
        """Leave the kata for later, until it is green."""
        self._change([(kata.name, lambda entry: replace(entry, skipped=True))])

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

    def _change(self, changes: Sequence[tuple[str, _Change]]) -> None:
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
        """Say once that nothing is saved: what follows from that is no news."""
        if not self._has_failed:
            self._has_failed = True
            self.warnings.append(
                f"{self._file} cannot be {verb} ({error.strerror}). "
                "Until that works, your progress is not saved."
            )


def record_all(root: Path, verdicts: Iterable[Verdict]) -> list[str]:
    """Remember a run's verdicts on the learner's own katas, of which no check was left out.

    Returns:
        What a person should know, such as that nothing can be saved, a line each.
    """
    progress = Progress(root)
    progress.record(*verdicts)
    return progress.warnings


def _parse(value: Any) -> Entry:
    """An entry from JSON.

    Raises:
        ValueError: it is none.
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
