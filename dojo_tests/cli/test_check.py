"""``dojo check`` judges, prints and records."""

import json
import re
import shlex
import subprocess

import pytest

from dojo.course.katas import find_katas
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_JUDGED, NOT_STARTED, RED, TIMED_OUT

RIGHT = "def double(x):\n    return x * 2\n"
SQUARES = "import torch\n\n\ndef double(x):\n    return torch.square(x)\n"


@pytest.fixture
def own_dojo(warm_dojo):
    """The dojo of each test here: the command judges in it without a start of new workers."""
    return warm_dojo


def test_check_tells_records_and_counts_what_is_not_green(run_dojo, double, add):
    double.stub.write_text(SQUARES)
    add.stub.write_bytes(add.reference.read_bytes())
    result = run_dojo("check", "--all")
    assert result.returncode == 1
    assert result.stderr == ""
    assert re.search(r"\n  k01_double +red +\d+ of \d+ checks not green\n", result.stdout)
    assert re.search(r"\n  k02_add +green +\d+ checks\n", result.stdout)
    assert "] 1 of 4 katas green, 1 red, 2 not started" in result.stdout
    assert "next: k01_double (red)" in result.stdout
    progress = Progress(double.root)
    assert (progress.state(double), progress.state(add)) == (RED, GREEN)


def test_check_judges_the_current_kata_and_recognises_its_mistake(run_warm, double):
    double.stub.write_text(SQUARES)
    result = run_warm("check")
    assert "k02_add" not in result.stdout
    assert "This looks like: x is squared, not doubled." in result.stdout
    assert "katas/first/k01_double.py:4\n    red: " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


RAISES = "def double(x):\n    return x @ 2\n"


def test_check_of_an_exception_says_what_happened_and_how_to_list_all(run_warm, own_dojo, double):
    double.stub.write_text(RAISES)
    result = run_warm("check")
    assert "\n    red: double raised TypeError [type, cpu]\n" in result.stdout
    assert "What went in: double(<float32 (" in result.stdout
    lines = result.stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if "Also red: " in line)
    also_red = lines[place].partition("Also red: ")[2].partition(".")[0].split(", ")
    assert "values" in also_red
    assert "type" not in also_red
    command = shlex.split(lines[place + 1])
    run = subprocess.run(
        command, cwd=own_dojo, capture_output=True, text=True, timeout=120, check=False
    )
    listed = [line for line in run.stdout.splitlines() if line.startswith("RED ")]
    assert len(listed) == int(re.search(r"(\d+) of \d+ checks not green", run.stdout)[1])
    assert "To list all" not in run.stdout  # since it lists them


def test_check_of_answers_elsewhere_lists_all_of_those(run_warm, double, tmp_path):
    path = double.solution_in(tmp_path / "answers")
    path.parent.mkdir(parents=True)
    path.write_text(RAISES)
    result = run_warm("check", "k01_double", "--solutions", str(tmp_path / "answers"))
    command = next(line for line in result.stdout.splitlines() if line.endswith(" -rf"))
    assert shlex.split(command)[1:] == [
        "-k",
        "k01_double",
        f"--solutions={tmp_path / 'answers'}",
        "-rf",
    ]


def test_check_of_what_is_green_exits_with_0(run_warm, double):
    double.stub.write_text(RIGHT)
    result = run_warm("check", "k01_double")
    assert result.returncode == 0
    assert "next: k02_add (not started)" in result.stdout


def test_check_prints_nothing_but_verdicts_as_json(run_warm, double, add):
    double.stub.write_text(SQUARES)
    result = run_warm("check", "k02_add", "k01_double", "--json")
    assert result.returncode == 1
    verdicts = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["kata"], one["state"]) for one in verdicts] == [
        (double.name, RED),
        (add.name, NOT_STARTED),
    ]
    assert all(one["version"] == 1 and one["checks"] for one in verdicts)


def test_check_with_nothing_left_to_do_is_content(run_warm, own_dojo, record_verdict):
    for kata in find_katas(own_dojo):
        record_verdict(kata, GREEN, "x = 1\n")
    result = run_warm("check")
    assert (result.returncode, result.stdout) == (0, "All katas are green. Well done.\n")


def test_check_of_other_answers_records_nothing(run_warm, double):
    assert run_warm("check", "k01_double", "--solutions", "reference").returncode == 0
    assert Progress(double.root).state(double) == NOT_STARTED


def test_green_on_one_device_alone_is_not_recorded_and_that_is_said(run_warm, double):
    double.stub.write_text(RIGHT)
    result = run_warm("check", "k01_double", "--device", "cpu")
    assert result.returncode == 0
    assert "green on one device alone is not recorded" in result.stderr
    assert Progress(double.root).state(double) == NOT_JUDGED


def test_check_takes_a_time_limit(run_warm, double):
    double.stub.write_text("while True:\n    pass\n")
    result = run_warm("check", "k01_double", "--time-limit", "0.5")
    assert result.returncode == 1
    assert "not finished after 0.5 s" in result.stdout
    assert Progress(double.root).state(double) == TIMED_OUT
