"""Markup and escape sequences that a learner wrote are shown as text, and do nothing."""

import pytest

from dojo.tui.tensor_diff import MARK
from dojo.watch.events import Diagnosed

SMALL, WIDE = (80, 24), (120, 40)  # columns and rows
MARKUP = "[bold red]not markup[/] [/nor this] [@click=app.quit]x[/]"


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_markup_in_a_message_is_text(open_terminal, size):
    terminal = open_terminal(size=size)
    told = {"message": MARKUP, "output": MARKUP, "got": [["[red]1"]], "expected": [["[/]"]]}
    terminal.judge_red(**told)
    terminal.receive(Diagnosed(terminal.kata, MARKUP))
    words = " ".join(terminal.text.split())
    assert words.count("[bold red]not markup[/]") == 3
    assert f"{MARK}[red]1" in words


def test_markup_in_a_diff_is_text(terminal):
    terminal.save(f"def halve(x):\n    return '{MARKUP}'\n")
    terminal.judge_green()
    assert "".join(MARKUP.split()) in "".join(terminal.text.split())


def test_markup_in_a_notice_is_text(terminal):
    terminal.app.session.notice = MARKUP
    terminal.app._kata_screen.redraw()
    terminal.settle()
    assert terminal.line_with(MARKUP)


def test_markup_in_a_path_is_text(open_terminal, tmp_path):
    answers = tmp_path / "[bold]answers"
    answers.mkdir()
    assert open_terminal(solutions=answers).line_with("[bold]answers/intro/k02_halve.py")


def test_escape_sequences_do_not_reach_the_terminal(terminal):
    terminal.judge_red(message="\x1b[2Jhello\x07", output="\x1b]0;title\x07")
    assert "\x1b" not in terminal.text
    assert terminal.line_with("hello")


@pytest.mark.parametrize("told", [{"message": "long " * 4000}, {"output": "row\n" * 4000}])
def test_what_is_huge_pushes_nothing_off_the_screen(terminal, told):
    terminal.judge_red(**{"message": "the message", **told})
    assert terminal.line_with("red") is not None
    assert terminal.line_with("law 2 of values")
    assert terminal.lines[-1].strip().startswith("n next")
    assert any(word in terminal.text for word in ("the message", "long long"))
