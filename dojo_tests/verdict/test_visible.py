"""What a terminal would obey is shown as a sign, in every text that is made for a person."""

import pytest

from dojo.verdict.model import RED, Check, Verdict
from dojo.verdict.text import failure_lines, text_of_report
from dojo.verdict.visible import MOST, visible

OBEYED = "\x1b[2J\x1b]0;PWNED\x07 \x9b31m \x08 over"


def expect_nothing_obeyed(text):
    assert not set(text) & set("\x1b\x07\x9b\x08\r")
    assert "over" in text


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\x9b", "\r", "\u202e", "\ud800"])
def test_a_control_character_becomes_a_sign(sign):
    assert visible(f"a{sign}b") == "a\ufffdb"


def test_lines_and_letters_stay_as_they_are():
    assert visible("é\n日本\r\nx") == "é\n日本\nx"


def test_a_long_text_is_cut():
    assert visible("x" * (MOST + 5)).endswith("x … (5 more characters)")


def test_a_message_and_what_was_printed_are_made_visible():
    check = Check("It works", "values", "cpu", RED, f"raised {OBEYED}", output=f"x\n{OBEYED}")
    verdict = Verdict("a/b", RED, 0.0, "", (check,))
    expect_nothing_obeyed("\n".join(failure_lines(verdict, f"katas/{OBEYED}.py")))
    expect_nothing_obeyed(text_of_report(check))
