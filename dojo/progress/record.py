"""Records how far a learner has come, in ``.dojo/progress.json``; it judges and shows nothing.

A change that cannot be saved is kept in memory, and saved as soon as the file can be written.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path

from dojo.course.katas import Kata
from dojo.course.stubs import has_begun, is_stub, keep_stub
from dojo.files.atomic import content_of
from dojo.files.state_file import StateFile
from dojo.progress.entry import Entry, parse_entry
from dojo.verdict.fingerprint import Fingerprints
from dojo.verdict.model import GREEN, NOT_JUDGED, NOT_STARTED, STALE, Verdict

VERSION = 1


_Change = Callable[[Entry], Entry]
_NOTHING = Entry()  # of a kata that was never judged
_LONG_AGO = date(2000, 1, 1)
_UNREAD = object()  # the signature of a file that has to be read again


class Progress:
    """The learner's progress, shared through a file with other processes that record it.

    Attributes:
        root: the dojo.
        warnings: lines that a person should read, such as that nothing can be saved.
    """

    def __init__(self, root: Path) -> None:
        self.warnings: list[str] = []
        self.root = root
        path = root / ".dojo" / "progress.json"
        self._file = StateFile(path, VERSION, parse_entry, asdict, self.warnings.append)
        self._saved: dict[str, Entry] = {}
        self._unsaved: list[tuple[str, _Change]] = []
        self._entries = self._saved  # with the changes that are not saved yet
        self._signature: object = _UNREAD
        self._fingerprints = Fingerprints()
        self._has_failed = False
        self._lock = threading.RLock()  # a loop and a screen have threads of their own

    # ---------------------------------------------------------------- what is known

    def state(self, kata: Kata) -> str:
        """Return a kata's state: that of its last verdict, unless the file has changed since.

        Returns:
            One of ``STATES``; or ``STALE`` for a file that was green, if it has been edited since
            or if what judges it has changed; or ``NOT_JUDGED`` for an answer without a verdict. A
            file that holds the stub again is not started.
        """
        entry = self._entry(kata)
        raw = content_of(kata.stub)
        now = hashlib.sha256(raw).hexdigest()
        if now == entry.green_hash:
            return GREEN if entry.fingerprint == self._fingerprints.of(kata) else STALE
        if entry.state == NOT_STARTED:
            return entry.state if now == entry.source_hash else state_without_verdict(raw)
        if now != entry.source_hash and is_stub(kata, raw):
            return NOT_STARTED
        return STALE if entry.state == GREEN else entry.state

    def was_green(self, kata: Kata) -> bool:
        """Return whether any version of the learner's file has ever been green."""
        return bool(self._entry(kata).green)

    def green_since(self, kata: Kata) -> date | None:
        """Return the learner's day on which the last green version became green; None if none did.

        A day that cannot be read counts as long ago.
        """
        when = self._entry(kata).green
        if not when:
            return None
        try:
            return date.fromisoformat(when[: len("2026-01-31")])
        except ValueError:
            return _LONG_AGO

    def reds(self, kata: Kata) -> int:
        """Return how many versions of the file were red since the last green one."""
        return self._entry(kata).reds

    def hints_opened(self, kata: Kata) -> int:
        """Return how many hints of the kata are open."""
        return self._entry(kata).hints

    def is_skipped(self, kata: Kata) -> bool:
        """Return whether the learner has left the kata for later."""
        return self._entry(kata).skipped

    def states(self, katas: Iterable[Kata]) -> dict[Kata, str]:
        """Return the state of each kata, in the same order."""
        return {kata: self.state(kata) for kata in katas}

    def current(self, katas: Iterable[Kata]) -> Kata | None:
        """Return the first kata that is neither green nor skipped, else the first not green.

        Args:
            katas: those to choose from; their states too, where they are known already.

        Returns:
            None if all katas are green.
        """
        known = katas if isinstance(katas, dict) else {}
        skipped = None
        for kata in katas:
            if (known.get(kata) or self.state(kata)) != GREEN:
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
        self._fingerprints.refresh()
        self._save_changes([(one.kata, self._change_by(one)) for one in kept])
        for verdict in kept:
            if verdict.state == NOT_STARTED:
                with contextlib.suppress(OSError):  # the warning is given already
                    keep_stub(Kata(verdict.kata, self.root))

    def _change_by(self, verdict: Verdict) -> _Change:
        is_green = verdict.state == GREEN
        now = self._fingerprints.of(Kata(verdict.kata, self.root)) if is_green else ""
        return partial(Entry.after, verdict=verdict, fingerprint=now)

    def open_hint(self, kata: Kata) -> None:
        """Record that one more hint of the kata is open."""
        self._save_changes([(kata.name, lambda entry: replace(entry, hints=entry.hints + 1))])

    def skip(self, kata: Kata) -> None:
        """Record that the kata is left for later; that ends when it is green."""
        self._save_changes([(kata.name, lambda entry: replace(entry, skipped=True))])

    def take_skip_back(self, kata: Kata) -> None:
        """Record that the kata is no longer left for later."""
        self._save_changes([(kata.name, lambda entry: replace(entry, skipped=False))])

    def first_to_do(self, katas: Iterable[Kata]) -> Kata | None:
        """Return the first of these katas that is not skipped, else the first; None of none."""
        todo = list(katas)
        unskipped = (kata for kata in todo if not self.is_skipped(kata))
        return next(unskipped, None) or next(iter(todo), None)

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


def state_without_verdict(raw: bytes) -> str:
    """Return the state of a file on which no verdict is known: not started, or not judged yet."""
    return NOT_JUDGED if raw and has_begun(raw) else NOT_STARTED
