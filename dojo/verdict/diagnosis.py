"""Recognises a known mistake: an answer that behaves under the checks as an impostor does.

Behaviour is which checks are red, with which messages, less what is the learner's own: paths and
line numbers. Only equal behaviour counts; no guess is better than a wrong one.
What the impostors do is kept in ``.dojo/`` by the hash of all that it depends on.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path

from dojo.course.candidates import Candidate, find_candidates
from dojo.course.katas import Kata
from dojo.files.atomic import write_atomically
from dojo.verdict.fingerprint import fingerprint
from dojo.verdict.model import NOT_STARTED, RED, Check, Verdict

Behaviour = dict[str, str]  # check → state and message
Table = list[tuple[str, Behaviour]]  # an impostor's diagnosis, and what it does


def behaviour_of(verdict: Verdict) -> Behaviour:
    """What the checks said that were reached; checks that were not started say nothing."""
    keys: dict[str, int] = {}
    found: Behaviour = {}
    for check in verdict.checks:
        name = f"{check.name} [{check.device}]"
        keys[name] = keys.get(name, 0) + 1
        if check.state != NOT_STARTED:
            found[f"{name} {keys[name]}"] = f"{check.state}: {_impersonal(check)}"
    return found


def _impersonal(check: Check) -> str:
    """The message without the learner's path and line numbers."""
    text = check.message.replace(check.file, "FILE") if check.file else check.message
    return re.sub(r"\bline \d+", "line", text)


def diagnose(verdict: Verdict, table: Table) -> str | None:
    """The diagnosis of the impostors that behave as this answer does; None where they disagree."""
    if verdict.state != RED:
        return None
    behaviour = behaviour_of(verdict)
    if not any(said.startswith(RED) for said in behaviour.values()):
        return None
    alike = {
        diagnosis
        for diagnosis, theirs in table
        if all(theirs.get(key) == said for key, said in behaviour.items())
    }
    return alike.pop() if len(alike) == 1 else None


def known_table(kata: Kata) -> Table | None:
    """The table that was made for the kata as it is now, or None."""
    try:
        table = json.loads(_cache(kata).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return table if isinstance(table, list) else None


class TableMaker:
    """Makes a kata's table, an impostor a step, so that other work can come in between."""

    def __init__(self, kata: Kata) -> None:
        self._kata = kata
        self._left = find_impostors(kata)
        self.table: Table = []

    @property
    def is_done(self) -> bool:
        return not self._left

    def step(self, judge: Callable[[Kata, str], Verdict | None]) -> None:
        """Judge the next impostor, and keep the table after the last one.

        Args:
            judge: takes a kata and a source; None means that it was interrupted, and that the
                step is still to be done.
        """
        impostor = self._left[0]
        verdict = judge(self._kata, impostor.source)
        if verdict is None:
            return
        self.table.append((impostor.diagnosis, behaviour_of(verdict)))
        del self._left[0]
        if self.is_done:
            with contextlib.suppress(OSError):  # where nothing can be written, it costs time only
                self._keep()

    def _keep(self) -> None:
        cache = _cache(self._kata)
        write_atomically(cache, json.dumps(self.table, indent=1))
        for old in cache.parent.glob(f"{self._kata.stem}-*.json"):
            if old != cache:
                old.unlink()


def make_table(kata: Kata, judge: Callable[[Kata, str], Verdict]) -> Table:
    """Make a kata's table at once; takes about as long as a verdict for each impostor."""
    maker = TableMaker(kata)
    while not maker.is_done:
        maker.step(judge)
    return maker.table


def find_impostors(kata: Kata) -> list[Candidate]:
    """The wrong answers among the kata's candidates."""
    return [candidate for candidate in find_candidates(kata) if not candidate.right]


def _cache(kata: Kata) -> Path:
    """Where the table for this very kata, judged by this very dojo, is kept."""
    name = f"{kata.stem}-{fingerprint(kata)}.json"
    return kata.root / ".dojo" / "impostors" / kata.track / name
