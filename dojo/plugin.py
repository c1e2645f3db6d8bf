"""The dojo's plugin of pytest: its options, its fixtures, and which plugins it registers.

In a project that is no dojo it does nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# What torch makes when it is imported stays: to look for garbage in it, again and again, would take
# a sixth of that time, and once more at the end.
gc.disable()

from dojo.course.katas import NoSuchFolder, solutions_folder
from dojo.course.trees import find_root
from dojo.devices.select import CHOICES
from dojo.judge.arguments import leaves_out, name_checks, refuse_answers_elsewhere
from dojo.judge.dispatch import Dispatch
from dojo.judge.items import machine_of
from dojo.judge.runner import Runner
from dojo.judge.serve import ServedRun
from dojo.judge.solution import Solution
from dojo.judge.terminal_report import KataReporter
from dojo.workers.limits import LONGEST_TIME_LIMIT, TIME_LIMIT

gc.freeze()
gc.enable()

RUNNER = pytest.StashKey[Runner]()


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
        choices=(*CHOICES, "all"),
        help="devices to check on; cuda is simulated where there is no GPU (default: all)",
    )
    group.addoption(
        "--time-limit",
        type=_seconds,
        default=TIME_LIMIT,
        metavar="SECONDS",
        help=f"time that one kata may take (default: {TIME_LIMIT:g})",
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
    if not 0 < value <= LONGEST_TIME_LIMIT:
        raise ValueError(f"the time limit is a number of seconds from 0 to {LONGEST_TIME_LIMIT:g}")
    return value


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the runner, the plugin that chooses its process, and the report."""
    root = find_root(config.rootpath)
    if root is None:
        refuse_answers_elsewhere(config)
        return
    name_checks(config, root)
    try:
        solutions = solutions_folder(config.getoption("--solutions"), root)
    except NoSuchFolder as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[RUNNER] = runner = Runner(config, root, solutions)
    config.pluginmanager.register(runner.checks, "dojo-checks")
    config.pluginmanager.register(runner, "dojo-runner")
    if config.getoption("benchmark_only", False):
        from dojo.bench.timed.plugin import Timing  # not needed to judge

        config.pluginmanager.register(Timing(config, root, solutions), "dojo-timing")
    elif ServedRun.is_asked_for():
        config.pluginmanager.register(ServedRun(runner), "dojo-served-run")
    else:
        config.pluginmanager.register(Dispatch(config, runner), "dojo-dispatch")
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        reporter = KataReporter(config, terminal, root, solutions)
        config.pluginmanager.register(reporter, "dojo-report")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the dojo's own tests, unless an argument names them, and what -k excludes."""
    runner = config.stash.get(RUNNER, None)
    if runner is None:
        return None
    is_left_out = leaves_out(collection_path, runner.root, config)
    return True if is_left_out or runner.checks.excludes(collection_path) else None


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under ``-n``, keep a kata's checks together, since they share a process.

    Another ``--dist`` than the usual one is left as it is.
    """
    if RUNNER not in config.stash or config.getoption("dist") != "load":
        return None
    from xdist.scheduler import LoadFileScheduling  # there is one, since it asks

    return LoadFileScheduling(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each check that takes ``device`` once for each chosen device."""
    if "device" in metafunc.fixturenames and RUNNER in metafunc.config.stash:
        chosen = metafunc.config.getoption("--device")
        names = CHOICES if chosen == "all" else (chosen,)
        metafunc.parametrize("device", names, indirect=True)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """The device to check on, "cpu" or "cuda"; a missing GPU is simulated during the test.

    Checks of the aspect "device" run beside a GPU even for "cpu".
    """
    with machine_of(request.node) as name:
        yield name


@pytest.fixture
def solution(request: pytest.FixtureRequest) -> Solution:
    """The learner's answer: its public names can be called as attributes."""
    return request.config.stash[RUNNER].solution_for(request.node)
