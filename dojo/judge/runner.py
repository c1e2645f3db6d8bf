"""Runs the checks of a kata in this very process, and turns what they raise into outcomes.

The process is a worker, or pytest's own with ``--isolation=none``. Which process judges a kata is
decided in ``dispatch``.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from dojo.course.katas import Kata, find_katas
from dojo.course.reference import read_reference
from dojo.devices.write_order import WriteOrder
from dojo.judge.guard import Guard
from dojo.judge.items import KATA, PLACE, is_simple, machine_of
from dojo.judge.kata_checks import KataChecks
from dojo.judge.loading import unloaded_afterwards
from dojo.judge.outcome import check_after, check_before
from dojo.judge.sandbox.defaults import preload, reset_settings_and_seeds
from dojo.judge.sandbox.freed_memory import freed_memory_overwritten
from dojo.judge.sandbox.output import KEPT
from dojo.judge.sandbox.process_state import ProcessState
from dojo.judge.sandbox.tampering import Snapshot
from dojo.judge.solution import Solution
from dojo.verdict.model import GREEN, RED, Check
from dojo.verdict.text import text_of_report
from dojo.workers.lifetime import ended_after

_LONGEST = 10.0  # seconds of a rehearsal: the reference of somebody's own course may never end


class Runner:
    """A plugin of pytest that runs checks in this process.

    Attributes:
        config: the configuration of pytest.
        root: the dojo's root.
        solutions: the folder of answers, laid out like ``katas/``.
        checks: the checks of each kata.
    """

    def __init__(self, config: pytest.Config, root: Path, solutions: Path) -> None:
        self.config, self.root, self.solutions = config, root, solutions
        self.checks = KataChecks(config, root)
        self._loaded: dict[str, Solution] = {}
        self._guard = Guard(root)
        self._state: ProcessState | None = None
        self._modules: dict[str, Any] = {}
        self._reference = b""  # the content of the file, between ``open`` and ``rehearse``

    # ---------------------------------------------------------------- getting ready

    def collect(self, kata: Kata) -> None:
        """Collect the checks of a kata, unless this run has collected some of them."""
        if self.checks.collect(kata):
            self._guard.snapshot = None  # it has to have all names of the dojo

    def warm_up(self, all_of_torch: bool = False) -> None:
        """Import what workers need, and take the snapshot that shows tampering; once.

        Args:
            all_of_torch: import also what only some answers need, and take the snapshot again.
        """
        if self._guard.snapshot is None or all_of_torch:
            preload(all_of_torch)
            if all_of_torch:
                self.checks.prepare_all_laws()
            self._guard.snapshot = Snapshot()
            self._modules = dict(sys.modules)
            gc.freeze()  # a forked process that collects garbage would copy the whole heap

    def all_steps(self) -> Iterator[None]:
        """Import all that workers need, and collect every kata's checks, in steps of some 30 ms.

        The first step alone takes longer: it imports all of torch.
        """
        self.warm_up(all_of_torch=True)
        yield
        for kata in find_katas(self.root):
            self.collect(kata)
            self.checks.prepare_laws(self.checks.of(kata))
            yield
        self.warm_up()

    def open(self, kata: Kata, solutions: Path, will_rehearse: bool = False) -> None:
        """Judge only this kata's answer from now on; close the reference to this process.

        Args:
            kata: what is judged.
            solutions: the folder of answers, laid out like ``katas/``.
            will_rehearse: whether ``rehearse`` is called next.
        """
        self.solutions = solutions
        with freed_memory_overwritten():
            self._reference = kata.reference.read_bytes() if will_rehearse else b""
            self.solution(kata)  # reads the reference's names, before that is forbidden
        self._guard.close(kata, solutions)

    def record_process(self, reopen: Callable[[], Any]) -> None:
        """Record this process as it is: it is put back whenever the learner's code has run.

        Args:
            reopen: returns a stream to print to, for one that was closed.
        """
        self._state = ProcessState(reopen, self._modules)

    def rehearse(
        self,
        kata: Kata,
        items: Iterable[pytest.Item],
        is_awaited: Callable[[], bool] = lambda: False,
    ) -> None:
        """Run the checks on the reference, so that the verdict on the answer is faster.

        A forked process copies each page of memory when it first writes to it, and torch makes much
        at the first use. So that is paid before the learner saves, and not during the verdict.
        Nothing of the reference is left for the answer to find.

        Args:
            kata: what is judged.
            items: its checks.
            is_awaited: called before each check; whether the verdict is asked for already.
        """
        answer = self._loaded[kata.name]
        with ended_after(_LONGEST), freed_memory_overwritten():
            with unloaded_afterwards(kata):
                self._loaded[kata.name] = answer.with_content(self._reference)
                for item in items:
                    if is_awaited():
                        break
                    self.run(item, None)
                self._loaded[kata.name] = answer
            self._reference = b""
            gc.collect()
        WriteOrder.was_open = False
        if self._state is not None:
            self._state.faults.clear()  # they are not the answer's
        self._guard.fault_of_names(thoroughly=True)  # as it is asked during a verdict, too

    # ---------------------------------------------------------------- running a check

    def run(self, item: pytest.Item, following: pytest.Item | None) -> Check:
        """Run one check in this process.

        Most checks take nothing but the answer, a device and the values of their parameters. Such
        a check is simply called: pytest's own protocol takes longer than many a check.

        Args:
            item: the check.
            following: the check that comes next, if any; what it does not need is torn down.
        """
        if not is_simple(item):
            reports: list[Any] = runtestprotocol(item, log=False, nextitem=following)
            outcomes = [Check(**report.dojo) for report in reports if getattr(report, "dojo", None)]
            return next((check for check in outcomes if check.state != GREEN), outcomes[0])
        call = pytest.CallInfo.from_call(lambda: self._call_check(item), when="call")
        if call.excinfo is None:
            return self._check_after(item, None)
        error = call.excinfo.value
        check = self._check_after(item, error)
        traceback.clear_frames(error.__traceback__)  # what they hold may be large
        error.__traceback__ = None
        return check

    def _call_check(self, item: Any) -> None:
        values = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        values["solution"] = self.solution_for(item)
        with machine_of(item) as values["device"]:
            try:
                item.obj(**{name: values[name] for name in item._fixtureinfo.argnames})
            finally:
                if self._state is not None:
                    self._state.restore()

    def solution_for(self, item: pytest.Item) -> Solution:
        """Reset torch's settings and seeds, and return the answer that this check judges."""
        reset_settings_and_seeds()
        solution = self.solution(item.stash[KATA])
        solution.hint = ""  # it was of another check
        return solution

    def solution(self, kata: Kata) -> Solution:
        """Return the answer to a kata; its file is read at the first use of one of its names."""
        if kata.name not in self._loaded:
            path = kata.solution_in(self.solutions)
            names = read_reference(kata).names
            WriteOrder.was_open = False
            self._loaded[kata.name] = Solution(kata, path, names, self.root, lambda: self._state)
        return self._loaded[kata.name]

    # ---------------------------------------------------------------- outcomes

    def check_before(self, item: pytest.Item) -> Check:
        """Return what is known of a check before it runs."""
        return check_before(item, self.solutions)

    def _check_after(self, item: pytest.Item, error: BaseException | None) -> Check:
        solution = self._loaded.get(item.stash[KATA].name)
        return check_after(item, error, self.solutions, solution)

    def verify_integrity(self, item: pytest.Item, check: Check, thoroughly: bool) -> Check:
        """Return the check, or a red one if the answer changed the judge or read the reference.

        Args:
            item: the check that has just run.
            check: the check with its outcome.
            thoroughly: look at every name of the judge, not only at torch's modes.
        """
        fault = self._guard.fault_of_files(thoroughly)
        if not fault and self._state is not None and self._state.faults:
            fault = self._state.faults[0]
            self._state.faults.clear()
        fault = fault or self._guard.fault_of_names(thoroughly)
        if not fault:
            return check
        before = self.check_before(item)
        return replace(before, state=RED, message=f"{before.file}: your file {fault}.")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Put the outcome into the report of a check that runs by pytest's own protocol."""
        report: Any = yield
        if KATA not in item.stash:
            return report
        if call.excinfo is None:
            if call.when == "call":
                report.dojo = self._check_after(item, None).as_json()
                report.dojo_place = item.stash[PLACE]
            return report
        printed = "".join(text for name, text in report.sections if "Captured std" in name)
        check = replace(self._check_after(item, call.excinfo.value), output=printed[-KEPT:])
        # a skip or an expected failure that the learner's code raises is no pass
        report.outcome = "failed"
        with contextlib.suppress(AttributeError):
            del report.wasxfail
        report.longrepr = text_of_report(check)
        report.dojo, report.dojo_place = check.as_json(), item.stash[PLACE]
        return report
