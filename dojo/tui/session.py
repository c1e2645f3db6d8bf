"""The state of the watch screen, and what the learner's keys change of it; it draws nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

from dojo.bench.run import has_benchmark
from dojo.course.katas import Kata, find_katas, shown_path
from dojo.course.lesson import Lesson, read_lesson
from dojo.course.reference import NoReference
from dojo.course.reference_diff import diff_to_reference
from dojo.files.atomic import content_of
from dojo.progress.record import Progress, state_without_verdict
from dojo.progress.undo import UndoPlan
from dojo.tui import own_file
from dojo.tui.kata_state import JUDGED, JUDGING, TROUBLED, WARMING_UP, KataState
from dojo.verdict.model import GREEN, NOT_STARTED, RED, Verdict
from dojo.watch.events import Event, Judged, Started

_MANY_REDS = 3  # after which a hint is offered


class Session:
    """The kata on the screen, the states of all katas, and what the learner has asked for.

    Args:
        root: the dojo.
        kata: the one to begin with.
        solutions: the folder of answers, laid out like ``katas/``.
        is_complete: whether the checks of all devices are judged; only then is green recorded.

    Attributes:
        katas: all katas of the dojo, in their order.
        kata_state: the last verdict on the kata on the screen, and the run that is under way.
        lesson: the task of that kata, its hints, and why the reference works.
        diff: from the learner's file to the reference, once the kata is green.
        notice: the answer to the last key, until the next one or the next verdict.
        offers_hint: whether a hint is offered.
        advances: whether any key goes on once a kata is green.
        awaits_key: whether any key goes on at this moment.
        may_see: the katas whose solution was asked for.
        is_timed: whether the kata has a benchmark.
    """

    def __init__(self, root: Path, kata: Kata, solutions: Path, is_complete: bool = True) -> None:
        self._root, self._solutions = root, solutions
        self._is_own = solutions.resolve() == (root / "katas").resolve()
        self._is_complete = is_complete
        self._progress = Progress(root)
        self._warnings_shown = 0
        self._judged: dict[Kata, str] = {}  # the states that this session's verdicts gave
        self._hint_offered: set[Kata] = set()
        self._is_warm = False  # whether anything was judged yet
        self._has_replaced = False  # a file, so the verdict on it comes next: it keeps the notice
        self.refresh()
        self.advances = self.awaits_key = False
        self.may_see: set[Kata] = set()
        self.show(kata)

    # ---------------------------------------------------------------- what the screen shows

    @property
    def kata(self) -> Kata:
        """The kata on the screen."""
        return self.kata_state.kata

    @property
    def path(self) -> Path:
        """The learner's file of the kata on the screen."""
        return self.kata.solution_in(self._solutions)

    @property
    def place(self) -> str:
        """The learner's file and the line that failed, if one did: ``katas/intro/k01_x.py:7``."""
        shown = shown_path(self.path, self._root)
        failure = self.kata_state.failure
        return f"{shown}:{failure.line}" if failure is not None and failure.line else shown

    @property
    def hints_opened(self) -> int:
        """How many hints of the kata on the screen may be shown."""
        return min(self._progress.hints_opened(self.kata), len(self.lesson.hints))

    def refresh(self) -> None:
        """Read again which katas there are, and the state of each."""
        self.katas = find_katas(self._root)
        self._states = {kata: self._known_state(kata) for kata in self.katas}

    def state(self, kata: Kata) -> str:
        """The state of a kata, as of the last refresh or verdict."""
        return self._states.get(kata, NOT_STARTED)

    def is_all_green(self) -> bool:
        """Whether every kata of the dojo is green."""
        return all(state == GREEN for state in self._states.values())

    def _known_state(self, kata: Kata) -> str:
        """The recorded state; where not all is recorded, this session's last verdict."""
        if self._is_own and self._is_complete:
            return self._progress.state(kata)
        if kata in self._judged:
            return self._judged[kata]
        if self._is_own:
            return self._progress.state(kata)
        return state_without_verdict(content_of(kata.solution_in(self._solutions)))

    def states_in_track(self) -> list[str]:
        """The states of all katas in the track of the kata on the screen."""
        return [self.state(kata) for kata in self.katas if kata.track == self.kata.track]

    def neighbour(self, step: int) -> Kata:
        """The kata that stands ``step`` places further in the list, which goes round."""
        place = self.katas.index(self.kata) if self.kata in self.katas else 0
        return self.katas[(place + step) % len(self.katas)]

    def next_not_green(self) -> Kata | None:
        """The next kata in the list that is not green; None if all others are green.

        Skipped katas are passed over while there are others.
        """
        others = (self.neighbour(step) for step in range(1, len(self.katas)))
        todo = [kata for kata in others if self.state(kata) != GREEN]
        return self._progress.first_to_do(todo) if self._is_own else next(iter(todo), None)

    def is_skipped(self, kata: Kata) -> bool:
        """Whether the learner has left the kata for later."""
        return self._is_own and self._progress.is_skipped(kata)

    def why_not_timed(self) -> str:
        """The reason why the answer cannot be timed; empty if it can be."""
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

    # ---------------------------------------------------------------- what changes it

    def show(self, kata: Kata) -> None:
        """Put a kata on the screen."""
        self.kata_state = KataState(kata, JUDGING if self._is_warm else WARMING_UP)
        self.diff: list[str] = []
        self.notice = ""
        self.offers_hint = self.awaits_key = False
        self.is_timed = False
        with contextlib.suppress(OSError, ValueError):
            self.is_timed = has_benchmark(kata)
        if kata not in self.katas:
            self.refresh()
        try:
            self.lesson = read_lesson(kata)
        except NoReference as error:
            self.lesson = Lesson(kata.stem, [], (), (), [])
            self.notice = str(error)
        self._show_new_warnings()

    def receive(self, event: Event) -> None:
        """Update the state by an event of the loop.

        A run of another kata means that its file was saved: that kata is shown then.
        """
        self._is_warm = True
        was_green = self.state(event.kata) == GREEN
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
                self._update_diff_and_hint_offer(event.verdict)
                self.awaits_key = self.advances and not was_green and self.kata_state.is_green

    def _record(self, kata: Kata, verdict: Verdict) -> None:
        """Remember a verdict, in the learner's progress too if the answer is their own."""
        self._judged[kata] = verdict.state
        if self._is_own:
            self._progress.record(verdict, complete=self._is_complete)
            self._show_new_warnings()
        self._states[kata] = self._known_state(kata)

    def _update_diff_and_hint_offer(self, verdict: Verdict) -> None:
        self.diff = self.difference() if verdict.state == GREEN else []
        self.offers_hint = (
            verdict.state == RED
            and self.kata not in self._hint_offered
            and self._progress.reds(self.kata) >= _MANY_REDS
            and self.hints_opened < len(self.lesson.hints)
        )
        if self.offers_hint:
            self._hint_offered.add(self.kata)

    def difference(self) -> list[str]:
        """The lines of a unified diff from the learner's file to the reference."""
        return diff_to_reference(self.kata, self.path)

    # ---------------------------------------------------------------- what the keys ask for

    def open_hint(self) -> None:
        """Open the next hint of the kata on the screen."""
        self.offers_hint = False
        count = len(self.lesson.hints)
        if self.hints_opened == count:
            self.notice = f"All {count} hints are open. What is left is the solution: s."
            return
        self._progress.open_hint(self.kata)
        self.notice = ""
        self._show_new_warnings()

    def reset(self) -> None:
        """Put the stub back. The loop sees that as a save and judges it."""
        self._tell(own_file.put_stub_back(self.kata) if self._is_own else own_file.ONLY_OWN)

    def plan_undo(self) -> UndoPlan | None:
        """What an undo of the last reset of the kata on the screen will do; None if it cannot be.

        In that case a notice says why.
        """
        found = own_file.plan(self.kata) if self._is_own else own_file.ONLY_OWN
        if isinstance(found, UndoPlan):
            return found
        self._tell(found)
        return None

    def undo(self, plan: UndoPlan) -> None:
        """Bring back the file that the last reset has replaced."""
        self._tell(own_file.put_file_back(plan))

    def _tell(self, notice: own_file.Notice) -> None:
        """Show a notice; if a file was replaced, it stays beyond the verdict on that file."""
        self.notice, self._has_replaced = notice.text, notice.has_replaced

    def _show_new_warnings(self) -> None:
        """Make a notice of what the progress warns of, each warning once."""
        new = self._progress.warnings[self._warnings_shown :]
        self._warnings_shown += len(new)
        if new:
            self.notice = " ".join(new)
