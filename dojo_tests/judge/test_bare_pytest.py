"""A pytest that lacks the dojo, or what it needs, is told so in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HIDES = """
import importlib.util, sys

find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in {hidden} else find_spec(name, *more)
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.fixture
def run_without(own_dojo):
    """Run pytest as where some packages are not installed, and no plugin is loaded by itself."""

    def run_without(*hidden, options=()):
        return subprocess.run(
            [sys.executable, "-c", HIDES.format(hidden=hidden), *options],
            cwd=own_dojo,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run_without


@pytest.mark.parametrize("hidden", [("dojo",), ("torch",), ("dojo", "torch", "numpy")])
@pytest.mark.parametrize("options", [(), ("--solutions=reference", "-k", "k02_add")])
def test_what_is_missing_and_what_to_do_is_told(run_without, own_dojo, hidden, options):
    done = run_without(*hidden, options=options)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"has no {' and no '.join(hidden)}. Install the dojo there: " in done.stderr
    assert f"cd {own_dojo} && {sys.executable} -m pip install" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_environment_of_the_clone_is_named_where_there_is_one(run_without, own_dojo):
    tool = own_dojo / ".venv" / "bin" / "pytest"
    tool.parent.mkdir(parents=True)
    tool.touch()
    assert f"Run {tool} instead" in run_without("dojo").stderr


def test_no_warning_is_looked_up_in_a_plugin_that_may_be_missing(root):
    text = (Path(root) / "pyproject.toml").read_text(encoding="utf-8")
    filters = text.partition("filterwarnings = [")[2].partition("]")[0]
    assert "pytest_benchmark.logger" not in filters
