"""Text set in lines: none is too wide, and nothing that a learner wrote does anything."""

import pytest

from dojo.course.docstrings import read_blocks
from dojo.tui.text import MOST, apart, clipped, prose, reflow, visible

NASTY = {
    "escape sequence": "\x1b[2J\x1b]0;title\x07 gone?",
    "carriage return": "over\rwritten",
    "backspaces": "abc\b\b\b",
    "one-byte sequence": "\x9b2J",
    "marks of direction": "\u202ereversed\u2066",
    "half a pair": "\ud800",
    "null": "a\0b",
}
MARKUP = ["[bold]x[/bold]", "[/]", "[red", "[@click=app.quit]x[/]", r"\[", "[link=file:///]x[/]"]


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_what_a_terminal_would_obey_is_shown_as_a_sign(text):
    shown = visible(text)
    assert "�" in shown
    assert not set(shown) & set("\x1b\r\b\x07\x9b\u202e\u2066\ud800\0")


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_text(text):
    (line,) = reflow(text, 40)
    assert (line.plain, line.spans) == (text, [])


def test_ends_of_lines_of_windows_are_ends_of_lines():
    assert [line.plain for line in reflow("a\r\nb", 40)] == ["a", "b"]


def test_tabs_become_blanks():
    assert visible("a\tb") == "a   b"


@pytest.mark.parametrize("width", [1, 2, 7, 40])
@pytest.mark.parametrize("text", ["word " * 20, "x" * 90, "漢字" * 30, "a\n\n  b"])
def test_no_line_is_wider_than_asked(text, width):
    most = max(width, 2)  # a wide character takes two columns
    assert all(line.cell_length <= most for line in reflow(text, width))


def test_a_huge_text_is_cut_and_says_so():
    assert visible("x" * (MOST + 5)).endswith("… (5 more characters)")


def test_a_clipped_text_is_one_line():
    assert clipped("first\nsecond", 40).plain == "first"


def test_a_clipped_text_shows_that_it_goes_on():
    assert clipped("word " * 20, 10).plain.endswith("…")


def test_two_texts_stand_at_both_ends():
    assert apart(clipped("a", 9), clipped("b", 9), 9).plain == "a       b"


def test_the_right_one_gives_way_where_there_is_no_room():
    assert apart(clipped("left side", 9), clipped("b", 9), 9).plain == "left side"


@pytest.mark.parametrize("width", [10, 30, 76])
def test_prose_is_as_wide_as_asked(width):
    blocks = read_blocks("Args:\n    x: " + "word " * 30 + "\n\n    code = " + "1, " * 40, True)
    assert all(line.cell_length <= width for line in prose(blocks, width))


def test_further_lines_of_an_item_stand_in():
    lines = prose(read_blocks("Args:\n    x: " + "word " * 30), 40)
    assert lines[2].plain.startswith("      word")
