"""The homework that this project exists for, as the notebook in which it was handed in."""

import functools
from pathlib import Path

import pytest

from dojo.course.katas import find_katas
from dojo.course.lookup import find_kata
from dojo.notebook.answers import find_answers
from dojo.notebook.read import read_cells
from dojo.notebook.relocation import NotebookAnswers
from dojo.verdict.model import GREEN, RED

HOMEWORK = Path(__file__).parent.parent / "homework"
WRONG = {"intro/k02_numpy_bridge": 4, "intro/k03_in_place_add": 6}  # and the cells of the answers


@pytest.fixture(scope="module")
def answers(root, tmp_path_factory):
    """The answers in the notebook."""
    katas = find_katas(root)
    kata_of = functools.partial(find_kata, katas=katas)
    cells = read_cells(HOMEWORK / "homework.ipynb", "homework.ipynb")
    found = find_answers(cells, katas, [], kata_of)
    return NotebookAnswers("homework.ipynb", found, [], tmp_path_factory.mktemp("answers"))


def test_its_functions_are_the_answers_of_the_files(answers):
    assert [kata.name for kata in answers.katas] == [
        f"intro/{path.stem}" for path in sorted(HOMEWORK.glob("intro/*.py"))
    ]


def test_two_answers_are_red_with_the_messages_of_the_files(answers, judge):
    for kata in answers.katas:
        verdict = answers.relocated(kata, judge(kata, answers.folder))
        of_file = judge(kata, HOMEWORK)
        assert verdict.state == of_file.state == (RED if kata.name in WRONG else GREEN)
        if kata.name in WRONG:
            shown = verdict.first_failure
            assert shown.message == of_file.first_failure.message
            assert shown.file == f"homework.ipynb, cell {WRONG[kata.name]}"
            assert verdict.also_red == of_file.also_red
