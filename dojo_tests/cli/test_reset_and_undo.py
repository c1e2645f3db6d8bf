"""``dojo reset`` and ``dojo undo`` replace the learner's files and lose nothing."""

import re

from dojo.course.stubs import keep_stub

ANSWER = "def double(x):\n    return x * x\n"


def test_a_reset_tells_where_the_copy_is_and_undo_brings_it_back(run_dojo, first_kata):
    stub = first_kata.stub.read_text()
    keep_stub(first_kata)
    first_kata.stub.write_text(ANSWER)
    result = run_dojo("reset", "k01_double")
    copy = re.search(r"what it replaced: (\.dojo/saved/first/k01_double/\S+)", result.stdout)
    assert (first_kata.root / copy[1]).read_text() == ANSWER
    assert first_kata.stub.read_text() == stub
    assert run_dojo("undo").returncode == 0
    assert first_kata.stub.read_text() == ANSWER


def test_a_reset_of_all_needs_a_yes(run_dojo, first_kata):
    keep_stub(first_kata)
    first_kata.stub.write_text(ANSWER)
    result = run_dojo("reset", "--all")
    assert (result.returncode, first_kata.stub.read_text()) == (2, ANSWER)
    assert run_dojo("reset", "--all", "--yes").returncode == 0
    assert first_kata.stub.read_text() != ANSWER


def test_a_reset_that_would_lose_something_is_refused_in_one_line(run_dojo, first_kata):
    first_kata.stub.write_text(ANSWER)
    result = run_dojo("reset", "k01_double")
    assert (result.returncode, first_kata.stub.read_text()) == (1, ANSWER)
    assert len(result.stderr.splitlines()) == 1


def test_what_cannot_be_saved_is_said_once_and_all_goes_on(run_dojo, first_kata):
    (first_kata.root / ".dojo").write_text("in the way")
    result = run_dojo("hint", "k01_double")
    assert result.returncode == 0
    assert "hint 1 of 3" in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("dojo: .dojo/progress.json cannot be ")
