"""The keys that lead from kata to kata, the help, and the keys that quit."""

import pytest

from dojo.course.katas import Kata
from dojo.progress.record import Progress
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


def test_the_last_green_kata_of_a_track_names_the_next_track(terminal, screen_dojo, kata_titles):
    (screen_dojo / "katas" / "more" / "README.md").write_text("# More\n\nBuilds on intro.\n")
    names = [name for name in kata_titles if name.startswith("intro/")]
    for name in names[1:]:
        terminal.judge_green(name=name)
        assert not terminal.line_with("is all green")
    terminal.judge_green(name=names[0])
    line = terminal.line_with("intro is all green.")
    assert line == "intro is all green. Enter goes on to more, which builds on intro."


def test_the_last_green_kata_says_that_all_are_green(terminal, kata_titles):
    for name in kata_titles:
        terminal.judge_green(name=name)
    assert terminal.line_with("all katas are green")
    assert terminal.app.session.is_all_green()


def test_any_key_goes_on_after_green_only_if_that_is_switched_on(terminal):
    terminal.judge_green()
    terminal.press("space", "x")
    assert terminal.kata.stem == "k02_halve"
    terminal.press("n", "a")
    terminal.judge_green()
    assert terminal.kata.name == "intro/k03_square"
    assert terminal.line_with("Because square has to.")
    assert terminal.line_with("Space or Enter goes on to k01_cube.")
    terminal.press("space")
    assert terminal.kata.name == "more/k01_cube"


def test_keys_with_a_meaning_of_their_own_do_not_go_on(terminal):
    terminal.press("a")
    terminal.judge_green()
    terminal.press("down", "question_mark", "x", "escape", "h")
    assert terminal.kata.stem == "k02_halve"
    terminal.press("x")
    assert terminal.kata.stem == "k03_square"


def test_any_key_goes_on_only_at_a_green_that_is_shown(terminal):
    terminal.press("a")
    terminal.judge_red(message="wrong")
    terminal.press("space")
    assert terminal.kata.stem == "k02_halve"
    terminal.judge_green()
    terminal.receive(terminal.started())
    terminal.judge_red(message="wrong again")
    terminal.press("space")
    assert terminal.kata.stem == "k02_halve"


def test_that_any_key_goes_on_is_always_seen(terminal):
    terminal.press("a")
    terminal.judge_red(message="wrong")
    assert "any key goes on after green" in terminal.lines[0]
    terminal.press("a")
    assert "any key goes on" not in terminal.lines[0]


def test_who_looks_at_a_green_kata_again_is_left_there(terminal):
    terminal.judge_green()
    terminal.press("a")
    terminal.judge_green()
    terminal.press("space")
    assert terminal.kata.stem == "k02_halve"


def test_going_on_passes_over_what_was_skipped(terminal, screen_dojo):
    Progress(screen_dojo).skip(Kata("intro/k03_square", screen_dojo))
    terminal.judge_green()
    assert terminal.line_with("Enter goes on to k01_cube.")
    terminal.press("a", "n")
    terminal.judge_green(name="intro/k02_halve")
    terminal.press("enter")
    assert terminal.kata.name == "more/k01_cube"


def test_what_was_skipped_is_offered_when_nothing_else_is_left(terminal, screen_dojo):
    Progress(screen_dojo).skip(Kata("intro/k03_square", screen_dojo))
    for name in ("intro/k01_double", "more/k01_cube", "intro/k02_halve"):
        terminal.judge_green(name=name)
    assert terminal.line_with("Enter goes on to k03_square, which was skipped.")


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
