"""A docstring read as paragraphs says what it said, and keeps its lists and examples."""

import pytest

from dojo.course.docstrings import Block, read_blocks
from dojo.course.katas import find_katas
from dojo.course.statement import read_statement

LISTED = """\
What it is,
over two lines.

Args:
    x: shape (2, 3), any strides;
        stays as it is.
    y, z: two numbers.

Returns:
    A tensor of
    ones.

A. The first
   statement.
B. The second.
"""


def texts(docstring, **options):
    return [block.text for block in read_blocks(docstring, **options)]


def test_lines_of_a_paragraph_are_joined():
    assert texts(LISTED)[0] == "What it is, over two lines."


def test_arguments_stand_apart():
    assert texts(LISTED)[2:5] == [
        "Args:",
        "x: shape (2, 3), any strides; stays as it is.",
        "y, z: two numbers.",
    ]


def test_what_is_returned_is_one_paragraph_below_its_heading():
    assert texts(LISTED)[6:8] == ["Returns:", "A tensor of ones."]


def test_lettered_statements_stand_apart():
    assert texts(LISTED)[-2:] == ["A. The first statement.", "B. The second."]


def test_an_example_keeps_its_lines_and_blanks():
    blocks = read_blocks("Title.\n\n    x   = 1\n    f(x)  ->  2\n", has_examples=True)
    assert blocks[-2:] == [Block("x   = 1", 4, True), Block("f(x)  ->  2", 4, True)]


@pytest.mark.parametrize("text, label", [("x: one", "x:"), ("B. two", "B."), ("so: it is", "so:")])
def test_an_item_has_a_label(text, label):
    assert Block(text).label == label


@pytest.mark.parametrize("text", ["A tensor of ones.", "a, b and c", "`x: y` is code"])
def test_a_sentence_has_no_label(text):
    assert Block(text).label == ""


def test_an_empty_docstring_has_no_blocks():
    assert read_blocks("") == []


def test_no_word_of_a_kata_is_lost(root):
    for kata in find_katas(root):
        statement = read_statement(kata.reference)
        docstrings = [statement.docstring, *(one.docstring for one in statement.names.values())]
        for docstring in docstrings:
            assert " ".join(texts(docstring, has_examples=True)).split() == docstring.split()
