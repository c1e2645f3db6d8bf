"""The words for a check: its name before it runs, and the message of what it raised."""

from types import SimpleNamespace

import pytest
import torch

from dojo.checks import CheckFailed, aspect
from dojo.course.katas import Kata
from dojo.judge.loading import LoadError
from dojo.judge.outcome import check_after, check_before
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED

SOURCE = """\
def double(x):
    return half(x)

def half(x):
    raise error

def unstarted(x):
    raise NotImplementedError
"""


def checks():
    """Two checks, of which items are made; in a function, since they are no tests."""

    @aspect("values")
    def test_doubles(solution):
        """Each number is doubled.

        And more.
        """

    def test_has_no_docstring(solution):
        pass

    return test_doubles, test_has_no_docstring


DOUBLES, HAS_NO_DOCSTRING = checks()


class LastCall:
    """What an answer knows of the last call."""

    last_call = "double(tensor([1.]))"
    last_line = 1


@pytest.fixture
def kata(tmp_path):
    kata = Kata("first/k01_double", tmp_path)
    kata.stub.parent.mkdir(parents=True)
    kata.stub.write_text(SOURCE)
    return kata


@pytest.fixture
def outcome(item_of, kata):
    """The check as it ended with an error."""

    def outcome(error, solution=LastCall):
        return check_after(item_of(DOUBLES, kata), error, kata.root / "katas", solution)

    return outcome


@pytest.fixture
def raised(kata):
    """The error that a function of the learner's file raises."""

    def raised(name, error=None):
        names = {"error": error}
        exec(compile(SOURCE, str(kata.stub), "exec"), names)
        with pytest.raises(BaseException) as info:  # noqa: PT011 - whichever it is
            names[name](1)
        return info.value

    return raised


# ---------------------------------------------------------------- check_before


def test_check_before_takes_the_first_line_of_the_docstring(item_of, kata):
    check = check_before(item_of(DOUBLES, kata), kata.root / "katas")
    assert (check.name, check.aspect) == ("Each number is doubled", "values")


def test_check_before_takes_the_functions_name_where_there_is_no_docstring(item_of, kata):
    check = check_before(item_of(HAS_NO_DOCSTRING, kata), kata.root / "katas")
    assert (check.name, check.aspect) == ("has no docstring", "")


def test_check_before_names_the_learners_file_and_has_no_state(item_of, kata):
    check = check_before(item_of(DOUBLES, kata), kata.root / "katas")
    assert (check.file, check.state, check.device) == ("katas/first/k01_double.py", "", "cpu")


# ---------------------------------------------------------------- check_after


def test_check_after_is_green_without_an_error(outcome):
    check = outcome(None)
    assert (check.state, check.message) == (GREEN, "")


def test_check_after_gives_a_failures_call_sentence_and_hint(outcome):
    check = outcome(CheckFailed("returned 1; expected 2.", "Count."))
    assert check.state == RED
    assert check.message == "double(tensor([1.])) returned 1; expected 2.\nCount."


def test_check_after_gives_the_line_of_the_function_that_failed(outcome):
    assert outcome(CheckFailed("is wrong.")).line == 1


def test_check_after_draws_the_tensors_of_a_failure(outcome):
    check = outcome(CheckFailed("x", got=torch.tensor([1.0]), expected=torch.tensor([2.0])))
    assert (check.got, check.expected) == ([["1."]], [["2."]])


def test_check_after_of_a_failure_before_any_call_has_no_call(outcome):
    check = outcome(CheckFailed("is wrong."), solution=None)
    assert (check.message, check.line) == ("is wrong.", 0)


def test_check_after_gives_the_learners_innermost_line_of_an_error(outcome, raised):
    check = outcome(raised("double", ValueError("no\n  good")))
    assert (check.state, check.line) == (RED, 5)
    assert check.message == (
        "double(tensor([1.])) raised ValueError: no good (katas/first/k01_double.py, line 5)"
    )


def test_check_after_names_the_kata_where_nothing_was_called(outcome):
    assert outcome(ValueError("no"), solution=None).message == "k01_double raised ValueError: no"


def test_check_after_of_an_unstarted_name_is_not_started(outcome, raised):
    check = outcome(raised("unstarted"))
    assert (check.state, check.line) == (NOT_STARTED, 8)
    assert check.message == "unstarted is not started: it still raises NotImplementedError."


def test_check_after_of_notimplemented_from_elsewhere_is_red(outcome):
    assert outcome(NotImplementedError("no kernel")).state == RED


def test_check_after_passes_a_load_error_on(outcome):
    error = LoadError("a.py, line 3: empty", "a.py", 3)
    check = outcome(error, SimpleNamespace(last_call="", last_line=0, load_error=error))
    assert (check.state, check.message, check.line) == (CRASHED, "a.py, line 3: empty", 3)


def test_check_after_takes_no_state_from_a_load_error_that_the_answer_raised(outcome):
    forged = LoadError("", "", 0, GREEN)
    check = outcome(forged, SimpleNamespace(last_call="double(1)", last_line=0, load_error=None))
    assert check.state == RED
    assert "raised LoadError" in check.message


@pytest.mark.parametrize(
    "error, words",
    [
        (RecursionError("maximum depth"), "RecursionError: it calls itself without end"),
        (SystemExit(3), "SystemExit: it ends the process with code 3"),
        (KeyError(), "KeyError"),
        (ValueError("x" * 500), "ValueError: " + "x" * 399 + "…"),
        (ValueError("<Layer object at 0x7f00>"), "ValueError: <Layer>"),
    ],
    ids=["recursion", "exit", "no text", "long", "address"],
)
def test_check_after_words_an_error_in_one_line(outcome, error, words):
    assert outcome(error).message == f"double(tensor([1.])) raised {words}"
