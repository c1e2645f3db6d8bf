"""The words for a worker that died or hung."""

import pytest

from dojo.verdict.model import CRASHED, TIMED_OUT, Check
from dojo.workers.failure import failure_of
from dojo.workers.worker import WorkerDied, WorkerStuck


class WorkerAtLine:
    """A worker that hung or died on a known line."""

    def __init__(self, line):
        self.line = line

    def stuck_at(self, path):
        assert path.parts[-3:] == ("katas", "first", "k01_double.py")
        return self.line


@pytest.fixture
def fail(double):
    """How a worker failed that judged an answer to the kata ``double``."""

    def fail(error, worker):
        return failure_of(error, worker, double, double.root / "katas")

    return fail


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
def test_failure_of_names_file_line_and_end(fail, error, line, state, message):
    failure = fail(error, WorkerAtLine(line))
    assert (failure.state, failure.message, failure.line) == (state, message, line)


def test_failure_of_no_worker_at_all_names_no_line(fail):
    failure = fail(WorkerDied("it ended"), None)
    assert failure.message == "katas/first/k01_double.py: it ended."


def test_as_check_gives_an_unfinished_check_the_failure_and_keeps_its_name(fail):
    failure = fail(WorkerDied("it ended"), WorkerAtLine(3))
    check = failure.as_check(Check("Doubles", "values", "cpu", "", file="katas/x.py"))
    assert check == Check(
        "Doubles", "values", "cpu", CRASHED, failure.message, file="katas/x.py", line=3
    )


def test_a_worker_that_died_for_want_of_the_reference_is_no_fault_of_the_answer(fail, double):
    double.reference.unlink()
    failure = fail(WorkerDied("it ended"), WorkerAtLine(3))
    assert (failure.state, failure.line) == (CRASHED, 0)
    assert failure.message.startswith("reference/first/k01_double.py cannot be read (No such file")
