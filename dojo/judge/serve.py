"""The worker's side of a verdict: runs the checks that the parent asks for, and answers each.

``ServedRun`` is for runs of pytest that only serve; a forked worker calls ``serve`` alone.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO

import pytest
import torch

from dojo.course.katas import Kata
from dojo.devices.select import can_fork, device_of_item, devices_line, takes_device
from dojo.judge.error_words import error_in_words
from dojo.judge.runner import Runner
from dojo.judge.sandbox.output import Tail, print_to_memory
from dojo.verdict.model import CRASHED, GREEN, Check
from dojo.workers.limits import bound_memory
from dojo.workers.protocol import SOCKET, WorkerEnd, answer, requests
from dojo.workers.pytest_process import UNUSED_PLUGINS
from dojo.workers.spawned import ADDRESS, connect


class ServedRun:
    """A plugin for a run of pytest that only serves: as a fork server, or as a spawned worker."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @staticmethod
    def is_asked_for() -> bool:
        """Whether this process was started to serve."""
        return SOCKET in os.environ or ADDRESS in os.environ

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Collect nothing yet: the checks of a kata are collected when it is asked for."""
        self._runner.checks.session = session
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool:
        """Serve in place of running the tests."""
        runner = self._runner
        if SOCKET not in os.environ:
            runner.warm_up()
            serve(runner, connect())
            return True
        from dojo.workers.fork_server import refuse, run_fork_server  # for Linux only

        if can_fork():
            runner.warm_up()
            run_fork_server(partial(serve, runner), runner.all_steps())
        else:
            refuse()
        return True


def _stream_to_nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - to the end


class AnswerRun:
    """Runs the checks of one answer, and looks whether the answer has spoiled what judges it.

    Args:
        runner: what runs the checks.
        tail: what keeps the end of what the answer prints, if anything does.
    """

    def __init__(self, runner: Runner, tail: Tail | None) -> None:
        self._runner, self._tail = runner, tail
        self._verify_integrity = runner.verify_integrity  # the learner's code may replace that
        self._is_first, self._was_red = True, False

    def check(self, item: pytest.Item, following: pytest.Item | None) -> Check:
        """Run a check, and return its outcome.

        Args:
            item: the check.
            following: the check that comes next; None after the last one.
        """
        check = self._outcome(item, following)
        # After the first check, and before a red verdict is explained or a green one given.
        is_turn = check.state != GREEN or following is None
        thoroughly = self._is_first or (is_turn and not self._was_red)
        check = self._verify_integrity(item, check, thoroughly=thoroughly)
        self._is_first, self._was_red = False, self._was_red or check.state != GREEN
        sys.stdout.flush()
        printed = self._tail.take() if self._tail else ""
        return check if check.state == GREEN else replace(check, output=printed)

    def _outcome(self, item: pytest.Item, following: pytest.Item | None) -> Check:
        """Run a check; if the judge itself fails at that, the answer has broken something of it."""
        try:
            return self._runner.run(item, following)
        except BaseException as error:  # noqa: BLE001 - whatever the answer has done
            before = self._runner.check_before(item)
            fault = f"your file broke what judges it: {error_in_words(error)}"
            message = f"{before.file}: {fault}. Does it change Python or torch themselves?"
            return replace(before, state=CRASHED, message=message)


def serve(runner: Runner, connection: WorkerEnd) -> None:
    """Judge one kata's answer: send the plan, then an answer for each check, until the end.

    Args:
        runner: what runs the checks.
        connection: the connection to the parent; ``workers.protocol`` describes the messages.
    """
    for name in UNUSED_PLUGINS:
        runner.config.pluginmanager.unregister(name=name)
    bound_memory()
    torch.set_num_threads(1)  # a forked OpenMP pool hangs
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - to the end
    received = requests(connection)
    request = next(received)
    kata = Kata(request["kata"], runner.root)
    runner.collect(kata)
    runner.warm_up()
    runner.open(kata, Path(request["solutions"]), will_rehearse=request["rehearse"])
    chosen = request["device"]
    checks = {
        item.nodeid: replace(runner.check_before(item), state=GREEN)
        for item in runner.checks.of(kata)
        if chosen in ("all", device_of_item(item)) or not takes_device(item)
    }
    plan = [{"nodeid": nodeid, "check": check.as_json()} for nodeid, check in checks.items()]
    used = tuple(sorted({check.device for check in checks.values()}))
    answer(connection, {"plan": plan, "devices": devices_line(used)})
    items = {item.nodeid: item for item in runner.checks.of(kata)}
    tail = print_to_memory() if request["capture"] else None
    runner.record_process(tail.stream if tail else _stream_to_nowhere)
    if request["rehearse"]:
        runner.rehearse(kata, (items[nodeid] for nodeid in checks), connection.has_request)
        if tail:
            tail.take()  # what the reference printed
    run_check = AnswerRun(runner, tail).check  # as it is before the learner's code can change it
    for request in received:
        for nodeid, following in itertools.pairwise([*request["run"], request["following"]]):
            started = time.perf_counter()
            check = run_check(items[nodeid], items.get(following))
            seconds = time.perf_counter() - started
            source_hash = runner.solution(kata).source_hash
            outcome = {
                "nodeid": nodeid,
                "check": check.as_json(),
                "seconds": seconds,
                "source_hash": source_hash,
            }
            answer(connection, outcome)
