"""Recognises a known mistake: an answer that behaves under the checks as an impostor does.

Behaviour is the state and the message of each check, without the learner's own paths, line numbers
and ids. Only equal behaviour counts: no diagnosis is better than a wrong one. The behaviours of a
kata's impostors are its table, which is kept in ``.dojo/`` under a hash of all that decides it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path

from dojo.course.candidates import Candidate, find_candidates
from dojo.course.katas import Kata
from dojo.files.atomic import content_of, write_atomically
from dojo.verdict.fingerprint import fingerprint
from dojo.verdict.model import NOT_STARTED, RED, Check, Verdict

Behaviour = dict[str, str]  # check → state and message
Table = list[tuple[str, Behaviour]]  # of each impostor: its diagnosis, and its behaviour


def behaviour_of(verdict: Verdict) -> Behaviour:
    """Return the behaviour that a verdict shows; checks that were not started are left out."""
    keys: dict[str, int] = {}
    found: Behaviour = {}
    for check in verdict.checks:
        name = f"{check.name} [{check.device}]"
        keys[name] = keys.get(name, 0) + 1
        if check.state != NOT_STARTED:
            found[f"{name} {keys[name]}"] = f"{check.state}: {_impersonal(check)}"
    return found


def _impersonal(check: Check) -> str:
    """Return a check's message without the learner's path, line numbers, and ids of objects."""
    text = check.message.replace(check.file, "FILE") if check.file else check.message
    return re.sub(r"\b\d{13,}\b", "ID", re.sub(r"\bline \d+", "line", text))


def diagnose(verdict: Verdict, table: Table) -> str | None:
    """Return the diagnosis of the impostors that behave as this answer does.

    Returns:
        None if the answer is not red, if no impostor behaves so, or if those that do have several
        diagnoses.
    """
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
    """Return the table that was kept for the kata as it is now; None if there is none."""
    try:
        table = json.loads(content_of(_table_file(kata)))
    except (OSError, ValueError, RecursionError):
        return None
    return table if isinstance(table, list) else None


class TableMaker:
    """Makes a kata's table, one impostor at each step, so that other work can come in between.

    Attributes:
        table: the rows that are made so far.
    """

    def __init__(self, kata: Kata) -> None:
        self._kata = kata
        self._left = find_impostors(kata)
        self.table: Table = []

    @property
    def is_done(self) -> bool:
        """Whether the table is complete."""
        return not self._left

    def step(self, judge: Callable[[Kata, str], Verdict | None]) -> None:
        """Judge the next impostor; after the last one, write the table to its file.

        Args:
            judge: returns the verdict on a kata's answer that is given as text; None if it was
                interrupted. The next step then judges the same impostor again.
        """
        impostor = self._left[0]
        verdict = judge(self._kata, impostor.source)
        if verdict is None:
            return
        self.table.append((impostor.diagnosis, behaviour_of(verdict)))
        del self._left[0]
        if self.is_done:
            with contextlib.suppress(OSError):  # without the file, only time is lost
                self._write_table()

    def _write_table(self) -> None:
        """Write the table to its file, and remove the kata's older tables."""
        file = _table_file(self._kata)
        write_atomically(file, json.dumps(self.table, indent=1))
        for old in file.parent.glob(f"{self._kata.stem}-*.json"):
            if old != file:
                old.unlink()


def make_table(kata: Kata, judge: Callable[[Kata, str], Verdict]) -> Table:
    """Make a kata's table and return it; takes about as long as a verdict on each impostor."""
    maker = TableMaker(kata)
    while not maker.is_done:
        maker.step(judge)
    return maker.table


def find_impostors(kata: Kata) -> list[Candidate]:
    """Return the wrong answers among the kata's candidates."""
    return [candidate for candidate in find_candidates(kata) if not candidate.right]


def _table_file(kata: Kata) -> Path:
    """Return the file of the table for the kata and the dojo as they are now."""
    name = f"{kata.stem}-{fingerprint(kata)}.json"
    return kata.root / ".dojo" / "impostors" / kata.track / name
