"""Judges what is known of a kata: ``python -m dojo_tests.proof.kata_run FILE KATA [STUB]``.

A file of JSON then has the outcomes of its saboteurs and, if there is a stub, what ``answers_run``
finds. A name such as ``intro/k03_in_place_add:add_`` stands for one function of a kata.
"""

import contextlib
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

import pytest
import torch

from dojo.course.katas import Kata
from dojo.files.atomic import write_atomically
from dojo.plugin import RUNNER
from dojo_tests.proof.answers_run import judge_all
from dojo_tests.proof.saboteur_run import ROOT, SaboteurRun


class KataRun:
    """A plugin of pytest that does all this in place of running the checks."""

    def __init__(self, file, kata, only, stub):
        self._file, self._kata, self._only, self._stub = file, kata, only, stub

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session):
        runner = session.config.stash[RUNNER]
        found = {}
        if self._stub:
            with tempfile.TemporaryDirectory() as name:
                found = in_a_fork(judge_all, runner, self._kata, self._stub, Path(name))
        found["saboteurs"] = SaboteurRun(runner, self._only).outcomes(self._kata)
        write_atomically(self._file, json.dumps(found))
        pytest.exit("all is judged", 0)


def in_a_fork(function, *arguments):
    """What a function returns in a forked process, by way of JSON; an empty dict if that ends."""
    if not hasattr(os, "fork"):
        return {}
    with tempfile.TemporaryFile() as file:
        pid = os.fork()
        if pid == 0:
            try:
                file.write(json.dumps(function(*arguments)).encode())
                file.flush()
            except BaseException:  # noqa: BLE001 - it is told, and the process ends
                traceback.print_exc()
            os._exit(0)
        os.waitpid(pid, 0)
        file.seek(0)
        return json.loads(file.read() or "{}")


def main(file, name, stub=""):
    """Judge what is known of a kata, or the saboteurs of one function."""
    torch.set_num_threads(1)  # as in a worker: threads that wait for each other take milliseconds
    name, _, only = name.partition(":")
    kata = Kata(name, ROOT)
    options = ["-q", "-p", "no:cacheprovider", "--isolation", "none", "--solutions", "reference"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # dojo is imported by now
    run = KataRun(Path(file), kata, only, Path(stub) if stub else None)
    with contextlib.redirect_stdout(sys.stderr):
        return pytest.main([str(kata.checks), *options], plugins=[run])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
