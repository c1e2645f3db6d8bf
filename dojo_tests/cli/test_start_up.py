"""Commands start in a blink: they import only what they need."""

import pytest

COMMANDS_THAT_JUDGE_NOTHING = [
    (),
    ("list",),
    ("list", "--json"),
    ("practice",),
    ("next",),
    ("skip", "k01_double"),
    ("hint", "k01_double"),
    ("solution", "k01_double", "--yes"),
    ("reset", "k01_double"),
    ("--help",),
]
HEAVY = {"torch", "numpy", "pytest", "_pytest", "rich", "textual", "watchfiles", "fsrs"}


def imports_of(result):
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", COMMANDS_THAT_JUDGE_NOTHING, ids=" ".join)
def test_a_command_that_judges_nothing_imports_nothing_heavy(run_dojo, arguments):
    result = run_dojo(*arguments, python=["-X", "importtime"])
    assert "typer" in imports_of(result)
    assert not imports_of(result) & HEAVY


@pytest.mark.parametrize("arguments", [("check", "k02_add"), ("doctor",)], ids=" ".join)
def test_the_parent_of_those_that_judge_imports_neither_torch_nor_pytest(run_dojo, arguments):
    result = run_dojo(*arguments, python=["-X", "importtime"])
    assert "dojo" in imports_of(result)
    assert not imports_of(result) & {"torch", "pytest", "_pytest"}
