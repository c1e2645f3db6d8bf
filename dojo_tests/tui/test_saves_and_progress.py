"""The screen follows the file that is saved, and verdicts become progress."""

import threading

from dojo.course.katas import Kata
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_STARTED, Check, Verdict
from dojo.watch.events import Judged


def test_the_screen_follows_the_file_that_is_saved(terminal):
    terminal.judge_red(name="more/k01_cube", message="cubed wrongly")
    assert terminal.line_with("Cube a number")
    assert terminal.line_with("cubed wrongly")


def test_the_screen_follows_while_a_page_is_open(terminal):
    terminal.press("question_mark")
    terminal.judge_red(name="more/k01_cube", message="cubed wrongly")
    terminal.press("escape")
    assert terminal.line_with("cubed wrongly")


def test_a_verdict_that_comes_late_counts_and_is_not_shown(terminal):
    kata = terminal.kata
    checks = tuple(Check(one.name, one.aspect, one.device, GREEN) for one in terminal.planned)
    hashed = terminal.source_hash(kata)
    terminal.press("n")
    terminal.receive(Judged(kata, Verdict(kata.name, GREEN, 0.1, hashed, checks)))
    assert terminal.line_with("Square a number")
    assert terminal.line_with("warming up")
    assert terminal.lines[0].endswith("1 of 3")


def test_verdicts_are_recorded(terminal, screen_dojo):
    terminal.judge_green()
    assert Progress(screen_dojo).state(Kata("intro/k02_halve", screen_dojo)) == GREEN


def test_answers_from_elsewhere_are_not_recorded(open_terminal, screen_dojo, tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    terminal = open_terminal(solutions=answers)
    terminal.judge_green()
    assert terminal.lines[0].endswith("1 of 3")
    assert Progress(screen_dojo).state(Kata("intro/k02_halve", screen_dojo)) == NOT_STARTED


def test_progress_that_cannot_be_saved_is_told(terminal, screen_dojo):
    (screen_dojo / ".dojo").write_text("a file where the folder should be")
    terminal.judge_green()
    assert terminal.line_with(".dojo/progress.json cannot be written")


def test_a_corrupt_state_file_is_told(open_terminal, screen_dojo):
    (screen_dojo / ".dojo").mkdir()
    (screen_dojo / ".dojo" / "progress.json").write_text("{")
    assert open_terminal().line_with("It is kept as")


def test_the_end_of_the_screen_closes_the_loop(terminal):
    terminal.close()
    assert terminal.loop.is_closed


def test_events_from_other_threads_arrive(terminal):
    thread = threading.Thread(target=terminal.loop.send, args=(terminal.started(),))
    thread.start()
    thread.join()
    terminal.settle()
    assert terminal.line_with("judging")
