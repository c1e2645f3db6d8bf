"""Holds what is recorded of one kata, and how a verdict changes that."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from typing import Any

from dojo.verdict.model import GREEN, NOT_STARTED, RED, STATES, Verdict


@dataclass(frozen=True)
class Entry:
    """What is recorded of one kata.

    Attributes:
        state: the state of the last verdict, one of ``STATES``.
        source_hash: the hash of the file that the last verdict is on.
        judged: when the last verdict was given, in ISO 8601.
        green_hash: the hash of the last green version of the file.
        green: when the last green version of the file first was green, in ISO 8601; empty if there
            was none. Another green verdict on the same version does not change it.
        fingerprint: that of the dojo which gave the last green verdict, as ``fingerprint`` makes
            it; empty in an entry of an older dojo, whose green is stale.
        reds: how many versions of the file were red since the last green one.
        hints: how many hints are open.
        skipped: whether the learner has left the kata for later.
    """

    state: str = NOT_STARTED
    source_hash: str = ""
    judged: str = ""
    green_hash: str = ""
    green: str = ""
    fingerprint: str = ""
    reds: int = 0
    hints: int = 0
    skipped: bool = False

    def after(self, verdict: Verdict, fingerprint: str) -> Entry:
        """Return the entry as it is after this verdict, which a dojo of this fingerprint gave."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        new = replace(self, state=verdict.state, source_hash=verdict.source_hash, judged=now)
        if verdict.state == GREEN:
            is_known = self.green and verdict.source_hash == self.green_hash
            since = self.green if is_known else now
            new = replace(new, green_hash=verdict.source_hash, green=since, fingerprint=fingerprint)
            return replace(new, reds=0, skipped=False)
        if verdict.source_hash == self.green_hash:  # it is no longer green: a check has changed
            new = replace(new, green_hash="")
        is_new = (verdict.state, verdict.source_hash) != (self.state, self.source_hash)
        return replace(new, reds=self.reds + (verdict.state == RED and is_new))


def parse_entry(value: Any) -> Entry:
    """Make an entry of a JSON value.

    Raises:
        ValueError: the value is no entry.
    """
    expected = {field.name: type(field.default) for field in fields(Entry)}
    if isinstance(value, dict):
        value = {"fingerprint": "", **value}  # an older dojo wrote none
    if not isinstance(value, dict) or value.keys() != expected.keys():
        raise ValueError(f"a kata's entry has the fields {', '.join(expected)}")
    for name, kind in expected.items():
        if type(value[name]) is not kind:
            raise ValueError(f"{name} is {value[name]!r}")
    entry = Entry(**value)
    if entry.state not in STATES or entry.reds < 0 or entry.hints < 0:
        raise ValueError("a state or a number is none that a kata can have")
    return entry
