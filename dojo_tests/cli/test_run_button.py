"""A kata's file that is run with Python prints the verdict on it, as an editor's button does."""

import subprocess
import sys

import pytest

from dojo.course.stubs import RUN_LINE
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN

SQUARES = f"def double(x):\n    return x**2\n\n\n{RUN_LINE}\n"
RIGHT = SQUARES.replace("x**2", "2 * x")


@pytest.fixture
def run_file():
    """Runs a file with Python in a folder."""

    def run_file(file, folder):
        return subprocess.run(
            [sys.executable, str(file)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run_file


def test_a_stub_that_is_run_is_not_started(run_file, double, own_dojo):
    done = run_file("katas/first/k01_double.py", own_dojo)
    assert done.stdout.startswith("k01_double: not started, ")
    assert "  to read more: dojo check first/k01\n" in done.stdout
    assert (done.returncode, done.stderr) == (1, "")


def test_a_red_answer_names_the_law_that_it_breaks(run_file, double):
    double.stub.write_text(SQUARES)
    done = run_file("k01_double.py", double.stub.parent)
    assert done.stdout.startswith("k01_double: red, ")
    assert "katas/first/k01_double.py:1\n  red: " in done.stdout
    assert done.returncode == 1


def test_a_green_answer_is_recorded_and_the_next_kata_named(run_file, double, own_dojo):
    double.stub.write_text(RIGHT)
    done = run_file("katas/first/k01_double.py", own_dojo)
    assert done.stdout.startswith("k01_double: green, ")
    assert "next: k02_add" in done.stdout
    assert done.returncode == 0
    assert Progress(own_dojo).state(double) == GREEN


def test_it_is_judged_in_its_own_dojo_wherever_it_is_run(run_file, double, tmp_path):
    double.stub.write_text(SQUARES)
    done = run_file(double.stub, tmp_path)
    assert done.stdout.startswith(f"in {double.root}:\nk01_double: red, ")


def test_a_file_in_no_dojo_is_told_so(run_file, tmp_path):
    (tmp_path / "k01_double.py").write_text(RIGHT)
    done = run_file("k01_double.py", tmp_path)
    assert done.returncode == 2
    assert "there is no dojo here" in done.stderr
    assert "Traceback" not in done.stderr
