"""A lesson is there whatever the learner has done to their file."""

import pytest

from dojo.course.katas import Kata
from dojo.course.lesson import kata_title, read_lesson, task_of
from dojo.course.reference import NoReference
from dojo.course.stubs import keep_stub

TASK = "Multiply each number of x by 2."


@pytest.fixture
def double(own_dojo):
    """The kata first/k01_double, with its stub, of which a copy is kept."""
    kata = Kata("first/k01_double", own_dojo)
    keep_stub(kata)
    return kata


def texts(blocks):
    return [block.text for block in blocks if block.text]


# ---------------------------------------------------------------- read_lesson


def test_the_task_is_the_statement_without_its_title(double):
    lesson = read_lesson(double)
    assert lesson.title == "Double a tensor"
    assert texts(lesson.task) == [TASK, "double(tensor([1., 2.]))  ->  tensor([2., 4.])"]


def test_why_is_the_docstring_of_the_reference_without_its_title(double):
    (why,) = texts(read_lesson(double).why)
    assert why.startswith("`x * 2` makes a new tensor.")


def test_the_hints_are_those_of_the_reference(double):
    assert read_lesson(double).hints[0] == "What is twice a number?"


def test_the_names_are_those_that_the_learner_writes(double):
    assert [one.name for one in read_lesson(double).names] == ["double"]


def test_the_task_is_read_from_a_file_that_is_not_python(double):
    double.stub.write_text('"""Title.\n\nMy own task.\n"""\ndef (:\n')
    assert texts(read_lesson(double).task) == ["My own task."]


def test_the_task_of_a_file_without_docstring_is_that_of_the_stub(double):
    double.stub.write_text("x = 1\n")
    assert texts(read_lesson(double).task)[0] == TASK


def test_the_task_of_a_missing_file_is_that_of_the_stub(double):
    double.stub.unlink()
    assert texts(read_lesson(double).task)[0] == TASK


def test_without_a_stub_the_task_is_empty(own_dojo):
    kata = Kata("first/k01_double", own_dojo)
    kata.stub.unlink()
    assert read_lesson(kata).task == []


def test_without_a_reference_there_is_no_lesson(double):
    double.reference.unlink()
    with pytest.raises(NoReference):
        read_lesson(double)


# ---------------------------------------------------------------- task_of, kata_title


def test_the_task_is_the_docstring_of_the_learners_file(double):
    assert task_of(double).startswith("Double a tensor.\n\nMultiply each number")


def test_without_a_docstring_the_task_is_the_title(double):
    double.stub.write_text("x = 1\n")
    assert task_of(double) == "Double a tensor"


def test_the_title_is_that_of_the_reference(double):
    double.stub.unlink()
    assert kata_title(double) == "Double a tensor"


def test_without_a_reference_the_title_is_empty(double):
    double.reference.unlink()
    assert kata_title(double) == ""
