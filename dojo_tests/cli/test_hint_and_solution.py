"""``dojo hint`` and ``dojo solution`` help with a kata."""

import re

import pytest

from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, RED

SQUARES = "def double(x):\n    return x * x\n"
WHY = "`x.mul_(2)` would write into x"  # stands in the reference alone


def test_hints_open_one_by_one_and_stay_open(run_dojo, double):
    first, second = run_dojo("hint", "k01_double"), run_dojo("hint", "k01_double")
    assert re.findall(r"hint \d of 3", first.stdout) == ["hint 1 of 3"]
    assert re.findall(r"hint \d of 3", second.stdout) == ["hint 1 of 3", "hint 2 of 3"]
    assert "the next one: dojo hint first/k01" in second.stdout
    assert Progress(double.root).hints_opened(double) == 2


def test_all_hints_open_at_once(run_dojo, double):
    result = run_dojo("hint", "--all")
    assert "hint 3 of 3" in result.stdout
    assert "that was the last one" in result.stdout
    assert Progress(double.root).hints_opened(double) == 3


def test_a_solution_is_a_diff_from_your_file_with_its_reason(run_dojo, double):
    double.stub.write_text(SQUARES)
    result = run_dojo("solution", "k01_double", "--yes")
    assert "--- katas/first/k01_double.py\n+++ reference/first/k01" in result.stdout
    assert "-    return x * x" in result.stdout
    assert "+    return x * 2" in result.stdout
    assert WHY in result.stdout


def test_a_solution_before_green_needs_a_yes(run_dojo):
    result = run_dojo("solution", "k01_double")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "say --yes" in result.stderr


def test_a_solution_after_green_needs_none(run_dojo, double, record_verdict):
    record_verdict(double, GREEN, "x = 1\n")
    record_verdict(double, RED, "x = 2\n")
    assert run_dojo("solution", "k01_double").returncode == 0


@pytest.mark.parametrize("typed, code", [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_a_terminal_is_asked_before_a_solution_is_shown(run_dojo_at_terminal, typed, code):
    returned, text = run_dojo_at_terminal("solution", "k01_double", typed=typed)
    assert "Show its solution? [y/N]" in text
    assert returned == code
    assert (WHY in text) == (code == 0)
