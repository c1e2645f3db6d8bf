"""The frame of the watch screen: where the learner is, the panes, and every size and colour."""

import subprocess
import sys

import pytest
from rich.color import Color, ColorSystem

from dojo.course.katas import Kata
from dojo.tui.theme import THEME

SMALL, WIDE = (80, 24), (120, 40)  # columns and rows


def test_the_first_screen_shows_the_kata_that_torch_is_coming_and_the_task(terminal):
    """Before the first verdict: where you are, that torch is coming, and the task."""
    assert terminal.lines == [
        " First steps                                        ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 0 of 3",
        " k02  Halve a number",
        " katas/intro/k02_halve.py",
        "",
        "",
        "",
        " ◌ warming up",
        " torch is being imported",
        "",
        " ╌╌╌ the task ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌",
        "",
        " The task of halve in a few words.",
        "",
        "     halve(1)  ->  2",
        "",
        " halve(x)",
        "   The contract of halve.",
        "",
        "   Args:",
        "       x: a number.",
        "",
        "",
        "",
        " n next   p previous   l list   h hint   s solution   r reset   ? help   q quit",
    ]


def test_it_warms_up_only_once(terminal):
    terminal.judge_green()
    terminal.press("n")
    assert terminal.line_with("judging")
    assert not terminal.line_with("warming up")


def test_the_bar_counts_the_green_katas_of_the_track(terminal):
    terminal.judge_green()
    terminal.judge_green(name="more/k01_cube")
    assert terminal.lines[0].endswith("1 of 1")
    terminal.press("n")
    assert terminal.lines[0].endswith("1 of 3")


def test_the_file_is_a_link(terminal):
    strips = terminal.strips
    links = {part.style.link for part in strips[2] if part.style and part.style.link}
    assert links == {terminal.app.session.path.as_uri()}


def test_an_unreadable_reference_is_told_and_ends_nothing(open_terminal, screen_dojo):
    Kata("intro/k02_halve", screen_dojo).reference.write_text("def")
    terminal = open_terminal()
    assert terminal.line_with("reference/intro/k02_halve.py is not Python (")


def test_a_broken_file_leaves_its_task_readable(open_terminal, screen_dojo):
    Kata("intro/k02_halve", screen_dojo).stub.write_text("def halve(x:\n")
    assert open_terminal().line_with("The contract of halve.")


@pytest.mark.parametrize("size", [SMALL, WIDE, (60, 16), (200, 60)])
def test_everything_fits(open_terminal, size):
    terminal = open_terminal(size=size)
    terminal.judge_red(message="wrong", got=[["1"]], expected=[["2"]])
    assert len(terminal.lines) == size[1]
    assert all(len(line) <= size[0] for line in terminal.lines)
    assert terminal.line_with("wrong")
    assert terminal.lines[-1].startswith(" n next")


def test_the_keys_move_together_on_a_narrow_screen(open_terminal):
    terminal = open_terminal(size=(66, 20))
    assert terminal.lines[-1].endswith("q quit")


def test_on_a_wide_screen_the_task_stands_beside_the_result(open_terminal):
    terminal = open_terminal(size=WIDE)
    terminal.judge_red(message="wrong")
    assert "the task" in terminal.line_with("wrong")


def test_a_resized_terminal_is_filled_anew(terminal):
    terminal.judge_red(message="wrong")
    terminal.resize(*WIDE)
    assert "the task" in terminal.line_with("wrong")
    terminal.resize(*SMALL)
    assert terminal.line_with("wrong") == "wrong"


def test_without_colour_no_colour_is_sent(open_terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = open_terminal()
    terminal.judge_red(message="wrong", got=[["1"]], expected=[["2"]])
    strips = terminal.strips
    styles = [part.style for strip in strips for part in strip if part.style]
    assert styles
    assert all(
        colour is None or colour.is_default
        for style in styles
        for colour in (style.color, style.bgcolor)
    )


def test_without_colour_the_same_text_is_shown(open_terminal, monkeypatch):
    def shown():
        terminal = open_terminal()
        terminal.judge_red(message="wrong", got=[["1"]], expected=[["2"]])
        return [line for line in terminal.lines if "checks green" not in line]

    coloured = shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown() == coloured


@pytest.mark.parametrize("name, number", [("success", 10), ("error", 9), ("warning", 11)])
def test_a_colour_keeps_its_meaning_on_a_terminal_of_16_colours(name, number):
    colour = Color.parse(getattr(THEME, name))
    assert colour.downgrade(ColorSystem.STANDARD).number == number


def test_the_screen_imports_neither_torch_nor_pytest(root):
    code = "import sys, dojo.tui.app; print({'torch', 'pytest'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
