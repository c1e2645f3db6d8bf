"""The learner's own lines in a traceback, and the function in which a line stands."""

from types import SimpleNamespace

import pytest

from dojo.course.katas import Kata
from dojo.judge.learner_lines import Trace, is_learner, learner_line, line_of, unstarted_name
from dojo.judge.solution import Solution

ANSWER = """\
import torch

def add(x):
    raise NotImplementedError

def fill(x):
    if x:
        raise NotImplementedError
    return torch.zeros(2, device="meta").cpu()

class Layer:
    def forward(self):
        raise NotImplementedError

def call(function):
    function()

raise_it = add
"""


@pytest.fixture
def answer(tmp_path):
    file = tmp_path / "answer.py"
    file.write_text(ANSWER)
    return file


@pytest.fixture
def names(answer):
    namespace = {}
    exec(compile(ANSWER, str(answer), "exec"), namespace)
    return namespace


def call_nothing():
    raise NotImplementedError


def error_of(call):
    try:
        call()
    except NotImplementedError as error:
        return error
    raise AssertionError("it does not raise")


def traceback_of(call):
    return error_of(call).__traceback__


def test_learner_line_is_the_innermost_line_of_the_learners_file(names, answer):
    assert learner_line(traceback_of(lambda: names["add"](1)), answer) == 4


def test_learner_line_is_that_of_the_function_that_another_calls(tmp_path):
    file = tmp_path / "answer.py"
    names = {}
    text = "def outer():\n    inner()\n\ndef inner():\n    raise NotImplementedError\n"
    exec(compile(text, str(file), "exec"), names)
    assert learner_line(traceback_of(names["outer"]), file) == 5


def test_a_trace_knows_the_learners_functions_and_who_raised(names, answer):
    own = Trace(error_of(lambda: names["add"](1)), answer)
    assert (own.line, own.learner, own.ends_in_learner) == (4, ["add"], True)
    others = Trace(error_of(lambda: names["call"](call_nothing)), answer)
    assert (others.line, others.learner, others.ends_in_learner) == (16, ["call"], False)


def test_a_trace_that_does_not_go_through_the_file_is_empty(names, answer, tmp_path):
    trace = Trace(error_of(lambda: names["add"](1)), tmp_path / "another.py")
    assert (trace.line, trace.learner, trace.ends_in_learner) == (0, [], False)
    assert Trace(NotImplementedError(), answer).learner == []


def test_a_trace_knows_whether_a_public_name_was_being_called(answer, names, tmp_path):
    solution = Solution(Kata("a/answer", tmp_path), answer, {"add": None}, tmp_path)
    solution._module = SimpleNamespace(**names)
    assert Trace(error_of(lambda: solution.add(1)), answer).is_in_call
    assert not Trace(error_of(lambda: names["add"](1)), answer).is_in_call


def test_learner_line_is_the_learners_where_the_error_is_torchs(names, answer):
    assert learner_line(traceback_of(lambda: names["fill"](0)), answer) == 9


def test_learner_line_is_0_where_the_learners_file_has_no_part(names, answer, tmp_path):
    trace = traceback_of(lambda: names["add"](1))
    assert learner_line(trace, tmp_path / "another.py") == 0
    assert learner_line(None, answer) == 0


def test_is_learner_is_true_of_code_of_the_learners_file_only(names, answer):
    assert is_learner(names["add"].__code__, answer)
    assert not is_learner(traceback_of.__code__, answer)


@pytest.mark.parametrize(
    "line, name",
    [(4, "add"), (8, "fill"), (13, "Layer"), (9, ""), (1, ""), (15, ""), (99, "")],
)
def test_unstarted_name_is_the_name_whose_body_raises_on_that_line(answer, line, name):
    assert unstarted_name(answer, line) == name


DECORATED = """\
import functools
import torch

@torch.no_grad()
def plain(x):
    return x

twice = torch.no_grad()(torch.no_grad()(plain))
aliased = torch.nn.functional.cosine_similarity
built_in = torch.add

def turning(x):
    return x

turning.__wrapped__ = turning
"""


def test_a_function_begins_where_the_learner_has_written_it(tmp_path):
    file = tmp_path / "answer.py"
    space = {}
    exec(compile(DECORATED, str(file), "exec"), space)
    lines = {name: line_of(space[name], file) for name in ("plain", "twice", "aliased", "built_in")}
    assert lines == {"plain": 4, "twice": 4, "aliased": 0, "built_in": 0}
    assert line_of(space["turning"], file) == 12
    assert line_of(space["turning"], tmp_path / "another.py") == 0
