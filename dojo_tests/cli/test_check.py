"""``dojo check`` judges, prints and records."""

import json
import re

from dojo.course.katas import find_katas
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_JUDGED, NOT_STARTED, RED, TIMED_OUT

RIGHT = "def double(x):\n    return x * 2\n"
SQUARES = "import torch\n\n\ndef double(x):\n    return torch.square(x)\n"


def test_check_tells_records_and_counts_what_is_not_green(run_dojo, first_kata, second_kata):
    first_kata.stub.write_text(SQUARES)
    second_kata.stub.write_bytes(second_kata.reference.read_bytes())
    result = run_dojo("check", "--all")
    assert result.returncode == 1
    assert result.stderr == ""
    assert re.search(r"\n  k01_double +red +\d+ of \d+ checks not green\n", result.stdout)
    assert re.search(r"\n  k02_add +green +\d+ checks\n", result.stdout)
    assert "] 1 of 4 katas green, 1 red, 2 not started" in result.stdout
    assert "next: k01_double (red)" in result.stdout
    progress = Progress(first_kata.root)
    assert (progress.state(first_kata), progress.state(second_kata)) == (RED, GREEN)


def test_check_judges_the_current_kata_and_recognises_its_mistake(run_dojo, first_kata):
    first_kata.stub.write_text(SQUARES)
    result = run_dojo("check")
    assert "k02_add" not in result.stdout
    assert "This looks like: x is squared, not doubled." in result.stdout
    assert "katas/first/k01_double.py:4\n    red: " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_check_of_what_is_green_exits_with_0(run_dojo, first_kata):
    first_kata.stub.write_text(RIGHT)
    result = run_dojo("check", "k01_double")
    assert result.returncode == 0
    assert "next: k02_add (not started)" in result.stdout


def test_check_prints_nothing_but_verdicts_as_json(run_dojo, first_kata, second_kata):
    first_kata.stub.write_text(SQUARES)
    result = run_dojo("check", "k02_add", "k01_double", "--json")
    assert result.returncode == 1
    verdicts = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["kata"], one["state"]) for one in verdicts] == [
        (first_kata.name, RED),
        (second_kata.name, NOT_STARTED),
    ]
    assert all(one["version"] == 1 and one["checks"] for one in verdicts)


def test_check_with_nothing_left_to_do_is_content(run_dojo, own_dojo, record_verdict):
    for kata in find_katas(own_dojo):
        record_verdict(kata, GREEN, "x = 1\n")
    result = run_dojo("check")
    assert (result.returncode, result.stdout) == (0, "All katas are green. Well done.\n")


def test_check_of_other_answers_records_nothing(run_dojo, first_kata):
    assert run_dojo("check", "k01_double", "--solutions", "reference").returncode == 0
    assert Progress(first_kata.root).state(first_kata) == NOT_STARTED


def test_green_on_one_device_alone_is_not_recorded_and_that_is_said(run_dojo, first_kata):
    first_kata.stub.write_text(RIGHT)
    result = run_dojo("check", "k01_double", "--device", "cpu")
    assert result.returncode == 0
    assert "green on one device alone is not recorded" in result.stderr
    assert Progress(first_kata.root).state(first_kata) == NOT_JUDGED


def test_check_takes_a_time_limit(run_dojo, first_kata):
    first_kata.stub.write_text("while True:\n    pass\n")
    result = run_dojo("check", "k01_double", "--time-limit", "0.5")
    assert result.returncode == 1
    assert "not finished after 0.5 s" in result.stdout
    assert Progress(first_kata.root).state(first_kata) == TIMED_OUT


def test_checks_that_cannot_be_collected_leave_the_other_katas(
    run_dojo, first_kata, second_kata, line_of
):
    first_kata.checks.write_text("def test_(:\n")
    result = run_dojo("check", "--all")
    assert result.returncode == 1
    assert "first/k01_double is not judged" in result.stderr
    assert NOT_STARTED in line_of(result, second_kata)
    assert "1 not judged, 3 not started" in result.stdout
    assert "Traceback" not in result.stderr
