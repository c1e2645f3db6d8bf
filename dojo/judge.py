"""Asks a warm process for the verdict on one kata's answer; it imports neither torch nor pytest.

The verdict is that of plain ``pytest`` on the same file, since the same plugin gives it.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dojo.catalog import Kata
from dojo.isolation import Child, ChildDied, ChildStuck
from dojo.lost import what_became
from dojo.protocol import open_request, run_request
from dojo.verdict import Check, Verdict, state_of
from dojo.workers import Crew

TIME_LIMIT = 10.0  # seconds for one kata, unless an option says otherwise


class NoChecks(Exception):
    """No check of the kata could be collected, or none for the device."""


def judge(
    crew: Crew,
    kata: Kata,
    solutions: Path,
    device: str = "all",
    limit: float = TIME_LIMIT,
) -> Verdict:
    """The verdict on a kata's answer in a folder with the layout of ``katas/``.

    Raises:
        NoChecks: nothing was judged.
        HubDied: the checks could not be collected.
    """
    with contextlib.closing(prepare(crew, kata, solutions, device, limit)) as prepared:
        return prepared.judge()


class Prepared:
    """A process that waits to judge one kata's answer, once, as it will be at that moment.

    Attributes:
        child: the process.
        plan: the checks that it will run, as far as they are known before.
    """

    def __init__(
        self, child: Child, kata: Kata, solutions: Path, device: str, rehearse: bool
    ) -> None:
        self.child = child
        self._kata, self._solutions = kata, solutions
        answer = child.ask(open_request(kata, solutions, device, rehearse=rehearse))
        if not answer["plan"]:
            raise NoChecks(f"{kata.name}: no check was collected; see: pytest {kata.checks}")
        self._nodeids = [one["nodeid"] for one in answer["plan"]]
        self.plan = tuple(Check(**one["check"]) for one in answer["plan"])
        self._devices = str(answer["devices"])
        child.restart_clock()

    def judge(self, on_check: Callable[[Check], None] = lambda _check: None) -> Verdict:
        """The verdict; ``on_check`` is called with each check as it ends."""
        checks: list[Check] = []
        seconds, source_hash, lost = 0.0, "", None
        answers = self._answers()
        for check in self.plan:
            if lost is None:
                try:
                    answer = next(answers)
                except (ChildStuck, ChildDied) as error:
                    path = self._kata.solution_in(self._solutions)
                    lost = what_became(error, self.child, path, self._kata.root)
                else:
                    check, source_hash = Check(**answer["check"]), answer["source_hash"]
                    seconds += answer["seconds"]
            if lost is not None:
                check = lost.of(check)
            checks.append(check)
            on_check(check)
        return Verdict(
            self._kata.name,
            state_of(checks),
            seconds,
            source_hash,
            tuple(checks),
            devices=self._devices,
        )

    def _answers(self) -> Iterator[Any]:
        """What the process answers, a check after the other."""
        self.child.tell(run_request(self._nodeids))
        for _ in self._nodeids:
            yield self.child.hear()

    def close(self) -> None:
        """End the process."""
        self.child.close()


def prepare(
    crew: Crew,
    kata: Kata,
    solutions: Path,
    device: str = "all",
    limit: float = TIME_LIMIT,
    rehearse: bool = False,
) -> Prepared:
    """Have a process ready to judge; with ``rehearse``, readier, where there is time for that.

    Raises:
        NoChecks, HubDied: as for ``judge``.
        ChildDied, ChildStuck: the process did not become ready.
    """
    child = crew.worker(limit)
    try:
        return Prepared(child, kata, solutions, device, rehearse)
    except BaseException:
        child.close()
        raise


@contextlib.contextmanager
def saved(kata: Kata, source: str | bytes) -> Iterator[Path]:
    """A folder with the layout of ``katas/`` that holds this answer for a while."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = kata.solution_in(folder)
        path.parent.mkdir(parents=True)
        path.write_bytes(source.encode() if isinstance(source, str) else source)
        yield folder


def judge_source(crew: Crew, kata: Kata, source: str | bytes, **options: Any) -> Verdict:
    """The verdict on an answer given as text."""
    with saved(kata, source) as folder:
        return judge(crew, kata, folder, **options)
