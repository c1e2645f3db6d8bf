"""Words how a worker died or hung, for each check that it had not finished."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dojo.course.katas import Kata, shown_path
from dojo.course.reference import NoReference, read_reference
from dojo.verdict.model import CRASHED, TIMED_OUT, Check
from dojo.workers.worker import Worker, WorkerDied, WorkerStuck


@dataclass(frozen=True)
class WorkerFailure:
    """The state and message given to each check that a dead or stuck worker had not finished."""

    state: str
    message: str
    line: int

    def as_check(self, check: Check) -> Check:
        """Return the unfinished check with this failure as its outcome."""
        return replace(check, state=self.state, message=self.message, line=self.line)


def failure_of(
    error: WorkerDied | WorkerStuck, worker: Worker | None, kata: Kata, solutions: Path
) -> WorkerFailure:
    """Word how a worker failed, with the learner's line on which it hung or died, if known.

    Where the course lacks the kata's reference, that is why a worker died.

    Args:
        error: what the worker raised in its parent.
        worker: the worker, or None if there was none; it is asked for the line.
        kata: what was judged.
        solutions: the folder of answers, laid out like ``katas/``.
    """
    if isinstance(error, WorkerDied):
        try:
            read_reference(kata)
        except NoReference as fault:
            return WorkerFailure(CRASHED, str(fault), 0)
    path, root = kata.solution_in(solutions), kata.root
    line = worker.stuck_at(path) if worker is not None else 0
    place = f"{shown_path(path, root)}, line {line}" if line else shown_path(path, root)
    if isinstance(error, WorkerStuck):
        return WorkerFailure(TIMED_OUT, f"{place}: {error}; stuck here.", line)
    return WorkerFailure(CRASHED, f"{place}: {error}.", line)
