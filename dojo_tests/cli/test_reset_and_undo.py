"""``dojo reset`` and ``dojo undo`` replace the learner's files and lose nothing."""

import re

from dojo.course.stubs import keep_stub
from dojo.verdict.model import GREEN

ANSWER = "def double(x):\n    return x * x\n"


def test_a_reset_tells_where_the_copy_is_and_undo_brings_it_back(run_dojo, double):
    stub = double.stub.read_text()
    keep_stub(double)
    double.stub.write_text(ANSWER)
    result = run_dojo("reset", "k01_double")
    copy = re.search(r"what it replaced: (\.dojo/saved/first/k01_double/\S+)", result.stdout)
    assert (double.root / copy[1]).read_text() == ANSWER
    assert double.stub.read_text() == stub
    assert run_dojo("undo").returncode == 0
    assert double.stub.read_text() == ANSWER


def test_undo_says_what_it_puts_back(run_dojo, double):
    keep_stub(double)
    double.stub.write_text(ANSWER)
    run_dojo("reset", "k01_double")
    result = run_dojo("undo", "k01_double")
    assert re.match(
        r"katas/first/k01_double.py is back as of \d{4}-\d\d-\d\d \d\d:\d\d; what it replaced: ",
        result.stdout,
    )


def test_undo_of_another_kata_leaves_this_one(run_dojo, double):
    keep_stub(double)
    double.stub.write_text(ANSWER)
    run_dojo("reset", "k01_double")
    result = run_dojo("undo", "k02_add")
    assert result.returncode == 1
    assert "There is no reset of first/k02_add to undo" in result.stderr
    assert double.stub.read_text() != ANSWER


def test_undo_needs_a_yes_for_what_is_green_or_edited(run_dojo, double, record_verdict):
    keep_stub(double)
    double.stub.write_text(ANSWER)
    run_dojo("reset", "k01_double")
    double.stub.write_text("x = 1\n")
    result = run_dojo("undo")
    assert result.returncode == 2
    assert "katas/first/k01_double.py was changed after the reset; the file of 2" in result.stderr
    record_verdict(double, GREEN, "x = 1\n")
    result = run_dojo("undo")
    assert (result.returncode, double.stub.read_text()) == (2, "x = 1\n")
    assert "katas/first/k01_double.py is green;" in result.stderr
    assert run_dojo("undo", "--yes").returncode == 0
    assert double.stub.read_text() == ANSWER


def test_who_says_no_at_the_terminal_keeps_the_file(run_dojo, run_dojo_at_terminal, double):
    keep_stub(double)
    double.stub.write_text(ANSWER)
    run_dojo("reset", "k01_double")
    double.stub.write_text("x = 1\n")
    code, text = run_dojo_at_terminal("undo", typed="n\n")
    assert (code, double.stub.read_text()) == (1, "x = 1\n")
    assert "Put the older file back? A copy is kept. [y/N]" in text


def test_undo_of_all_brings_all_back(run_dojo, double, add):
    for kata in (double, add):
        keep_stub(kata)
        kata.stub.write_text(ANSWER)
    run_dojo("reset", "--all", "--yes")
    assert run_dojo("undo", "--all").returncode == 0
    assert double.stub.read_text() == add.stub.read_text() == ANSWER


def test_a_reset_of_a_stub_says_which_kata_was_meant(run_dojo):
    result = run_dojo("reset", "k02_add")
    assert result.stdout == "Nothing to do: first/k02_add is already the stub.\n"


def test_a_reset_of_all_needs_a_yes(run_dojo, double):
    keep_stub(double)
    double.stub.write_text(ANSWER)
    result = run_dojo("reset", "--all")
    assert (result.returncode, double.stub.read_text()) == (2, ANSWER)
    assert run_dojo("reset", "--all", "--yes").returncode == 0
    assert double.stub.read_text() != ANSWER


def test_a_reset_that_would_lose_something_is_refused_in_one_line(run_dojo, double):
    double.stub.write_text(ANSWER)
    result = run_dojo("reset", "k01_double")
    assert (result.returncode, double.stub.read_text()) == (1, ANSWER)
    assert len(result.stderr.splitlines()) == 1


def test_what_cannot_be_saved_is_said_once_and_all_goes_on(run_dojo, double):
    (double.root / ".dojo").write_text("in the way")
    result = run_dojo("hint", "k01_double")
    assert result.returncode == 0
    assert "hint 1 of 3" in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("dojo: .dojo/progress.json cannot be ")
