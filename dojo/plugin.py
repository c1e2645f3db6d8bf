"""The pytest plugin: the single judge. Turns a run of the checks into verdicts.

It decides which checks belong to a kata, gives them the learner's ``solution`` and the
``device``, runs each kata in a process of its own, and words what went wrong. What it shows is
in ``report``. In a project that is no dojo it does nothing.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import re
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

# What torch makes when it is imported stays: to look for garbage in it, again and again, would take
# a sixth of that time, and once more at the end.
gc.disable()

from dojo import devices, isolation, serving
from dojo.catalog import TREES, Kata, NoSuchFolder, find_katas, find_root, kata_of, solutions_folder
from dojo.checks import CheckFailed, aspect_of, grid_of
from dojo.fresh import forget_what_was_set, warm_up
from dojo.guard import Guard
from dojo.loading import LoadError, learner_line, shown_path, unstarted_name
from dojo.lost import Lost, what_became
from dojo.output import KEPT
from dojo.pages import gather
from dojo.protocol import open_request, run_request
from dojo.report import KataReporter
from dojo.seals import Seals
from dojo.solution import Rehearsal, Solution
from dojo.statement import read_statement
from dojo.verdict import GREEN, NOT_STARTED, RED, Check
from dojo.workers import SOCKET as HUB_SOCKET

gc.freeze()
gc.enable()

_LONGEST = 24 * 60 * 60  # seconds; more than a day is a mistake
_MANY = 100  # katas in a run, from which on it pays to make forks cheap
DOJO = pytest.StashKey["Dojo"]()
KATA = pytest.StashKey[Kata]()
CHECK = pytest.StashKey[Check]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dojo", "kata dojo")
    group.addoption(
        "--solutions",
        default="katas",
        metavar="katas|reference|DIR",
        help="whose answers are judged (default: katas)",
    )
    group.addoption(
        "--device",
        default="all",
        choices=(*devices.CHOICES, "all"),
        help="devices to check on; cuda is simulated where there is no GPU (default: all)",
    )
    group.addoption(
        "--time-limit",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="time that one kata may take (default: 10)",
    )
    group.addoption(
        "--verdicts",
        metavar="FILE",
        help="write the verdicts there, a line of JSON each",
    )
    group.addoption(
        "--cases",
        metavar="FILE",
        help="with --benchmark-only: add each case there as it ends, a line of JSON each",
    )
    group.addoption(
        "--isolation",
        default="auto",
        choices=("auto", "fork", "spawn", "none"),
        help="process that runs a kata's checks (default: auto; none with --pdb)",
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= _LONGEST:
        raise ValueError(f"the time limit is a number of seconds from 0 to {_LONGEST}")
    return value


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    root = find_root(config.rootpath)
    if root is None:
        return
    config.stash[DOJO] = Dojo(config, root)
    config.pluginmanager.register(config.stash[DOJO], "dojo-judge")
    if config.getoption("benchmark_only", False):
        from dojo.timing import Timing  # not needed to judge

        timing = Timing(config, root, config.stash[DOJO].solutions)
        config.pluginmanager.register(timing, "dojo-timing")
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        reporter = KataReporter(config, terminal, root, config.stash[DOJO].solutions)
        config.pluginmanager.register(reporter, "dojo-report")


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under ``-n``, keep a kata's checks together: they share a process. Unless told otherwise."""
    if DOJO not in config.stash or config.getoption("dist") != "load":
        return None
    from xdist.scheduler import LoadFileScheduling  # there is one, since it asks

    return LoadFileScheduling(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "device" in metafunc.fixturenames and DOJO in metafunc.config.stash:
        chosen = metafunc.config.getoption("--device")
        names = devices.CHOICES if chosen == "all" else (chosen,)
        metafunc.parametrize("device", names, indirect=True)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """The device to check on, "cpu" or "cuda"; a missing GPU is simulated during the test.

    Where the device itself is judged, there is a GPU even if the CPU is meant: an answer that takes
    any GPU that it finds is wrong then.
    """
    with _machine_of(request.node) as name:
        yield name


def _machine_of(item: pytest.Item) -> AbstractContextManager[str]:
    function = getattr(item, "function", None)
    return devices.on(
        devices.device_of_item(item),
        beside_a_gpu=devices.takes_device(item) and aspect_of(function) == "device",
    )


@pytest.fixture
def solution(request: pytest.FixtureRequest) -> Solution | Rehearsal:
    """The learner's answer: its public names can be called as attributes."""
    return request.config.stash[DOJO].solution_for(request.node)


class Dojo:
    """One run's judge: what is judged, and the process that judges the current kata."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self.config = config
        self.root = root
        try:
            self.solutions = solutions_folder(config.getoption("--solutions"), root)
        except NoSuchFolder as error:
            raise pytest.UsageError(str(error)) from None
        self._was_spawned = self._serving = isolation.ADDRESS in os.environ
        self._child: isolation.Child | None = None
        self._ahead: tuple[Kata, isolation.Child] | None = None  # the next kata's
        self._told: set[str] = set()  # the checks that one of them was told to run
        self._lost: Lost | None = None  # what became of the kata's process
        self._items: dict[str, list[pytest.Item]] = {}
        self._groups: list[list[pytest.Item]] = []
        self._place: dict[str, int] = {}  # of a check's group among these, by node id
        self._loaded: dict[str, Solution | Rehearsal] = {}
        self._seals: Seals | None = None
        self._guard: Guard | None = None

    # ---------------------------------------------------------------- collection

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.config.getoption("benchmark_only", False):
            return  # katas are timed, not judged
        warns = self.config.pluginmanager.hasplugin("warnings")
        for item in items:
            kata = kata_of(item.path, self.root)
            if kata is not None:
                item.stash[KATA] = kata
                # pytest would render the whole traceback, of which nothing is shown
                item.repr_failure = lambda *_args, **_kwargs: ""  # type: ignore[method-assign]
                self._items.setdefault(kata.name, []).append(item)
                if warns:  # a right answer may cause one in NumPy or torch
                    item.add_marker(pytest.mark.filterwarnings("ignore"))
        if self.config.args_source is pytest.Config.ArgsSource.TESTPATHS:  # nobody chose an order
            places = {kata: place for place, kata in enumerate(find_katas(self.root))}
            items.sort(key=lambda item: places[item.stash[KATA]] if KATA in item.stash else -1)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which checks are of one kata and come in a row: they share a process."""
        rows = itertools.groupby(session.items, key=lambda item: item.stash.get(KATA, None))
        self._groups = [list(row) for _, row in rows]
        self._place = {
            item.nodeid: place for place, group in enumerate(self._groups) for item in group
        }

    # ---------------------------------------------------------------- the process

    @property
    def _isolation(self) -> str:
        choice = str(self.config.getoption("--isolation"))
        if self._serving or self.config.getoption("usepdb") or self.config.getoption("trace"):
            return "none"
        if choice == "auto":
            return "fork" if isolation.can_fork() else "spawn"
        return choice

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        if KATA not in item.stash or self._isolation == "none":
            return None
        is_last = nextitem is None or nextitem.stash.get(KATA, None) != item.stash[KATA]
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        try:
            for report in self._reports(item, None if is_last else nextitem):
                item.ihook.pytest_runtest_logreport(report=report)
        except BaseException:
            self._end_child()
            raise
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if is_last:
            self._end_child()
        return True

    def _reports(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[pytest.TestReport]:
        """What pytest is told of one check, which the kata's process has run or did not finish."""
        started = time.time()
        check, source_hash = self._outcome(item, nextitem)
        now = time.time()
        for when in ("setup", "call", "teardown"):
            is_call = when == "call"
            is_bad = is_call and check.state != GREEN
            yield pytest.TestReport(
                nodeid=item.nodeid,
                location=item.location,
                keywords=dict.fromkeys(item.keywords, 1),
                outcome="failed" if is_bad else "passed",
                longrepr=check.message if is_bad else None,
                when=when,
                sections=[("Captured output", check.output)] if is_bad and check.output else (),
                start=started if is_call else now,
                stop=now,
                duration=now - started if is_call else 0,
                dojo=check.as_json() if is_call else None,
                dojo_source_hash=source_hash,
            )

    def _outcome(self, item: pytest.Item, nextitem: pytest.Item | None) -> tuple[Check, str]:
        """A check as it ended, and the hash of the file that was judged."""
        if self._lost is None:
            try:
                answer = self._child_for(item, nextitem).hear()
                return Check(**answer["check"]), answer["source_hash"]
            except (isolation.ChildStuck, isolation.ChildDied) as error:
                path = item.stash[KATA].solution_in(self.solutions)
                self._lost = what_became(error, self._child, path, self.root)
        return self._lost.of(self.check_of(item, GREEN, "", 0)), ""

    def _child_for(self, item: pytest.Item, nextitem: pytest.Item | None) -> isolation.Child:
        """The kata's process, told to run this check; meanwhile the next kata's begins."""
        is_new = self._child is None
        child = self._child = self._child or self._taken_ahead(item) or self._new_child(item)
        if item.nodeid not in self._told:
            if hasattr(self.config, "workerinput"):  # xdist does not tell a worker what will come
                self._tell(child, [item], is_new, nextitem)
            else:
                self._tell(child, self._groups[self._place[item.nodeid]], is_new)
        if is_new:
            child.hear()  # the plan, which is known here
            self._go_ahead(item)
        return child

    def _tell(
        self,
        child: isolation.Child,
        group: list[pytest.Item],
        is_new: bool,
        following: pytest.Item | None = None,
    ) -> None:
        if is_new:
            aloud = self.config.getoption("capture") == "no"
            child.tell(open_request(group[0].stash[KATA], self.solutions, aloud=aloud))
        nodeids = [item.nodeid for item in group]
        child.tell(run_request(nodeids, following.nodeid if following else None))
        self._told.update(nodeids)

    def _go_ahead(self, item: pytest.Item) -> None:
        """Begin with the kata after the item's, where there is a processor to spare."""
        if hasattr(self.config, "workerinput") or (os.cpu_count() or 1) < 2:
            return
        after = self._place[item.nodeid] + 1
        group = self._groups[after] if after < len(self._groups) else []
        if not group or KATA not in group[0].stash:
            return
        child = self._new_child(group[0])
        try:
            if isinstance(child, isolation.ForkedChild):  # another would have to be waited for
                self._tell(child, group, is_new=True)
        except isolation.ChildDied:
            child.close()  # that is no fault of this item's kata
        else:
            self._ahead = group[0].stash[KATA], child

    def _taken_ahead(self, item: pytest.Item) -> isolation.Child | None:
        """The process that has begun with the item's kata."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] != item.stash[KATA]:
            ahead[1].close()
            return None
        return ahead[1] if ahead is not None else None

    def _new_child(self, item: pytest.Item) -> isolation.Child:
        limit = self.config.getoption("--time-limit")
        if self._isolation == "fork":
            if self._seals is None and len(self._items) > _MANY:
                gather()
            self._warm_up()
            return isolation.ForkedChild(self._serve, limit)
        return isolation.SpawnedChild([str(item.stash[KATA].checks)], self.root, limit)

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.close()
        self._child = self._lost = None

    def pytest_sessionfinish(self) -> None:
        """End what a run that was stopped has left."""
        self._end_child()
        if self._ahead is not None:
            self._ahead[1].close()
        isolation.forget_dead()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool | None:
        if HUB_SOCKET in os.environ:
            from dojo.hub import refuse, run_hub  # for Linux only

            if not isolation.can_fork():
                refuse()
            else:
                self._warm_up()
                run_hub(self._serve, lambda: self._warm_up(thoroughly=True))
            return True
        if self._serving:
            self._warm_up()
            self._serve(isolation.connect())
            return True
        return None

    def _warm_up(self, thoroughly: bool = False) -> None:
        if self._seals is None or thoroughly:
            warm_up(thoroughly)
            self._seals = Seals()
            gc.freeze()  # a child that collects would copy the whole heap

    def _serve(self, line: Connection) -> None:
        """In the child: run the checks that the parent asks for, in this very process."""
        self._serving = True
        for name in isolation.USELESS:
            self.config.pluginmanager.unregister(name=name)
        serving.serve(self, line)

    def items_of(self, kata: Kata) -> list[pytest.Item]:
        """The checks of a kata that this run has collected."""
        return self._items.get(kata.name, [])

    def open(self, kata: Kata, solutions: Path) -> None:
        """Judge only this kata's answer from now on, in this process."""
        self.solutions = solutions
        self.solution(kata)  # reads the reference's names, before that is forbidden
        secret = [] if solutions == self.root / "reference" else ["reference", "impostors"]
        precious = [*(self.root / tree for tree in (*TREES, "dojo", ".dojo")), solutions]
        self._guard = Guard([self.root / tree for tree in secret], precious)

    def rehearse(self, kata: Kata, items: Iterable[pytest.Item]) -> None:
        """Go through the checks without an answer: what a forked process touches for the first
        time, it copies, and that is better done before the learner saves than after.
        """
        if self._was_spawned:  # a hub does that for all that it forks
            self._warm_up(thoroughly=True)
        if self._seals is not None:
            self._seals.broken()
        answer = self._loaded[kata.name]
        self._loaded[kata.name] = Rehearsal()
        for item in items:
            self.run(item, None)
        self._loaded[kata.name] = answer

    def run(self, item: pytest.Item, following: pytest.Item | None) -> Check:
        """Run a check in this very process.

        Most checks take nothing but the answer, a device and the values of their parameters. Such
        a one is simply called: pytest's own way takes longer than many a check.
        """
        if not _is_simple(item):
            reports: list[Any] = runtestprotocol(item, log=False, nextitem=following)
            said = [Check(**report.dojo) for report in reports if getattr(report, "dojo", None)]
            return next((check for check in said if check.state != GREEN), said[0])
        call = pytest.CallInfo.from_call(lambda: self._call(item), when="call")
        return self._check_after(item, call.excinfo.value if call.excinfo else None)

    def _call(self, item: Any) -> None:
        values = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        values["solution"] = self.solution_for(item)
        with _machine_of(item) as values["device"]:
            item.obj(**{name: values[name] for name in item._fixtureinfo.argnames})

    # ---------------------------------------------------------------- the learner's answer

    def solution_for(self, item: pytest.Item) -> Solution | Rehearsal:
        """The answer that a check is about to judge."""
        forget_what_was_set()
        return self.solution(item.stash[KATA])

    def solution(self, kata: Kata) -> Solution | Rehearsal:
        if kata.name not in self._loaded:
            path = kata.solution_in(self.solutions)
            names = read_statement(kata.reference).names
            self._loaded[kata.name] = Solution(kata, path, names, self.root)
        return self._loaded[kata.name]

    def distrust(self, item: pytest.Item, check: Check, thoroughly: bool) -> Check:
        """The check, or a red one if the learner's code changed the judge or read the reference."""
        if self._guard and self._guard.was_read:
            fault = f"reads {self._guard.was_read}: the answer must be your own"
        elif self._seals and (found := self._seals.broken(thoroughly)):
            fault = f"replaces {found[0]}, which judges your answer. Leave it as it is"
        else:
            return check
        return self.check_of(item, RED, f"{check.file}: your file {fault}.", 0)

    # ---------------------------------------------------------------- wording a result

    def check_of(self, item: pytest.Item, state: str, message: str, line: int) -> Check:
        if CHECK not in item.stash:
            item.stash[CHECK] = self._check_before(item)
        return replace(item.stash[CHECK], state=state, message=message, line=line)

    def _check_before(self, item: pytest.Item) -> Check:
        """What is known of a check before it runs."""
        function = getattr(item, "function", None)
        text = (getattr(function, "__doc__", None) or "").strip().partition("\n")[0].rstrip(".")
        name = text or item.name.removeprefix("test_").replace("_", " ")
        path = shown_path(item.stash[KATA].solution_in(self.solutions), self.root)
        return Check(name, aspect_of(function), devices.device_of_item(item), "", file=path)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        report: Any = yield
        if KATA not in item.stash:
            return report
        if call.excinfo is None:
            if call.when == "call":
                report.dojo = self._check_after(item, None).as_json()
            return report
        printed = "".join(text for name, text in report.sections if "Captured std" in name)
        check = replace(self._check_after(item, call.excinfo.value), output=printed[-KEPT:])
        # a skip or an expected failure that the learner's code raises is no pass
        report.outcome = "failed"
        with contextlib.suppress(AttributeError):
            del report.wasxfail
        report.longrepr = check.message
        report.dojo = check.as_json()
        return report

    def _check_after(self, item: pytest.Item, error: BaseException | None) -> Check:
        """The check as it ended, by what it raised."""
        if error is None:
            return self.check_of(item, GREEN, "", 0)
        state, message, line = self._failure(item, error)
        message = re.sub(r" object at 0x[0-9a-f]+", "", message)  # another number in each run
        check = self.check_of(item, state, message, line)
        if isinstance(error, CheckFailed):
            return replace(check, got=grid_of(error.got), expected=grid_of(error.expected))
        return check

    def _failure(self, item: pytest.Item, error: BaseException) -> tuple[str, str, int]:
        """State, message and learner's line of what a check raised."""
        kata = item.stash[KATA]
        path = kata.solution_in(self.solutions)
        if isinstance(error, LoadError):
            return error.state, error.message, error.line
        solution = self._loaded.get(kata.name)
        called = str(solution.last_call) if solution else ""
        line = learner_line(error.__traceback__, path)
        if isinstance(error, CheckFailed):
            text = f"{called} {error.sentence}".strip()
            return RED, f"{text}\n{error.hint}".strip(), _definition_line(solution)
        frames = list(traceback.walk_tb(error.__traceback__))
        ends_in_learner = bool(frames) and frames[-1][0].f_code.co_filename == str(path)
        is_unstarted = isinstance(error, NotImplementedError) and ends_in_learner
        if is_unstarted and (name := unstarted_name(path, line)):
            return NOT_STARTED, f"{name} is not started: it still raises NotImplementedError.", line
        where = f" ({shown_path(path, self.root)}, line {line})" if line else ""
        what = f"{type(error).__name__}: {error}".strip().rstrip(":")
        first = " ".join(what.split())[:400]
        if isinstance(error, RecursionError):
            first = "RecursionError: it calls itself without end"
        if isinstance(error, SystemExit):
            first = f"SystemExit: it ends the process with code {error.code!r}"
        return RED, f"{called or kata.stem} raised {first}{where}", line


def _is_simple(item: Any) -> bool:
    """Whether a check wants nothing from pytest that the judge does not know."""
    if not isinstance(item, pytest.Function):
        return False
    wanted = set(item.fixturenames) - {"solution", "device", "request"}
    params = item.callspec.params if hasattr(item, "callspec") else {}
    marks = {mark.name for mark in item.iter_markers()}
    definitions = item._fixtureinfo.name2fixturedefs.values()
    is_overridden = any(len(found) > 1 for found in definitions)  # a kata has its own `device`
    is_usual = marks <= {"parametrize", "filterwarnings"} and not is_overridden
    return wanted <= params.keys() and is_usual


def _definition_line(solution: Solution | Rehearsal | None) -> int:
    return solution.last_line if solution else 0
