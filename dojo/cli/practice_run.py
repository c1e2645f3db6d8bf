"""Runs ``dojo practice`` at a terminal: a clock, a few keys, and a verdict at each save."""

from __future__ import annotations

import contextlib
import hashlib
import math
import queue
from collections.abc import Iterator, Sequence
from pathlib import Path

from dojo.cli.check import CheckRequest, print_diagnosis, print_failure, print_row
from dojo.cli.context import Context
from dojo.cli.guidance import print_solution
from dojo.cli.keys import keys_sent_to
from dojo.cli.listing import due_line, words_of_day
from dojo.cli.practice_keys import ENDS, AttemptKeys
from dojo.cli.terminal import clear_passing, link, paint, say, say_all, show_passing, warn
from dojo.course.katas import Kata, shown_path
from dojo.course.lesson import kata_title
from dojo.course.reference import read_reference
from dojo.practice.rating import AGAIN, HARD
from dojo.practice.schedule import Schedule
from dojo.practice.scratch import FOLDER, put_stub, scratch_file
from dojo.practice.session import Attempt, Session
from dojo.progress.reset import CannotReplace, known_stub
from dojo.verdict.model import GREEN, Verdict
from dojo.verdict.text import wrapped
from dojo.watch.events import Diagnosed, Event, Judged, Trouble
from dojo.watch.loop import Loop
from dojo.workers.limits import TIME_LIMIT

_TICK = 1.0  # seconds from one picture of the clock to the next
_COLOURS = {AGAIN: "red", HARD: "yellow"}  # of ratings; the rest is green


def run(dojo: Context, schedule: Schedule, katas: Sequence[Kata], minutes: float | None) -> int:
    """Practise katas until one is done, or with ``minutes`` until they are over.

    Args:
        dojo: where the katas are.
        schedule: where each practice is recorded.
        katas: those to choose from, the first one first.
        minutes: how long to go on with the next kata; None to practise one.

    Returns:
        the exit code: 1 if a kata did not become green, or could not be recorded.
    """
    practising = _Practising(dojo, Session(katas, schedule, minutes))
    try:
        with practising.opened():
            while practising.practise_next() and minutes is not None:
                pass
    finally:
        clear_passing()
        with contextlib.suppress(OSError):  # the terminal may be closed
            practising.print_end()
    return int(not practising.is_all_green)


class _Practising:
    """A session at a terminal.

    Attributes:
        is_all_green: whether each kata up to now was solved, and recorded.
    """

    def __init__(self, dojo: Context, session: Session) -> None:
        self._dojo, self._session = dojo, session
        self._folder = dojo.root / FOLDER
        self._inbox: queue.SimpleQueue[Event | str] = queue.SimpleQueue()
        self._has_begun = False  # to practise any kata
        self._unfinished: Kata | None = None
        self._clock = ""  # the line of the clock that stands on the terminal
        self.is_all_green = True

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Judge saves and read keys inside of the ``with`` block."""
        self._folder.mkdir(parents=True, exist_ok=True)  # a folder made later is not watched
        with keys_sent_to(self._inbox.put):
            loop = Loop(self._dojo.root, self._folder, "all", TIME_LIMIT, self._inbox.put)
            with contextlib.closing(loop):
                self._loop = loop
                yield

    def practise_next(self) -> bool:
        """Practise the next kata to its end.

        Returns:
            whether to go on: there was a kata, and the learner did not end the session.
        """
        while (kata := self._session.take_next()) is not None:
            try:
                stub = known_stub(kata)
            except CannotReplace as error:
                warn(str(error))
                self.is_all_green = False
                continue
            if self._has_begun and not self._is_next_wanted(kata):
                return False
            self._has_begun = True
            self._introduce(kata, put_stub(kata, stub))
            return self._go_through(kata, hashlib.sha256(stub).hexdigest())
        return False

    def print_end(self) -> None:
        """Print what is recorded, what is not, and how many katas are due."""
        recorded, unfinished = self._session.recorded, self._unfinished
        if unfinished is not None or len(recorded) > 1:
            done = ", ".join(f"{each.kata.name} ({each.rating})" for each in recorded)
            say_all(wrapped(f"Recorded: {done or 'nothing'}."))
        if unfinished is not None:
            shown = shown_path(scratch_file(unfinished), self._dojo.root)
            say_all(wrapped(f"{unfinished.name} is not finished; its file stays: {shown}"))
        if due := self._session.schedule.due(self._dojo.katas):
            say(due_line(len(due)))

    def _is_next_wanted(self, kata: Kata) -> bool:
        """Wait for a key before the clock of the next kata begins."""
        while True:
            self._show(f"next: {kata.name}   any key: go on   q: end")
            message = self._next_message()
            if isinstance(message, str):
                self._clear()
                return message not in ENDS

    def _introduce(self, kata: Kata, copy: Path | None) -> None:
        path = scratch_file(kata)
        say(f"practice: {kata.name}")
        say_all(f"  {line}" for line in wrapped(kata_title(kata)))
        say(f"  edit {link(shown_path(path, kata.root), path)}")
        if copy is not None:
            say(f"  what that file held is kept: {shown_path(copy, kata.root)}")

    def _go_through(self, kata: Kata, stub_hash: str) -> bool:
        """Wait for saves and keys until the kata is green or given up, and record that.

        Returns:
            False if the learner ended the session first.
        """
        hints = read_reference(kata).hints
        attempt = Attempt(kata, hints)
        keys = AttemptKeys(attempt, len(hints))
        self._unfinished = kata
        self._loop.follow(kata)
        while attempt.outcome is None:
            self._show(f"{_minutes(attempt.seconds)}  {kata.stem}   {keys.line}{self._left()}")
            message = self._next_message()
            if isinstance(message, str):
                if message in ENDS:
                    self.is_all_green = False
                    return False
                self._clear()
                keys.press(message)
            elif message is not None and message.kata == kata:
                self._receive(message, attempt, stub_hash)
        self._unfinished = None
        self._record(attempt)
        return True

    def _receive(self, event: Event, attempt: Attempt, stub_hash: str) -> None:
        """Print what an event of the loop tells, and count a verdict."""
        if isinstance(event, Judged) and event.verdict.source_hash != stub_hash:
            self._clear()
            attempt.receive(event.verdict)
            self._print_verdict(attempt.kata, event.verdict)
        elif isinstance(event, Diagnosed):
            self._clear()
            print_diagnosis(event.diagnosis)
        elif isinstance(event, Trouble):
            self._clear()
            warn(event.message)

    def _print_verdict(self, kata: Kata, verdict: Verdict) -> None:
        print_row(kata, verdict)
        if verdict.state != GREEN:
            print_failure(kata, verdict, CheckRequest(self._dojo.root, [kata], self._folder))

    def _record(self, attempt: Attempt) -> None:
        """Record an attempt that has ended; print how it went, and when the kata is due next."""
        outcome = attempt.outcome
        assert outcome is not None
        if not outcome.is_green:
            self.is_all_green = False
            print_solution(attempt.kata, scratch_file(attempt.kata))
        how = ("green" if outcome.is_green else "given up") + f" after {_minutes(outcome.seconds)}"
        counts = [
            f"{count} {what}" if count == 1 else f"{count} {what}s"
            for count, what in ((outcome.reds, "wrong version"), (outcome.hints, "hint"))
            if count
        ]
        schedule = self._session.schedule
        try:
            recorded = self._session.record(attempt)
        except OSError as error:
            self.is_all_green = False
            warn(f"{schedule} cannot be written ({error.strerror}): this practice is not recorded.")
            return
        when = words_of_day(recorded.due, schedule.today)
        rating = paint(recorded.rating, _COLOURS.get(recorded.rating, "green"))
        say(f"{attempt.kata.name}: {', '.join([how, *counts])}")
        say(f"  {rating}: due again {when}")

    def _next_message(self) -> Event | str | None:
        """The next event or key; None if the clock has to be shown again first."""
        try:
            return self._inbox.get(timeout=_TICK)
        except queue.Empty:
            return None

    def _left(self) -> str:
        seconds = self._session.seconds_left
        return f"   {math.ceil(seconds / 60)} min left" if seconds is not None else ""

    def _show(self, text: str) -> None:
        if text != self._clock:
            self._clock = text
            show_passing(text)

    def _clear(self) -> None:
        self._clock = ""
        clear_passing()


def _minutes(seconds: float) -> str:
    """A time as minutes and seconds, such as 1:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
