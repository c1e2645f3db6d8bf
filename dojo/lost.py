"""Words what became of a process that did not finish its checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dojo.isolation import Child, ChildDied, ChildStuck
from dojo.loading import shown_path
from dojo.verdict import CRASHED, TIMED_OUT, Check


@dataclass(frozen=True)
class Lost:
    """The verdict on every check that a lost process still had before it."""

    state: str
    message: str
    line: int

    def of(self, check: Check) -> Check:
        return replace(check, state=self.state, message=self.message, line=self.line)


def what_became(error: ChildDied | ChildStuck, child: Child | None, path: Path, root: Path) -> Lost:
    """Name the learner's line on which the process hung or died, where it could be noted."""
    line = child.stuck_at(path) if child is not None else 0
    place = f"{shown_path(path, root)}, line {line}" if line else shown_path(path, root)
    if isinstance(error, ChildStuck):
        return Lost(TIMED_OUT, f"{place}: {error}; stuck here.", line)
    return Lost(CRASHED, f"{place}: {error}.", line)
