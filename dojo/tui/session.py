"""Knows what a learner at the watch screen is at, and does what they ask; it draws nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

from dojo.bench.run import has_benchmark
from dojo.course.katas import Kata, find_katas, shown_path
from dojo.course.lesson import Lesson, read_lesson
from dojo.course.reference_diff import diff_to_reference
from dojo.progress.record import Progress
from dojo.progress.reset import CannotReplace, Reset, reset, undo
from dojo.tui.kata_state import JUDGED, JUDGING, TROUBLED, WARMING_UP, KataState
from dojo.verdict.model import GREEN, NOT_STARTED, RED, Verdict
from dojo.watch.events import Event, Judged, Started

_MANY_REDS = 3  # after which a hint is offered


class Session:
    """The kata on the screen, and where it stands among the others.

    Args:
        root: the dojo.
        kata: the one to begin with.
        solutions: the folder of answers.
        is_complete: whether all devices are judged, so that green is green.

    Attributes:
        board: what has become of the kata.
        lesson: what there is to say of it.
        diff: from the learner's file to the reference, once the kata is green.
        notice: the answer to the last key, until the next one or the next verdict.
        offers_hint: whether a hint is offered.
        advances: whether the screen goes on by itself once a kata is green.
        may_see: the katas whose solution was asked for.
        is_timed: whether the kata has a benchmark.
    """

    def __init__(self, root: Path, kata: Kata, solutions: Path, is_complete: bool = True) -> None:
        self._root, self._solutions = root, solutions
        self._is_own = solutions.resolve() == (root / "katas").resolve()
        self._is_complete = is_complete
        self._progress = Progress(root)
        self._warned = 0
        self._judged: dict[Kata, str] = {}  # states in this session
        self._offered: set[Kata] = set()
        self._is_warm = False  # whether anything was judged yet
        self._has_replaced = False  # so that a verdict follows which no key asked for
        self.refresh()
        self.advances = False
        self.may_see: set[Kata] = set()
        self.show(kata)

    # ---------------------------------------------------------------- where it stands

    @property
    def kata(self) -> Kata:
        return self.kata_state.kata

    @property
    def path(self) -> Path:
        """The learner's file."""
        return self.kata.solution_in(self._solutions)

    @property
    def place(self) -> str:
        """The learner's file, and the line to look at, as the learner would type it."""
        shown = shown_path(self.path, self._root)
        failure = self.kata_state.failure
        return f"{shown}:{failure.line}" if failure is not None and failure.line else shown

    @property
    def hints_opened(self) -> int:
        return min(self._progress.hints_opened(self.kata), len(self.lesson.hints))

    def refresh(self) -> None:
        """Look anew which katas there are, and how each of them stands."""
        self.katas = find_katas(self._root)
        self._states = {kata: self._look_up(kata) for kata in self.katas}

    def state(self, kata: Kata) -> str:
        """How the kata stands, as far as is known since the last look."""
        return self._states.get(kata, NOT_STARTED)

    def is_all_green(self) -> bool:
        return all(state == GREEN for state in self._states.values())

    def _look_up(self, kata: Kata) -> str:
        if self._is_own and self._is_complete:
            return self._progress.state(kata)
        known = self._progress.state(kata) if self._is_own else NOT_STARTED
        return self._judged.get(kata, known)

    def in_track(self) -> list[str]:
        """The states of the katas of this one's track."""
        return [self.state(kata) for kata in self.katas if kata.track == self.kata.track]

    def neighbour(self, step: int) -> Kata:
        """The kata so many places on, round the list."""
        place = self.katas.index(self.kata) if self.kata in self.katas else 0
        return self.katas[(place + step) % len(self.katas)]

    def to_do(self) -> Kata | None:
        """The next kata that is not green, round the list."""
        others = (self.neighbour(step) for step in range(1, len(self.katas)))
        return next((kata for kata in others if self.state(kata) != GREEN), None)

    def why_not_timed(self) -> str:
        """Why the answer cannot be timed, or nothing if it may well be."""
        name, kata_state = self.kata.stem, self.kata_state
        if not self._is_own:
            return "Only answers in katas/ are timed."
        if not self.is_timed:
            return f"{name} has no benchmark, since speed means little there."
        if kata_state.phase == TROUBLED:
            return f"Only a green answer is timed, and {name} could not be judged."
        if (
            kata_state.phase == JUDGED
            and kata_state.verdict is not None
            and not kata_state.is_green
        ):
            return f"Only a green answer is timed, and {name} is {kata_state.verdict.state}."
        return ""

    # ---------------------------------------------------------------- what happens

    def show(self, kata: Kata) -> None:
        """Turn to a kata."""
        self.kata_state = KataState(kata, JUDGING if self._is_warm else WARMING_UP)
        self.diff: list[str] = []
        self.notice = ""
        self.offers_hint = False
        self.is_timed = False
        with contextlib.suppress(OSError, ValueError):
            self.is_timed = has_benchmark(kata)
        if kata not in self.katas:
            self.refresh()
        try:
            self.lesson = read_lesson(kata)
        except (OSError, SyntaxError, ValueError) as error:
            self.lesson = Lesson(kata.stem, [], (), (), [])
            self.notice = f"{shown_path(kata.reference, self._root)} cannot be read: {error}"
        self._warn()

    def receive(self, event: Event) -> None:
        """Take in what the loop tells; a run of another kata means that its file was saved."""
        self._is_warm = True
        if isinstance(event, Started) and event.kata != self.kata:
            self.show(event.kata)
        if isinstance(event, Judged):
            if not self._has_replaced:
                self.notice = ""
            self._has_replaced = False
            self._record(event.kata, event.verdict)
        if event.kata == self.kata:
            self.kata_state.receive(event)
            if isinstance(event, Judged):
                self._look_at(event.verdict)

    def _record(self, kata: Kata, verdict: Verdict) -> None:
        self._judged[kata] = verdict.state
        if self._is_own:
            self._progress.record(verdict, complete=self._is_complete)
            self._warn()
        self._states[kata] = self._look_up(kata)

    def _look_at(self, verdict: Verdict) -> None:
        self.diff = self.difference() if verdict.state == GREEN else []
        self.offers_hint = (
            verdict.state == RED
            and self.kata not in self._offered
            and self._progress.reds(self.kata) >= _MANY_REDS
            and self.hints_opened < len(self.lesson.hints)
        )
        if self.offers_hint:
            self._offered.add(self.kata)

    def difference(self) -> list[str]:
        """The diff from the learner's file to the reference."""
        return diff_to_reference(self.kata, self.path)

    # ---------------------------------------------------------------- what is asked for

    def open_hint(self) -> None:
        """Open the next hint of the ladder."""
        self.offers_hint = False
        count = len(self.lesson.hints)
        if self.hints_opened == count:
            self.notice = f"All {count} hints are open. What is left is the solution: s."
            return
        self._progress.open_hint(self.kata)
        self.notice = ""
        self._warn()

    def reset(self) -> None:
        """Put the stub back; the loop hears of that as of any save."""
        if not self._is_own:
            self.notice = "Only files in katas/ can be reset."
            return
        try:
            outcome = reset(self.kata)
        except CannotReplace as error:
            self.notice = str(error)
            return
        self.notice = self._told(outcome, "The stub is back", "the file is a stub already")

    def undo(self) -> None:
        """Bring back what the last reset has replaced."""
        try:
            outcome = undo(self._root)
        except CannotReplace as error:
            self.notice = str(error)
            return
        self.notice = self._told(outcome, "Your file is back", "nothing has changed since")

    def _told(self, outcome: Reset, done: str, nothing: str) -> str:
        copies = [shown_path(file.copy, self._root) for file in outcome.files if file.copy]
        self._has_replaced = bool(outcome.files)
        if not outcome.files:
            text = f"Nothing to do: {nothing}."
        elif copies:
            text = f"{done}; what it replaced: {', '.join(copies)}"
        else:
            text = f"{done}."
        return " ".join([*outcome.warnings, text])

    def _warn(self) -> None:
        """Tell what the progress has to say, once."""
        new = self._progress.warnings[self._warned :]
        self._warned += len(new)
        if new:
            self.notice = " ".join(new)
