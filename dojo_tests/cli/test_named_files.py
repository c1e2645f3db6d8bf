"""A path or a track on the command line means what lies there, and nothing else."""

import re

import pytest

from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_STARTED

RIGHT = "def double(x):\n    return x * 2\n"
WRONG = "def double(x):\n    return x * x\n"


@pytest.fixture
def own_dojo(warm_dojo):
    """The dojo of each test here: the command judges in it without a start of new workers."""
    return warm_dojo


@pytest.fixture
def bens_answer(own_dojo):
    """A wrong answer to first/k01_double in the folder S/ben of the dojo."""
    path = own_dojo / "S" / "ben" / "first" / "k01_double.py"
    path.parent.mkdir(parents=True)
    path.write_text(WRONG)
    return path


def test_check_judges_the_file_that_was_named(run_warm, double, bens_answer):
    double.stub.write_text(RIGHT)
    result = run_warm("check", "S/ben/first/k01_double.py")
    assert result.returncode == 1
    assert "answers: S/ben/first/k01_double.py\n" in result.stdout
    assert re.search(r"k01_double +red", result.stdout)
    assert "    S/ben/first/k01_double.py:" in result.stdout
    assert Progress(double.root).state(double) != GREEN


def test_check_judges_a_file_without_a_track(run_warm, double, tmp_path):
    (tmp_path / "k01_double.py").write_text(RIGHT)
    result = run_warm("check", str(tmp_path / "k01_double.py"))
    assert result.returncode == 0
    assert f"answers: {tmp_path}/k01_double.py\n" in result.stdout
    assert Progress(double.root).state(double) == NOT_STARTED


def test_check_takes_a_flat_folder_of_answers(run_warm, tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    (answers / "k01_double.py").write_text(RIGHT)
    (answers / "k01_mean.py").write_text("def mean(x):\n    return x\n")
    result = run_warm("check", "--all", "--solutions", str(answers))
    assert f"answers: {answers}\n" in result.stdout
    assert "] 1 of 4 katas green, 2 not started, 1 red" in result.stdout


def test_check_of_a_folder_without_answers_names_the_one_below(run_dojo, bens_answer):
    result = run_dojo("check", "--all", "--solutions", "S")
    assert (result.returncode, result.stdout) == (2, "")
    assert "no answer to any kata was found there" in result.stderr
    assert "Did you mean --solutions=S/ben?" in result.stderr


def test_check_judges_a_track(run_warm_in, own_dojo):
    for text, here in (("first", "."), ("katas/first/", "."), (".", "katas/first")):
        result = run_warm_in(own_dojo / here, "check", text)
        assert "0 of 2 katas green, 2 not started" in result.stdout


def test_files_of_several_folders_are_not_judged_at_once(run_dojo, bens_answer):
    result = run_dojo("check", "k02_add", "S/ben/first/k01_double.py")
    assert result.returncode == 2
    assert "lie in several folders: S/ben, katas" in result.stderr


@pytest.mark.parametrize("command", ["hint", "skip", "solution", "reset", "bench"])
def test_a_file_elsewhere_is_not_taken_for_the_learners_own(run_dojo, bens_answer, command):
    result = run_dojo(command, "S/ben/first/k01_double.py")
    assert (result.returncode, result.stdout) == (2, "")
    assert "is not in katas/ of this dojo" in result.stderr
    assert "dojo check S/ben/first/k01_double.py" in result.stderr


def test_a_folder_elsewhere_gets_the_command_that_judges_it(run_dojo, bens_answer):
    assert "dojo check --all --solutions S/ben\n" in run_dojo("check", "S/ben/").stderr
    assert "dojo check first --solutions S/ben\n" in run_dojo("check", "S/ben/first").stderr
    assert "dojo check --all --solutions S\n" in run_dojo("check", "S").stderr


def test_the_working_folder_decides_where_several_tracks_have_a_name(run_dojo_in, own_dojo):
    result = run_dojo_in(own_dojo / "katas" / "second", "hint", "k01")
    assert result.stdout.startswith("second/k01_mean\n")


def test_a_reset_of_a_track_needs_a_yes(run_dojo, double):
    double.stub.write_text(RIGHT)
    result = run_dojo("reset", "first")
    assert (result.returncode, double.stub.read_text()) == (2, RIGHT)


def test_the_version_is_told_anywhere(run_dojo_in, tmp_path):
    result = run_dojo_in(tmp_path, "--version")
    assert result.returncode == 0
    assert re.match(r"torch-dojo \d+\.\d+\.\d+, Python 3\.\d+", result.stdout)
