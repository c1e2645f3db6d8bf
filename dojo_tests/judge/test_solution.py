"""A learner's answer, loaded at the first use of a name; the last call is remembered."""

import hashlib
import random

import pytest
import torch

from dojo.course.katas import Kata
from dojo.course.statement import read_statement
from dojo.judge.loading import LoadError
from dojo.judge.solution import Solution

SOURCE = """\
import torch

def add(x1, x2):
    return x1 + x2

def add_(x1, x2):
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    raise ValueError

def helper():
    pass
"""


@pytest.fixture
def solution_of(small_dojo, tmp_path):
    """The answer to first/k02_add that a text is."""
    kata = Kata("first/k02_add", small_dojo)

    def solution_of(text):
        path = kata.solution_in(tmp_path)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return Solution(kata, path, read_statement(kata.reference).names, small_dojo)

    return solution_of


X = torch.tensor([1.0])


def test_a_public_name_can_be_called(solution_of):
    assert solution_of(SOURCE).add(X, x2=X).tolist() == [2.0]


def test_a_name_that_is_not_public_is_no_attribute(solution_of):
    with pytest.raises(AttributeError, match=r"^first/k02_add has no public name helper$"):
        solution_of(SOURCE).helper()


def test_the_file_is_read_at_the_first_use_of_a_name(solution_of):
    solution = solution_of("syntax error(")
    assert solution.source_hash == ""
    with pytest.raises(LoadError):
        solution.add(X, X)


def test_a_file_that_failed_once_fails_alike_without_being_read_again(solution_of):
    solution = solution_of("syntax error(")
    with pytest.raises(LoadError) as first:
        solution.add(X, X)
    solution_of(SOURCE)  # another text in the same file
    with pytest.raises(LoadError) as second:
        solution.add(X, X)
    assert second.value is first.value


def test_the_source_hash_is_that_of_the_file_that_was_loaded(solution_of):
    solution = solution_of(SOURCE)
    solution.add(X, X)
    assert solution.source_hash == hashlib.sha256(SOURCE.encode()).hexdigest()


def test_the_last_call_is_remembered_with_its_line(solution_of):
    solution = solution_of(SOURCE)
    assert (str(solution.last_call), solution.last_line) == ("", 0)
    solution.add(X, x2=X)
    assert str(solution.last_call) == "add(tensor([1.]), x2=tensor([1.]))"
    assert solution.last_line == 3


def test_defaults_that_a_call_has_set_are_reset_even_after_an_error(solution_of):
    with pytest.raises(ValueError):  # noqa: PT011 - the answer's own
        solution_of(SOURCE).add_(X, X)
    assert torch.zeros(1).device.type == "cpu"
    assert torch.get_default_dtype() is torch.float32


def test_a_file_without_a_public_name_is_refused(solution_of):
    with pytest.raises(LoadError, match="ends without a function add_"):
        solution_of("def add(x1, x2):\n    return x1\n").add(X, X)


def test_the_line_of_a_class_is_that_of_its_init(small_dojo, tmp_path):
    text = "class Layer:\n    x = 1\n    def __init__(self, size):\n        self.size = size\n"
    file = tmp_path / "layer.py"
    file.write_text(text)
    solution = Solution(Kata("a/layer", tmp_path), file, read_statement(file).names, tmp_path)
    assert solution.Layer(3).size == 3
    assert (str(solution.last_call), solution.last_line) == ("Layer(3)", 3)


def test_an_answer_with_another_content_is_loaded_from_that_and_not_from_the_file(tmp_path):
    file = tmp_path / "layer.py"
    file.write_text("def layer(x):\n    return x\n")
    solution = Solution(Kata("a/layer", tmp_path), file, read_statement(file).names, tmp_path)
    other = solution.with_content(b"def layer(x):\n    return x + 1\n")
    assert (solution.layer(1), other.layer(1)) == (1, 2)


@pytest.fixture
def of_busy_file(tmp_path):
    """Makes an answer whose file does more than define its function."""

    def make(*lines):
        file = tmp_path / "layer.py"
        file.write_text("\n".join(["import random, torch", "def layer(x): return x", *lines]))
        return Solution(Kata("a/layer", tmp_path), file, read_statement(file).names, tmp_path)

    return make


@pytest.mark.parametrize(
    "line, read",
    [
        ("torch.manual_seed(5)", lambda: torch.default_generator.get_state().tolist()),
        ("torch.rand(3)", lambda: torch.default_generator.get_state().tolist()),
        ("random.seed(5)", random.getstate),
        ("torch.set_default_dtype(torch.float64)", torch.get_default_dtype),
        ("torch.set_default_device('meta')", torch.get_default_device),
        ("torch.set_grad_enabled(False)", torch.is_grad_enabled),
        ("torch.set_float32_matmul_precision('high')", torch.get_float32_matmul_precision),
    ],
)
def test_what_a_file_changes_of_torch_when_it_is_loaded_is_put_back(line, read, of_busy_file):
    before = read()
    solution = of_busy_file(line)
    assert solution.layer(1) == 1
    assert read() == before
    assert solution.changed_default == ""


def test_a_default_that_a_check_has_set_stays_when_the_file_is_loaded(of_busy_file):
    torch.set_default_dtype(torch.float64)
    try:
        _ = of_busy_file().layer
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
