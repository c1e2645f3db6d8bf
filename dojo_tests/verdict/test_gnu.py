"""Verdicts in the lines that compilers print: ``path:line: error: text``."""

from dataclasses import replace

import pytest

from dojo.verdict.gnu import gnu_lines, trouble_lines
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, TIMED_OUT, Check, Verdict

CHECK = Check("doubles each element", "values", "cpu", RED, "double(1) is 1.\nAdd x?", "k.py", 4)


def lines_of(*checks, state, **more):
    return gnu_lines(Verdict("first/k", state, 0.1, "", checks, **more), "katas/first/k.py")


def test_a_red_verdict_is_one_line_with_its_place():
    told, outcome = lines_of(CHECK, replace(CHECK, state=GREEN, message=""), state=RED)
    assert told == (
        "katas/first/k.py:4: error: red: doubles each element [values, cpu]: double(1) is 1. Add x?"
    )
    assert outcome == "dojo: judged katas/first/k.py: red, 1 of 2 checks not green"


def test_green_tells_no_problem():
    check = replace(CHECK, state=GREEN, message="")
    assert lines_of(check, state=GREEN) == ["dojo: judged katas/first/k.py: green, 1 checks"]


def test_what_is_not_started_is_a_note():
    told, _ = lines_of(replace(CHECK, state=NOT_STARTED), state=NOT_STARTED)
    assert told.startswith("katas/first/k.py:4: note: not started: ")


def test_a_failure_without_a_line_is_told_at_the_first_one():
    told, _ = lines_of(replace(CHECK, line=0), state=RED)
    assert told.startswith("katas/first/k.py:1: error: ")


def test_the_line_of_the_file_below_a_message_is_left_out():
    check = replace(CHECK, state=CRASHED, message="SyntaxError: no end.\n  x = (\n      ^")
    told, _ = lines_of(check, state=CRASHED)
    assert told.endswith(": SyntaxError: no end.")


def test_a_known_mistake_and_a_later_end_are_told():
    later = replace(CHECK, state=TIMED_OUT, message="not finished after 1 s.")
    told, _ = lines_of(CHECK, later, state=TIMED_OUT, diagnosis="x is squared.")
    assert told.endswith("timed out, later: not finished after 1 s. This looks like: x is squared.")


@pytest.mark.parametrize("message", ["a\r\nb", "a\tb", "a\n\nb"])
def test_a_message_never_breaks_the_line(message):
    told, _ = lines_of(replace(CHECK, message=message), state=RED)
    assert told.endswith(": a b")


def test_a_signal_to_the_terminal_is_shown_as_a_sign():
    told, _ = lines_of(replace(CHECK, message="\x1b[31mred"), state=RED)
    assert "\x1b" not in told


def test_what_could_not_be_judged_is_an_error_and_ends():
    assert trouble_lines("katas/first/k.py", "No checks.") == [
        "katas/first/k.py:1: error: No checks.",
        "dojo: did not judge katas/first/k.py",
    ]
