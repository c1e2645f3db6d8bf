"""The state of the kata on the screen, kept up to date by the loop's events; it draws nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from dojo.course.katas import Kata
from dojo.verdict.model import GREEN, NOT_STARTED, RED, Check, Verdict, failure_to_show
from dojo.watch.events import Checked, Diagnosed, Event, Judged, Started, Trouble

WARMING_UP = "warming up"
JUDGING = "judging"
JUDGED = "judged"
TROUBLED = "no verdict"


@dataclass(frozen=True)
class Aspect:
    """How far the checks of one aspect are in a run.

    Attributes:
        name: the aspect, such as "shape"; empty for checks without one.
        done, total: how many of its checks have ended, and how many there are.
        state: ``RED`` or ``NOT_STARTED`` as soon as one check is, ``GREEN`` once all are, else
            empty.
    """

    name: str
    done: int
    total: int
    state: str


@dataclass
class KataState:
    """A kata's last verdict, and the run of its checks that is under way.

    Attributes:
        phase: ``WARMING_UP``, ``JUDGING``, ``JUDGED`` or ``TROUBLED``.
        planned, done: the checks of the run, and those of them that have ended.
        verdict: the last one, also while the kata is judged again.
        judged_at: when that was, as a clock shows it.
        trouble: why there is no verdict, for the phase ``TROUBLED``.
    """

    kata: Kata
    phase: str
    planned: tuple[Check, ...] = ()
    done: list[Check] = field(default_factory=list)
    verdict: Verdict | None = None
    judged_at: str = ""
    trouble: str = ""
    _begun: float = field(default_factory=time.monotonic)

    def receive(self, event: Event) -> None:
        """Update the state by an event of this kata."""
        if isinstance(event, Started):
            self.phase, self.planned, self.done = JUDGING, event.checks, []
            self._begun = time.monotonic()
        elif isinstance(event, Checked):
            self.done.append(event.check)
        elif isinstance(event, Judged):
            self.phase, self.verdict = JUDGED, event.verdict
            self.judged_at = time.strftime("%H:%M:%S")
        elif isinstance(event, Diagnosed) and self.verdict is not None:
            self.verdict = replace(self.verdict, diagnosis=event.diagnosis)
        elif isinstance(event, Trouble):
            self.phase, self.trouble = TROUBLED, event.message

    @property
    def is_green(self) -> bool:
        """Whether the last run has ended, and all of its checks are green."""
        return self.phase == JUDGED and self.verdict is not None and self.verdict.state == GREEN

    @property
    def seconds(self) -> int:
        """Whole seconds since the run under way began; 0 if none is."""
        return int(time.monotonic() - self._begun) if self.phase == JUDGING else 0

    @property
    def failure(self) -> Check | None:
        """The failed check to show, or None.

        It is of the run under way as soon as a check has failed there, else of the last verdict.
        """
        if self.phase == JUDGING and (failed := failure_to_show(self.done)):
            return failed
        return self.verdict.first_failure if self.verdict is not None else None

    @property
    def is_failure_old(self) -> bool:
        """Whether ``failure`` is of the last verdict while another run is under way."""
        return self.phase == JUDGING and failure_to_show(self.done) is None

    @property
    def aspects(self) -> list[Aspect]:
        """The aspects of the run's checks, in the order of the checks."""
        names = dict.fromkeys(check.aspect for check in self.planned)
        return [self._aspect(name) for name in names]

    def _aspect(self, name: str) -> Aspect:
        total = sum(check.aspect == name for check in self.planned)
        states = [check.state for check in self.done if check.aspect == name]
        failed = [state for state in states if state not in (GREEN, NOT_STARTED)]
        if failed:
            state = RED
        elif NOT_STARTED in states:
            state = NOT_STARTED
        else:
            state = GREEN if len(states) == total else ""
        return Aspect(name, len(states), total, state)
