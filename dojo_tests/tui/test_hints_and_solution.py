"""Hints open one by one, and the solution is shown once it is asked for or earned."""

import pytest

SMALL, WIDE = (80, 24), (120, 40)  # columns and rows


def test_hints_open_one_by_one_and_stay_open(terminal):
    terminal.press("h")
    assert terminal.line_with("hint 1 of 3: A nudge.")
    assert not terminal.line_with("A push.")
    terminal.press("h")
    assert terminal.line_with("A push.")
    terminal.press("n", "p")
    assert terminal.line_with("A push.")


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_a_hint_below_a_long_message_is_scrolled_to(open_terminal, size):
    terminal = open_terminal(size=size)
    terminal.judge_red(message="\n".join(f"row {number}" for number in range(50)))
    terminal.press("h")
    assert terminal.line_with("hint 1 of 3: A nudge.")


def test_a_hint_that_is_seen_moves_nothing(terminal):
    terminal.judge_red(message="wrong")
    terminal.press("h")
    assert terminal.line_with("wrong")


def test_behind_the_last_hint_the_solution_is_named(terminal):
    terminal.press("h", "h", "h", "h")
    assert terminal.line_with("All 3 hints are open")


def test_a_hint_is_offered_once_after_three_reds(terminal):
    offers = []
    for number in range(5):
        terminal.save(f"def halve(x):\n    return {number}\n")
        terminal.judge_red(message="wrong")
        offers.append(terminal.line_with("Press h for a hint") is not None)
    assert offers == [False, False, True, False, False]


def test_a_solution_is_shown_once_asked_for(terminal):
    terminal.press("s")
    assert terminal.line_with("not green yet")
    terminal.press("n")
    assert not terminal.line_with("return x + 1")
    terminal.press("s", "y")
    assert terminal.line_with("+    return x + 1")
    terminal.press("escape")
    assert terminal.line_with("warming up")
    terminal.press("s")
    assert terminal.line_with("+    return x + 1")


def test_a_solution_is_shown_unasked_after_green(terminal):
    terminal.judge_green()
    terminal.press("s")
    assert terminal.line_with("the reference, and why")
