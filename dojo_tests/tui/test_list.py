"""The list of the katas: searched by typing, filtered by state, and one is chosen."""

from dojo.course.katas import Kata
from dojo.progress.record import Progress
from dojo.tui.kata_list import FILTERS


def listed(terminal):
    return [line.split("  ")[-1] for line in terminal.lines if "a number" in line]


def test_the_list_has_every_kata_with_its_state(terminal, kata_titles):
    terminal.judge_red(message="wrong")
    terminal.press("l")
    assert listed(terminal) == list(kata_titles.values())
    assert "✗ red" in terminal.line_with("Halve a number")
    assert "○ not started" in terminal.line_with("Cube a number")


def test_answers_that_nobody_has_judged_have_a_sign_and_a_filter(terminal):
    terminal.save("x = 1\n")
    terminal.press("l")
    assert "? not judged yet" in terminal.line_with("Halve a number")
    terminal.press(*["tab"] * list(FILTERS).index("not judged"))
    assert listed(terminal) == ["Halve a number"]


def test_answers_elsewhere_that_nobody_has_judged_are_not_called_not_started(
    open_terminal, tmp_path
):
    answers = tmp_path / "answers"
    answers.mkdir()
    (answers / "k02_halve.py").write_text("x = 1\n")
    terminal = open_terminal(solutions=answers)
    terminal.press("l")
    assert "? not judged yet" in terminal.line_with("Halve a number")


def test_what_was_skipped_is_told(terminal, screen_dojo):
    Progress(screen_dojo).skip(Kata("intro/k03_square", screen_dojo))
    terminal.press("l")
    assert terminal.line_with("Square a number").endswith("(skipped) Square a number")


def test_the_list_begins_at_the_kata_on_the_screen(terminal):
    terminal.press("l")
    assert terminal.line_with("›").endswith("Halve a number")


def test_typing_searches(terminal):
    terminal.press("l", *"cub")
    assert listed(terminal) == ["Cube a number"]


def test_letters_that_are_keys_elsewhere_are_typed_in_a_search(terminal):
    terminal.press("l", *"squ")
    assert listed(terminal) == ["Square a number"]


def test_tab_filters_by_state(terminal):
    terminal.judge_green()
    terminal.press("l", "shift+tab")
    assert listed(terminal) == ["Halve a number"]
    terminal.press("tab", "tab")
    assert listed(terminal) == ["Double a number", "Square a number", "Cube a number"]


def test_a_kata_is_chosen_from_the_list(terminal):
    terminal.press("l", "down", "down", "enter")
    assert terminal.loop.asked[-1] == "more/k01_cube"


def test_a_search_without_a_match_chooses_nothing(terminal):
    terminal.press("l", *"xyz", "enter")
    assert listed(terminal) == []
    terminal.press("escape")
    assert terminal.loop.asked == ["intro/k02_halve"]


def test_the_list_says_which_track_a_kata_is_of(terminal):
    terminal.press("l")
    assert "more/k01" in terminal.line_with("Cube a number")
