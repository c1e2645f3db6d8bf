"""What the watch screen shows of a run as it goes on, and of a verdict."""

import pytest

from dojo.tui.tensor_diff import MARK
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, TIMED_OUT, Check, Verdict
from dojo.watch.events import Checked, Diagnosed, Judged, Started, Trouble


def test_a_red_screen_shows_the_message_both_tensors_the_diagnosis_and_what_was_printed(terminal):
    """The verdict first, then the message, both tensors, the diagnosis and what was printed."""
    terminal.judge_red(
        message="halve(4.) returned 8.; expected 2.\nDivide.",
        line=7,
        got=[["8.", "1."]],
        expected=[["2.", "1."]],
        output="so far so good\n",
    )
    kata = terminal.kata
    terminal.receive(Diagnosed(kata, "the number is doubled."))
    shown = [line for line in terminal.lines if line and "checks green" not in line]
    assert shown[2:13] == [
        " katas/intro/k02_halve.py:7",
        " ✓ shape   ✗ values   ✗ memory",
        " law 2 of values  [values, cpu]",
        " halve(4.) returned 8.; expected 2.",
        " Divide.",
        " ╭ returned ─╮   ╭ expected ─╮",
        f" │ {MARK}8.   1.  │   │ {MARK}2.   1.  │",
        " ╰───────────╯   ╰───────────╯",
        " this looks like: the number is doubled.",
        " your code printed",
        " │ so far so good",
    ]
    assert terminal.line_with("checks green").startswith("✗ red")


def test_a_green_screen_offers_to_go_on_and_shows_why_and_the_diff(terminal):
    """The offer to go on, then the why, then the diff to the reference."""
    terminal.save("def halve(x):\n    return 1 + x\n")
    terminal.judge_green()
    shown = [line.strip() for line in terminal.lines if line.strip()]
    assert shown[4].startswith("✓ green")
    assert shown[5] == "Enter goes on to k03_square."
    assert [line for line in shown if line.startswith(("Because", "-  ", "+  "))] == [
        "Because halve has to.",
        "-    return 1 + x",
        "+    return x + 1",
    ]


@pytest.mark.parametrize("state", [RED, CRASHED, TIMED_OUT, NOT_STARTED])
def test_a_state_is_a_word(terminal, state):
    terminal.judge(*[state] * 5, message="katas/intro/k02_halve.py, line 1: what happened.")
    assert terminal.line_with("checks green").split("  ")[0][2:] == state


def test_a_kata_that_is_not_started_says_what_to_write(terminal):
    terminal.judge_not_started(message="halve is not started: it still raises NotImplementedError.")
    assert terminal.line_with("Write halve and save the file")


def test_a_missing_file_is_told(terminal):
    terminal.judge_not_started(
        message="katas/intro/k02_halve.py: there is no such file. Bring it back."
    )
    assert terminal.line_with("there is no such file")


def test_names_that_are_not_started_are_listed_beside_a_failure(terminal):
    told = {"message": "halve is not started: it still raises NotImplementedError."}
    terminal.judge(RED, *[NOT_STARTED] * 4, **told)
    assert terminal.line_with("not started yet: halve")


def test_a_process_that_ends_after_a_failure_is_told_too(terminal):
    checks = (
        Check("law", "shape", "cpu", RED, "the shape is wrong"),
        Check("other law", "values", "cpu", CRASHED, "line 6: the process was ended"),
    )
    kata = terminal.kata
    terminal.receive(Judged(kata, Verdict(kata.name, CRASHED, 0.1, "", checks)))
    assert terminal.line_with("the shape is wrong")
    assert terminal.line_with("crashed: line 6: the process was ended")


def test_a_file_that_cannot_be_read_breaks_no_law(terminal):
    terminal.judge(*[CRASHED] * 5, message="katas/intro/k02_halve.py, line 1: SyntaxError")
    assert terminal.line_with("No check could run.")
    assert not terminal.line_with("law 0")


def test_aspects_fill_as_their_checks_end(terminal):
    kata = terminal.kata
    terminal.receive(terminal.started())
    seen = [terminal.line_with("shape")]
    for check in terminal.planned[:3]:
        terminal.receive(Checked(kata, Check(check.name, check.aspect, check.device, GREEN)))
        seen.append(terminal.line_with("shape"))
    assert seen == [
        "○ shape   ○ values   ○ memory",
        "◔ shape   ○ values   ○ memory",
        "✓ shape   ○ values   ○ memory",
        "✓ shape   ◔ values   ○ memory",
    ]


def test_an_exception_stands_in_the_place_of_the_law(terminal):
    terminal.judge_red(message="halve(4.) raised ValueError", heading="halve raised ValueError")
    assert terminal.line_with("halve raised ValueError  [values, cpu]")


def test_what_is_forbidden_is_shown_first_during_a_run_too_until_a_value_is_wrong(terminal):
    kata = terminal.kata
    failed = [
        Check(f"law of {name}", name, "cpu", RED, f"{name} is wrong")
        for name in ("memory", "structure", "values")
    ]
    terminal.receive(Started(kata, tuple(failed)))
    shown = []
    for check in failed:
        terminal.receive(Checked(kata, check))
        shown.append(terminal.line_with(" is wrong"))
    assert shown == ["memory is wrong", "structure is wrong", "memory is wrong"]
    terminal.receive(Judged(kata, Verdict(kata.name, RED, 0.1, "", tuple(failed[:2]))))
    assert terminal.line_with(" is wrong") == "structure is wrong"


def test_the_first_failure_appears_before_the_run_has_ended(terminal):
    kata = terminal.kata
    terminal.receive(terminal.started())
    terminal.receive(Checked(kata, Check("law", "shape", "cpu", RED, "the first message")))
    terminal.receive(Checked(kata, Check("law", "shape", "cuda", RED, "the second message")))
    assert terminal.line_with("the first message")
    assert not terminal.line_with("the second message")
    assert terminal.line_with("judging")


def test_a_message_stays_until_the_next_run_says_otherwise(terminal):
    terminal.judge_red(message="the old message")
    terminal.receive(terminal.started())
    assert terminal.line_with("the old message")
    terminal.judge_green()
    assert not terminal.line_with("the old message")


def test_a_diagnosis_that_comes_late_is_shown(terminal):
    terminal.judge_red(message="wrong")
    assert not terminal.line_with("this looks like")
    terminal.receive(Diagnosed(terminal.kata, "a known mistake."))
    assert terminal.line_with("this looks like: a known mistake.")


def test_trouble_outside_the_file_is_told(terminal):
    terminal.receive(Trouble(terminal.kata, "The checks could not be collected: oh"))
    assert terminal.line_with("no verdict")
    assert terminal.line_with("The checks could not be collected: oh")


def test_a_long_message_scrolls(terminal):
    rows = "\n".join(f"row {number}" for number in range(50))
    terminal.judge_red(message=rows)
    assert not terminal.line_with("row 30")
    terminal.press("pagedown", "pagedown")
    assert terminal.line_with("row 30")


def test_a_new_verdict_is_shown_from_its_top(terminal):
    rows = "\n".join(f"row {number}" for number in range(50))
    terminal.judge_red(message=rows)
    terminal.press("end")
    terminal.judge_red(message=rows)
    assert terminal.line_with("row 0")
