"""The words for a worker that died or hung."""

from pathlib import Path

import pytest

from dojo.verdict.model import CRASHED, TIMED_OUT, Check
from dojo.workers.failure import failure_of
from dojo.workers.worker import WorkerDied, WorkerStuck

ROOT = Path("/dojo")
ANSWER = ROOT / "katas" / "first" / "k01_double.py"


class WorkerAtLine:
    """A worker that hung or died on a known line."""

    def __init__(self, line):
        self.line = line

    def stuck_at(self, path):
        assert path == ANSWER
        return self.line


@pytest.mark.parametrize(
    "error, line, state, message",
    [
        (
            WorkerStuck("not finished after 1 s"),
            5,
            TIMED_OUT,
            "katas/first/k01_double.py, line 5: not finished after 1 s; stuck here.",
        ),
        (
            WorkerStuck("not finished after 1 s"),
            0,
            TIMED_OUT,
            "katas/first/k01_double.py: not finished after 1 s; stuck here.",
        ),
        (
            WorkerDied("the process died of SIGABRT"),
            5,
            CRASHED,
            "katas/first/k01_double.py, line 5: the process died of SIGABRT.",
        ),
        (
            WorkerDied("the process died of SIGABRT"),
            0,
            CRASHED,
            "katas/first/k01_double.py: the process died of SIGABRT.",
        ),
    ],
)
def test_failure_of_names_file_line_and_end(error, line, state, message):
    failure = failure_of(error, WorkerAtLine(line), ANSWER, ROOT)
    assert (failure.state, failure.message, failure.line) == (state, message, line)


def test_failure_of_no_worker_at_all_names_no_line():
    failure = failure_of(WorkerDied("it ended"), None, ANSWER, ROOT)
    assert failure.message == "katas/first/k01_double.py: it ended."


def test_as_check_gives_an_unfinished_check_the_failure_and_keeps_its_name():
    failure = failure_of(WorkerDied("it ended"), WorkerAtLine(3), ANSWER, ROOT)
    check = failure.as_check(Check("Doubles", "values", "cpu", "", file="katas/x.py"))
    assert check == Check(
        "Doubles", "values", "cpu", CRASHED, failure.message, file="katas/x.py", line=3
    )
