"""Runs the checks of a kata in this very process, and turns what they raise into outcomes.

The process is a worker, or pytest's own with ``--isolation=none``. Which process judges a kata is
decided in ``dispatch``.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from dojo.checks.laws.contract import Contract
from dojo.course.katas import Kata, find_katas, kata_of
from dojo.course.reference import read_reference
from dojo.course.trees import PACKAGE, TREES, course_of
from dojo.devices.write_order import WriteOrder
from dojo.files.atomic import signature_of
from dojo.judge.collection import module_at, place_in_file
from dojo.judge.items import KATA, PLACE, is_simple, machine_of, place_of
from dojo.judge.keywords import KeywordFilter
from dojo.judge.loading import unloaded_afterwards
from dojo.judge.outcome import check_after, check_before
from dojo.judge.sandbox.defaults import preload, reset_settings_and_seeds
from dojo.judge.sandbox.file_access import AuditHook
from dojo.judge.sandbox.freed_memory import freed_memory_overwritten
from dojo.judge.sandbox.output import KEPT
from dojo.judge.sandbox.process_state import ProcessState
from dojo.judge.sandbox.tampering import Snapshot
from dojo.judge.solution import Solution
from dojo.verdict.model import GREEN, RED, Check
from dojo.verdict.text import text_of_report
from dojo.workers.lifetime import ended_after

_LONGEST = 10.0  # seconds of a rehearsal: the reference of somebody's own course may never end
# Files of the dojo's root that decide how pytest judges.
_ROOT_FILES = ("conftest.py", "pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")


class Runner:
    """A plugin of pytest that knows the checks of each kata, and runs them in this process.

    Attributes:
        config: the configuration of pytest.
        root: the dojo's root.
        solutions: the folder of answers, laid out like ``katas/``.
        session: that of a run which collects a kata's checks when it is asked for them; None in a
            run that collects all checks at its start.
    """

    def __init__(self, config: pytest.Config, root: Path, solutions: Path) -> None:
        self.config, self.root, self.solutions = config, root, solutions
        self._items: dict[str, list[pytest.Item]] = {}
        self._loaded: dict[str, Solution] = {}
        self._numbers = itertools.count()
        self._snapshot: Snapshot | None = None
        self._audit_hook: AuditHook | None = None
        self._watched: list[Path] = []  # files of the judge that an answer must not change
        self._signatures: list[object] = []  # of these files, before the answer is judged
        self._state: ProcessState | None = None
        self._modules: dict[str, Any] = {}
        self._reference = b""  # the content of the file, between ``open`` and ``rehearse``
        self.session: pytest.Session | None = None

    # ---------------------------------------------------------------- collection

    def collect(self, kata: Kata) -> None:
        """Collect the checks of a kata, unless this run has collected some of them.

        Where they cannot be collected, there are none.
        """
        if self.session is None or kata.name in self._items:
            return
        self._items[kata.name] = []
        self._snapshot = None  # the checks may have imported more of the dojo
        with contextlib.suppress(pytest.UsageError):  # there is no such file
            node = kata.node if kata.node.is_file() else kata.checks
            self.session.perform_collect([str(node)])

    @functools.cached_property
    def _keywords(self) -> KeywordFilter | None:
        expression = self.config.getoption("keyword")
        return KeywordFilter(expression, find_katas(self.root)) if expression else None

    def excludes(self, path: Path) -> bool:
        """Return whether a file holds the checks of a kata that ``-k`` cannot mean."""
        if self._keywords is None:
            return False
        kata = kata_of(path, self.root)
        return kata is not None and self._keywords.excludes(kata)

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Take the checks of a kata in place of the learner's file, if they lie elsewhere."""
        collectors = yield
        module = module_at(file_path, parent, self.root)
        return collectors if module is None else [module]

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Store the place of a check in its file, before any plugin puts it elsewhere."""
        item.stash[PLACE] = place_of(item, next(self._numbers))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Store each check's kata in its item; sort the checks like the course if nobody chose."""
        if self.config.getoption("benchmark_only", False):
            return  # katas are timed, not judged
        warns = self.config.pluginmanager.hasplugin("warnings")
        for item in items:
            kata = kata_of(item.path, self.root)
            if kata is not None:
                item.stash[KATA] = kata
                item.stash.setdefault(PLACE, place_of(item, next(self._numbers)))
                # pytest would render the whole traceback, of which nothing is shown
                item.repr_failure = lambda *_args, **_kwargs: ""  # type: ignore[method-assign]
                place_in_file(item)
                self._items.setdefault(kata.name, []).append(item)
                if warns:  # a right answer may cause one in NumPy or torch
                    item.add_marker(pytest.mark.filterwarnings("ignore"))
        for checks in self._items.values():
            checks.sort(key=lambda item: item.stash[PLACE])
        if self.config.args_source is pytest.Config.ArgsSource.TESTPATHS:  # nobody chose an order
            places = {kata: place for place, kata in enumerate(find_katas(self.root))}
            items.sort(key=lambda item: places[item.stash[KATA]] if KATA in item.stash else -1)

    def items_of(self, kata: Kata) -> list[pytest.Item]:
        """Return the checks of a kata that this run has collected."""
        return self._items.get(kata.name, [])

    # ---------------------------------------------------------------- getting ready

    def warm_up(self, all_of_torch: bool = False) -> None:
        """Import what workers need, and take the snapshot that shows tampering; once.

        Args:
            all_of_torch: import also what only some answers need, and take the snapshot again.
        """
        if self._snapshot is None or all_of_torch:
            preload(all_of_torch)
            if all_of_torch:
                self._prepare_laws(itertools.chain.from_iterable(self._items.values()))
            self._snapshot = Snapshot()
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
            self._prepare_laws(self.items_of(kata))
            yield
        self.warm_up()

    def _prepare_laws(self, items: Iterable[pytest.Item]) -> None:
        """Make the rows of the checks' contracts, which every forked worker would make again."""
        classes = {item.cls for item in items if isinstance(item, pytest.Function) and item.cls}
        for one in classes:
            if issubclass(one, Contract):
                with contextlib.suppress(Exception):  # the verdict meets it again, and words it
                    one().prepare()

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
        course = course_of(self.root)
        hidden = [] if solutions == course / "reference" else ["reference", "impostors"]
        own = [course / tree for tree in TREES if course / tree != self.root / "katas"]
        own += [PACKAGE, *(self.root / name for name in _ROOT_FILES)]
        protected = [self.root / "katas", self.root / ".dojo", solutions]
        judging = [path for path in own if path != solutions]
        self._audit_hook = AuditHook([course / tree for tree in hidden], protected, judging)
        self._watched = [kata.checks, *(self.root / name for name in _ROOT_FILES)]
        self._signatures = [signature_of(path) for path in self._watched]

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
        if self._snapshot is not None:
            self._snapshot.restore()  # as it is done during a verdict, too

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
        if self._audit_hook and self._audit_hook.was_read:
            fault = f"reads {self._audit_hook.was_read}: the answer must be your own"
        elif changed := self._changed_file(thoroughly):
            fault = f"changes {changed}, which belongs to the dojo. Leave it as it is"
        elif self._state is not None and self._state.faults:
            fault = self._state.faults[0]
            self._state.faults.clear()
        elif self._snapshot and (found := self._snapshot.restore(thoroughly)):
            fault = f"replaces {found[0]}, which judges your answer. Leave it as it is"
        else:
            return check
        before = self.check_before(item)
        return replace(before, state=RED, message=f"{before.file}: your file {fault}.")

    def _changed_file(self, thoroughly: bool) -> str:
        """Return the name of a file of the judge that the answer changed, or tried to."""
        hook = self._audit_hook
        if hook is not None and thoroughly and not hook.was_changed:
            pairs = zip(self._watched, self._signatures, strict=True)
            changed = (path.name for path, before in pairs if signature_of(path) != before)
            hook.was_changed = next(changed, "")
        return hook.was_changed if hook is not None else ""

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
