"""A project that only shares its environment with the dojo: its pytest is as without the dojo."""

import pytest

CONFTEST = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--device", default="cpu")
    parser.addoption("--time-limit", default=3)

@pytest.fixture
def solution():
    return 42
"""
TESTS = """
import sys

def test_own_names(solution, pytestconfig):
    assert solution == 42
    assert pytestconfig.getoption("--device") == "cpu"

def test_nothing_is_imported():
    assert not {"torch", "numpy", "dojo.plugin"} & sys.modules.keys()
"""


@pytest.fixture(autouse=True)
def only_our_entry_point(monkeypatch):
    """Let pytest find no plugin but the dojo's entry point, as the environment's others differ."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p dojo.pytest_entry")


@pytest.mark.new_python
@pytest.mark.parametrize("tree", ["katas", "tests"])
def test_a_project_may_use_the_names_of_the_dojos_options_and_fixtures(installed, tmp_path, tree):
    for folder in ("katas", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / tree / "test_own.py").write_text(TESTS, encoding="utf-8")
    done = installed.pytest(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["katas/first"], ["--rootdir=."]])
def test_in_a_dojo_the_plugin_is_there_without_its_conftest(installed, learner, arguments):
    done = installed.pytest(learner, "--noconftest", "--device=cpu", *arguments)
    assert "not started" in done.stdout, done.stderr


def test_a_dojo_can_be_named_from_elsewhere(installed, learner, tmp_path):
    node = learner / "katas" / "first" / "k01_double.py"
    listed = installed.pytest(learner, "--collect-only", "-q", node).stdout.splitlines()[0]
    check = listed.partition("::")[2]
    done = installed.pytest(tmp_path, "--noconftest", f"{node}::{check}")
    assert "1 not started" in done.stdout, done.stderr
