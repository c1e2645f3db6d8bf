"""A line is shown so that it fits the terminal, and its caret stands below the right sign."""

import pytest

from dojo.judge.excerpts import WIDEST, conflict_line, excerpt, lines_of


@pytest.mark.parametrize(
    "line, offset, shown",
    [
        ("x = (", 5, "  x = (\n      ^"),
        ("    x = (", 9, "  x = (\n      ^"),
        ("\tx = (", 6, "  x = (\n      ^"),
        ("x\t= (", 5, "  x   = (\n        ^"),
        ("    x = 1", 1, "      x = 1\n  ^"),
        ("if x", 5, "  if x\n      ^"),
        ("if x", 0, "  if x"),
        ("if x", 99, "  if x"),
        ("語 (", 3, "  語 (\n     ^"),
        ("e\u0301 (", 4, "  e\u0301 (\n    ^"),
        ("\x1b[31m (", 7, "  \ufffd[31m (\n        ^"),
        ("   ", 1, ""),
        ("", 0, ""),
    ],
    ids=repr,
)
def test_excerpt_puts_the_caret_below_the_sign_that_is_meant(line, offset, shown):
    assert excerpt(line, offset) == shown


@pytest.mark.parametrize("offset", [1, 30, 70, 500, 9_000, 20_000])
def test_excerpt_cuts_a_long_line_around_its_caret(offset):
    line = "a" * (offset - 1) + "(" + "b" * 30_000
    row, *caret = excerpt(line, offset).splitlines()
    assert len(row) <= WIDEST + 4
    if offset < 10_000:
        assert row[caret[0].index("^")] == "("
    else:
        assert caret == []


def test_lines_of_counts_as_python_does():
    assert lines_of("a\r\nb\rc\x0cd\u2028e\n") == ["a", "b", "c\x0cd\u2028e", ""]


@pytest.mark.parametrize(
    "lines, wrong, found",
    [
        (["x", "<<<<<<< a", "=======", ">>>>>>> b"], 4, 2),
        (["x", "======="], 2, 2),
        (["x", "======="], 1, 0),
        (["x", "||||||| base"], 2, 2),
        (["x", " <<<<<<< a"], 2, 0),
        (["x", "<<<<<<<< a"], 2, 0),
        (["x <<<<<<< a"], 1, 0),
    ],
    ids=["whole", "middle", "a heading", "base", "indented", "eight signs", "later in the line"],
)
def test_conflict_line_finds_the_first_mark(lines, wrong, found):
    assert conflict_line(lines, wrong) == found
