"""The learner's own lines in a traceback, and the function in which a line stands."""

import pytest

from dojo.judge.learner_lines import is_learner, learner_line, unstarted_name

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


def traceback_of(call):
    try:
        call()
    except NotImplementedError as error:
        return error.__traceback__
    raise AssertionError("it does not raise")


def test_learner_line_is_the_innermost_line_of_the_learners_file(names, answer):
    assert learner_line(traceback_of(lambda: names["add"](1)), answer) == 4


def test_learner_line_is_that_of_the_function_that_another_calls(tmp_path):
    file = tmp_path / "answer.py"
    names = {}
    text = "def outer():\n    inner()\n\ndef inner():\n    raise NotImplementedError\n"
    exec(compile(text, str(file), "exec"), names)
    assert learner_line(traceback_of(names["outer"]), file) == 5


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
