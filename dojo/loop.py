"""Judges a kata whenever its file is saved, and tells of it as events; it shows nothing itself.

Two threads: one hears of saved files, the other judges. A save while a run is under way ends that
run. When nothing else is to do, a process for the next save is made ready, and then the table of
the kata's known mistakes.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from watchfiles import watch

from dojo.catalog import TREES, Kata, find_katas
from dojo.diagnosis import Table, TableMaker, diagnose, known_table
from dojo.isolation import Child, ChildDied, ChildStuck
from dojo.judge import NoChecks, Prepared, prepare, saved
from dojo.verdict import CRASHED, RED, Check, Verdict
from dojo.workers import Crew, HubDied

_QUIET = 4  # milliseconds without another change after which a save counts as finished
_WAKE = 0.2  # seconds
_LONGEST = 100  # milliseconds after which it counts as finished anyhow


@dataclass(frozen=True)
class Started:
    """A run has begun; ``checks`` are those to come."""

    kata: Kata
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Checked:
    """A check has ended."""

    kata: Kata
    check: Check


@dataclass(frozen=True)
class Judged:
    """All checks have ended."""

    kata: Kata
    verdict: Verdict


@dataclass(frozen=True)
class Diagnosed:
    """The mistake of the last verdict was recognised after that was told."""

    kata: Kata
    diagnosis: str


@dataclass(frozen=True)
class Trouble:
    """The kata could not be judged, for a reason outside the learner's file."""

    kata: Kata
    message: str


Event = Started | Checked | Judged | Diagnosed | Trouble


class Loop:
    """Watches a folder of answers and judges the kata that was saved last.

    Args:
        root: the dojo.
        solutions: the folder of answers, laid out like ``katas/``.
        device: "cpu", "cuda" or "all".
        limit: seconds that one kata may take.
        on_event: called with each event, in a thread of the loop.
        crew: the warm processes, if they are warm already.
    """

    def __init__(
        self,
        root: Path,
        solutions: Path,
        device: str,
        limit: float,
        on_event: Callable[[Event], None],
        crew: Crew | None = None,
    ) -> None:
        self._root, self._solutions = root, solutions
        self._device, self._limit = device, limit
        self._on_event = on_event
        self._crew = crew or Crew(root)
        self._requests: queue.SimpleQueue[Kata | None] = queue.SimpleQueue()
        self._is_closed = threading.Event()
        self._lock = threading.Lock()
        self._running: Child | None = None
        self._current: Kata | None = None
        self._is_stale = False  # what is warm has collected checks that have changed since
        self._seen: dict[Path, object] = {}
        self._tables: dict[str, Table] = {}  # of known mistakes, by kata
        self._makers: dict[str, TableMaker] = {}
        self._prepared: tuple[Kata, Prepared] | None = None
        self._last: tuple[Kata, Verdict | None] | None = None
        self._threads = [
            threading.Thread(target=target, daemon=True, name=f"dojo {target.__name__}")
            for target in (self._judge_requests, self._hear_of_saves)
        ]
        for thread in self._threads:
            thread.start()

    def judge(self, kata: Kata) -> None:
        """Judge this kata now, and again at each save."""
        with self._lock:
            self._current = kata
            self._requests.put(kata)
            self._drop_run()

    def close(self) -> None:
        """End the run that is under way, the threads and every process."""
        with self._lock:
            self._is_closed.set()
            self._requests.put(None)
            self._drop_run()
        self._crew.close()  # first, since the judging thread may wait for it
        for thread in self._threads:
            thread.join()

    def _drop_run(self) -> None:
        if self._running is not None:
            self._running.drop()

    # ---------------------------------------------------------------- saved files

    def _hear_of_saves(self) -> None:
        katas = find_katas(self._root)
        own = [self._root / tree for tree in (*TREES, "dojo") if tree != "katas"]
        answers = {kata.solution_in(self._solutions).resolve().parent for kata in katas}
        folders = {self._solutions, *own, *answers}
        changes = watch(
            *(folder for folder in folders if folder.is_dir()),
            debounce=_LONGEST,
            step=_QUIET,
            stop_event=self._is_closed,
            raise_interrupt=False,
        )
        for batch in changes:
            paths = {Path(path) for _, path in batch}
            if any(path.suffix == ".py" and _is_in(path, own) for path in paths):
                self._crew_is_stale()
            if self._current is not None and self._was_saved(self._current, paths):
                self.judge(self._current)  # to look for another takes longer, the more there are
                continue
            saved = [kata for kata in find_katas(self._root) if self._was_saved(kata, paths)]
            if saved:
                self.judge(saved[0])

    def _was_saved(self, kata: Kata, paths: set[Path]) -> bool:
        path = kata.solution_in(self._solutions)
        if not paths & {path, path.resolve()}:
            return False
        before, self._seen[path] = self._seen.get(path), _signature(path)
        return before is None or before != self._seen[path]

    def _crew_is_stale(self) -> None:
        """A check or the dojo itself has changed."""
        with self._lock:
            self._drop_run()
            self._is_stale = True
            if self._current is not None:
                self._requests.put(self._current)

    # ---------------------------------------------------------------- judging

    def _judge_requests(self) -> None:
        while not self._is_closed.is_set():
            kata = self._next_request()
            if kata is None:
                break
            if self._is_stale:
                self._forget_what_is_warm()
            self._last = kata, self._judge(kata)
            self._crew.start()  # what was used up
        self._drop_prepared()

    def _next_request(self) -> Kata | None:
        """The newest request; while there is none, what makes the next ones faster is done."""
        while self._requests.empty() and self._is_something_left_to_prepare():
            pass
        request = self._requests.get()
        while request is not None and not self._requests.empty():
            request = self._requests.get()
        return request

    def _judge(self, kata: Kata) -> Verdict | None:
        """Judge and tell; None if the run was dropped or was no run."""
        try:
            prepared = self._take_prepared(kata)
        except (HubDied, NoChecks, ChildDied, ChildStuck) as error:
            if not self._is_closed.is_set():
                self._on_event(Trouble(kata, f"The checks could not be run: {error}"))
            return None
        with contextlib.closing(prepared), self._as_running(prepared.child) as is_wanted:
            if not is_wanted:
                return None
            self._tell(prepared.child, Started(kata, prepared.plan))
            verdict = prepared.judge(lambda check: self._tell(prepared.child, Checked(kata, check)))
            if prepared.child.was_dropped:
                return None
            if verdict.state == CRASHED and self._crew.has_died:
                return self._judge(kata)  # it was not the answer that ended the process
            table = self._tables.get(kata.name)
            if table is not None:
                verdict = replace(verdict, diagnosis=diagnose(verdict, table))
            self._on_event(Judged(kata, verdict))
            return verdict

    @contextlib.contextmanager
    def _as_running(self, child: Child) -> Iterator[bool]:
        """Let a newer request end this child; gives whether there is none yet."""
        with self._lock:
            is_wanted = self._requests.empty()
            self._running = child if is_wanted else None
        try:
            yield is_wanted
        finally:
            with self._lock:
                self._running = None

    def _tell(self, child: Child, event: Event) -> None:
        if not child.was_dropped:
            self._on_event(event)

    # ---------------------------------------------------------------- ahead of time

    def _is_something_left_to_prepare(self) -> bool:
        """Do one step of it: first a process for the next save, then the table of mistakes."""
        if self._last is None or self._is_stale:
            return False
        kata, verdict = self._last
        try:
            if self._prepared is None:
                self._prepared = kata, self._prepare(kata, rehearse=True)
                return True
            if kata.name in self._tables:
                return False
            self._tables.update(self._tables_done(kata))
        except (HubDied, NoChecks, ChildDied, ChildStuck):
            self._last = None  # the next request will meet the trouble again, and tell of it
            return False
        if kata.name in self._tables and verdict is not None and verdict.state == RED:
            found = diagnose(verdict, self._tables[kata.name])
            if found is not None:
                self._on_event(Diagnosed(kata, found))
        return True

    def _tables_done(self, kata: Kata) -> dict[str, Table]:
        """One step towards the kata's table; the table once it is complete."""
        table = known_table(kata) if kata.name not in self._makers else None
        if table is not None:
            return {kata.name: table}
        maker = self._makers.setdefault(kata.name, TableMaker(kata))
        if not maker.is_done:
            maker.step(self._judge_aside)
        return {kata.name: maker.table} if maker.is_done else {}

    def _judge_aside(self, kata: Kata, source: str) -> Verdict | None:
        """The verdict on a known mistake; None if a request came in."""
        with saved(kata, source) as folder:
            prepared = prepare(self._crew, kata, folder)
            with contextlib.closing(prepared), self._as_running(prepared.child) as is_wanted:
                if not is_wanted:
                    return None
                verdict = prepared.judge()
                return None if prepared.child.was_dropped else verdict

    def _take_prepared(self, kata: Kata) -> Prepared:
        if self._prepared is not None:
            (prepared_for, prepared), self._prepared = self._prepared, None
            if prepared_for == kata and prepared.child.is_waiting:
                return prepared
            prepared.close()
        return self._prepare(kata, rehearse=False)

    def _prepare(self, kata: Kata, rehearse: bool) -> Prepared:
        return prepare(self._crew, kata, self._solutions, self._device, self._limit, rehearse)

    def _drop_prepared(self) -> None:
        if self._prepared is not None:
            self._prepared[1].close()
            self._prepared = None

    def _forget_what_is_warm(self) -> None:
        self._is_stale = False
        self._drop_prepared()
        self._tables.clear()
        self._makers.clear()
        self._last = None
        self._crew.restart()


def _is_in(path: Path, folders: list[Path]) -> bool:
    return any(folder in path.parents for folder in folders)


def _signature(path: Path) -> object:
    """What differs after a save, even within a second and at the same size."""
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_mtime_ns, now.st_size, now.st_ino


def as_json(event: Event) -> dict[str, Any]:
    """An event as ``dojo watch --json`` prints it."""
    kata = event.kata.name
    if isinstance(event, Started):
        return {"event": "started", "kata": kata, "checks": len(event.checks)}
    if isinstance(event, Checked):
        return {"event": "check", "kata": kata, "check": event.check.as_json()}
    if isinstance(event, Judged):
        return {"event": "verdict", "kata": kata, "verdict": event.verdict.as_json()}
    if isinstance(event, Diagnosed):
        return {"event": "diagnosis", "kata": kata, "diagnosis": event.diagnosis}
    return {"event": "trouble", "kata": kata, "message": event.message}


def watch_json(root: Path, kata: Kata, solutions: Path, device: str, limit: float) -> int:
    """Print one line of JSON per event until the reader hangs up or the user interrupts.

    Returns:
        the exit code.
    """
    is_over = threading.Event()
    code = 0

    def stop(number: int, _frame: object) -> None:
        nonlocal code
        code = 128 + number
        is_over.set()

    def tell(event: Event) -> None:
        try:
            print(json.dumps(as_json(event)), flush=True)  # noqa: T201 - this is the output
        except OSError:  # the reader has gone
            is_over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    loop = Loop(root, solutions, device, limit, tell)
    loop.judge(kata)
    while not is_over.wait(_WAKE):  # a wait without end hears no signal on Windows
        pass
    loop.close()
    return code
