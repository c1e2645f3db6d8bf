"""The keys that lead from kata to kata, the help, and the keys that quit."""

import pytest

from dojo.tui.app import WatchScreen


def test_the_first_kata_is_judged_at_once(terminal):
    assert terminal.loop.asked == ["intro/k02_halve"]


@pytest.mark.parametrize(
    "keys, name",
    [("n", "intro/k03_square"), ("p", "intro/k01_double"), ("nnn", "intro/k01_double")],
)
def test_next_and_previous_go_round_the_list(terminal, keys, name, kata_titles):
    terminal.press(*keys)
    assert terminal.loop.asked[-1] == name
    assert terminal.line_with(kata_titles[name])


def test_enter_goes_on_only_after_green(terminal):
    terminal.judge_red(message="wrong")
    terminal.press("enter")
    assert terminal.loop.asked == ["intro/k02_halve"]
    terminal.judge_green()
    terminal.press("enter")
    assert terminal.loop.asked[-1] == "intro/k03_square"


def test_going_on_passes_over_what_is_green(terminal):
    terminal.judge_green(name="intro/k03_square")
    terminal.judge_green(name="intro/k02_halve")
    terminal.press("enter")
    assert terminal.loop.asked[-1] == "more/k01_cube"


def test_the_last_green_kata_says_that_all_are_green(terminal, kata_titles):
    for name in kata_titles:
        terminal.judge_green(name=name)
    assert terminal.line_with("all katas are green")
    assert terminal.app.session.is_all_green()


def test_the_screen_goes_on_by_itself_only_if_that_is_switched_on(terminal):
    terminal.judge_green()
    assert terminal.kata.stem == "k02_halve"
    terminal.press("n", "a")
    terminal.judge_green()
    assert terminal.kata.name == "more/k01_cube"


def test_that_the_screen_goes_on_by_itself_is_always_seen(terminal):
    terminal.press("a")
    terminal.judge_red(message="wrong")
    assert "goes on by itself" in terminal.lines[0]
    terminal.press("a")
    assert "goes on by itself" not in terminal.lines[0]


def test_going_on_by_itself_leaves_who_looks_at_a_green_kata(terminal):
    terminal.judge_green()
    terminal.press("a")
    terminal.judge_green()
    assert terminal.kata.stem == "k02_halve"


def test_help_names_every_key(terminal):
    keys = [binding.key for binding in WatchScreen.BINDINGS if len(binding.key) == 1]
    terminal.press("question_mark")
    assert all(f"{key}  " in terminal.text for key in keys)


def test_a_notice_goes_with_the_next_verdict(terminal):
    terminal.press("b")
    assert terminal.line_with("has no benchmark")
    terminal.judge_red(message="wrong")
    assert not terminal.line_with("has no benchmark")


@pytest.mark.parametrize("keys", [["q"], ["ctrl+c"], ["s", "q"], ["question_mark", "ctrl+c"]])
def test_keys_quit_in_the_middle_of_a_run(terminal, keys):
    terminal.receive(terminal.started())
    terminal.press(*keys)
    assert not terminal.app.is_running


def test_ctrl_c_quits_while_a_search_is_typed(terminal):
    terminal.press("l", "q", "ctrl+c")
    assert not terminal.app.is_running
