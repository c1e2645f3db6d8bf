"""The words for a check: its name before it runs, and the message of what it raised."""

import bdb
from types import SimpleNamespace

import pytest
import torch

from dojo.checks import Call, CheckFailed, aspect
from dojo.course.katas import Kata
from dojo.course.reference import NoReference
from dojo.devices import write_order
from dojo.judge.loading import LoadError
from dojo.judge.outcome import check_after, check_before
from dojo.judge.solution import Solution
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
    """Checks, of which items are made; in a function, since they are no tests."""

    @aspect("values")
    def test_doubles(solution):
        """Each number is doubled.

        And more.
        """

    def test_has_no_docstring(solution):
        pass

    @aspect("gradient")
    def test_records(solution):
        pass

    return test_doubles, test_has_no_docstring, test_records


DOUBLES, HAS_NO_DOCSTRING, RECORDS = checks()


class LastCall:
    """What an answer knows of the last call."""

    last_call = "double(tensor([1.]))"
    last_line = 1
    hint = ""


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


@pytest.mark.parametrize(
    "was_open, where, hint",
    [(True, "cuda", write_order.REMARK), (False, "cuda", "Count."), (True, "cpu", "Count.")],
)
def test_numbers_that_are_wrong_on_the_gpu_after_a_write_without_order_are_told_of_that(
    item_of, kata, monkeypatch, was_open, where, hint
):
    monkeypatch.setattr(write_order.WriteOrder, "was_open", was_open)
    item = item_of(DOUBLES, kata)
    item.callspec = SimpleNamespace(params={"device": where})
    check = check_after(item, CheckFailed("returned 1.", "Count."), kata.root / "katas", LastCall)
    assert check.message == f"double(tensor([1.])) returned 1.\n{hint}"


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


@pytest.mark.parametrize("made_of_it", ["passed on", "swallowed", "another error"])
def test_check_after_passes_a_load_error_on_whatever_a_check_makes_of_it(outcome, made_of_it):
    error = LoadError("a.py, line 3: empty", "a.py", 3)
    raised = {"passed on": error, "swallowed": None, "another error": CheckFailed("is wrong.")}
    solution = SimpleNamespace(last_call="", last_line=0, load_error=error)
    check = outcome(raised[made_of_it], solution)
    assert (check.state, check.message, check.line) == (CRASHED, "a.py, line 3: empty", 3)


def test_check_after_takes_no_state_from_a_load_error_that_the_answer_raised(outcome):
    forged = LoadError("", "", 0, GREEN)
    check = outcome(
        forged, SimpleNamespace(last_call="double(1)", last_line=0, load_error=None, hint="")
    )
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


# ---------------------------------------------------------------- exceptions: where to look


def answering(**options):
    """What an answer knows after double(x) was called with a tensor of shape (1,)."""
    call = Call("double", [torch.ones(1)], {})
    return SimpleNamespace(**{"last_call": call, "last_line": 1, "hint": "", **options})


@pytest.fixture
def raised_in_call(kata):
    """The error that a function of the learner's file raises while a check calls it."""

    def raised_in_call(error):
        names = {"error": error}
        exec(compile(SOURCE, str(kata.stub), "exec"), names)
        solution = Solution(kata, kata.stub, {"double": None}, kata.root)
        solution._module = SimpleNamespace(double=names["double"])
        with pytest.raises(type(error)) as info:
            solution.double(torch.ones(1))
        return info.value

    return raised_in_call


def test_an_exception_tells_what_went_in_and_the_hint_of_the_check_last(outcome, raised_in_call):
    check = outcome(raised_in_call(ValueError("no")), answering(hint="Count the rows."))
    assert check.message.splitlines() == [
        "double(tensor([1.])) raised ValueError: no (katas/first/k01_double.py, line 5)",
        "What went in: double(<float32 (1,)>)",
        "Count the rows.",
    ]
    assert check.heading == "double raised ValueError"


def test_shapes_that_the_call_shows_already_are_not_told_twice(outcome, raised_in_call):
    solution = answering(last_call=Call("double", [torch.ones(13)], {}))
    message = outcome(raised_in_call(ValueError("no")), solution).message
    assert message.count("<float32 (13,)>") == 1
    assert "What went in" not in message


def test_without_a_hint_of_a_law_one_of_the_check_file_is_taken(
    item_of, kata, monkeypatch, raised_in_call
):
    item = item_of(DOUBLES, kata)
    monkeypatch.setattr(item.module, "HALF", "Each number is doubled once.", raising=False)
    error = raised_in_call(ValueError("Call .detach() first."))
    check = check_after(item, error, kata.root / "katas", answering())
    assert check.message.endswith("\nEach number is doubled once.")


def test_what_a_check_cannot_use_was_not_raised_by_the_call(outcome):
    check = outcome(TypeError("no len()"), answering())
    assert check.message.startswith(
        "double(tensor([1.])) returned what this check cannot use: TypeError: no len()"
    )
    assert check.heading == "double returned what this check cannot use: TypeError"


def test_an_exception_in_what_was_returned_names_the_function_of_the_file(outcome, raised):
    check = outcome(raised("half", ValueError("no")), answering())
    assert check.message.startswith("double(tensor([1.])), then half raised ValueError: no (")
    assert check.heading == "half raised ValueError"


def test_a_failed_expectation_has_no_heading(outcome):
    assert outcome(CheckFailed("returned 1.")).heading == ""


def test_autograd_that_was_left_off_is_the_cause_of_what_fails_far_from_it(item_of, kata):
    item = item_of(RECORDS, kata)
    with torch.no_grad():
        for error in RuntimeError("does not require grad"), CheckFailed("is not tracked."):
            check = check_after(item, error, kata.root / "katas", answering())
            assert check.message.startswith("After double(tensor([1.])) autograd is switched off")
            assert (check.heading, check.line) == ("double leaves autograd switched off", 1)


def test_autograd_that_was_left_off_is_not_told_of_what_it_does_not_touch(outcome, raised_in_call):
    with torch.no_grad():
        wrong = outcome(CheckFailed("returned 1; expected 2."), answering())
        failed = outcome(raised_in_call(ValueError("no")), answering())
    assert "autograd" not in wrong.message + failed.message


def test_a_debugger_has_a_heading_of_its_own(outcome):
    assert outcome(bdb.BdbQuit(), answering()).heading == "your file stops in a debugger"


@pytest.mark.parametrize(
    "lines, hint",
    [
        ("return nobody", "Import or define that name."),
        ("x = x + y\n    y = 1", "Give it a value, in this function, before it is read."),
        ("return torch.doubled(x)", "Look for its right name in the documentation of torch."),
        ("return x.doubled", "Count the rows."),
    ],
    ids=["unknown", "no value yet", "not in torch", "not of a tensor"],
)
def test_a_name_that_is_unknown_gets_no_hint_about_the_task(outcome, kata, lines, hint):
    names = {}
    code = f"import torch\n\n\ndef double(x):\n    {lines}\n"
    exec(compile(code, str(kata.stub), "exec"), names)
    with pytest.raises((NameError, AttributeError)) as info:
        names["double"](torch.ones(1))
    message = outcome(info.value, answering(hint="Count the rows.")).message
    assert message.splitlines()[-1] == hint


def test_a_reference_that_the_course_lacks_is_no_fault_of_the_answer(outcome):
    check = outcome(NoReference("reference/x.py cannot be read."), answering())
    assert (check.state, check.message) == (CRASHED, "reference/x.py cannot be read.")


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda: bool(torch.ones(2)), "a tensor holds several: use torch.where, & and ~"),
        (lambda: bool(torch.ones(0)), "this tensor is empty."),
        (lambda: torch.ones(2, 3).T.view(6), "`reshape` copies where it has to."),
        (lambda: torch.ones(2, dtype=torch.bfloat16).numpy(), "NumPy has no bfloat16"),
    ],
    ids=["a truth value", "of nothing", "a view", "bfloat16"],
)
def test_what_torch_words_for_experts_is_told_in_plain_words_too(outcome, act, words):
    with pytest.raises((RuntimeError, TypeError)) as info:
        act()
    lines = outcome(info.value, answering(hint="Count the rows.")).message.splitlines()
    assert words in lines[-1]
    assert lines[-1].endswith(" Count the rows.")
