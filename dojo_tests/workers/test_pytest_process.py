"""How runs of pytest are started that serve this process."""

import os
import subprocess
import sys

import pytest

from dojo.workers.lifetime import STARTER
from dojo.workers.pytest_process import bound_pytest, own_environment, start_pytest


@pytest.mark.parametrize(
    "name", ["PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST", STARTER]
)
def test_own_environment_leaves_out_what_belongs_to_the_run_around_it(monkeypatch, name):
    monkeypatch.setenv(name, "theirs")
    assert own_environment().get(name) != "theirs"


def test_own_environment_keeps_the_rest_and_names_this_process(monkeypatch):
    monkeypatch.setenv("KEPT", "yes")
    environment = own_environment()
    assert (environment["KEPT"], environment[STARTER]) == ("yes", str(os.getpid()))


def test_bound_pytest_runs_this_python_in_the_root(tmp_path):
    command = bound_pytest(tmp_path)
    assert command[:3] == [sys.executable, "-m", "pytest"]
    assert f"--rootdir={tmp_path}" in command
    assert "-pdojo.workers.die_with_parent" in command


def test_start_pytest_runs_in_the_folder_with_the_lines_in_the_environment(own_dojo):
    code = "import os\nprint(os.getcwd(), os.environ['LINE'], flush=True)\nos._exit(3)\n"
    (own_dojo / "conftest.py").write_text(code)
    process = start_pytest([], own_dojo, {"LINE": "7"}, stdout=subprocess.PIPE)
    shown, _ = process.communicate()
    assert process.returncode == 3
    assert shown.decode() == f"{own_dojo} 7\n"
