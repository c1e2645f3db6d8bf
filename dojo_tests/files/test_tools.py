"""A command is worded as it runs where the learner is."""

import os
import sys
import sysconfig

import pytest

from dojo.files import tools
from dojo.files.tools import pytest_of, typed


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A folder with an environment in it, whose tools are those that run now."""
    scripts = tmp_path / "clone" / ".venv" / "bin"
    for tool in ("dojo", "pytest", "python"):
        make_tool(scripts / tool)
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.setattr(sys, "argv", [str(scripts / "dojo"), "check"])
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(scripts))
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path / "clone")
    tools._with_folder.cache_clear()
    yield tmp_path / "clone"
    tools._with_folder.cache_clear()


def make_tool(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


def test_a_tool_that_the_shell_finds_needs_no_folder(clone, monkeypatch):
    monkeypatch.setenv("PATH", f"/nowhere{os.pathsep}{clone / '.venv' / 'bin'}")
    assert typed("dojo check k01") == "dojo check k01"


@pytest.mark.parametrize("command", ["dojo check k01", "pytest -k k01", "python katas/a.py"])
def test_a_tool_that_it_does_not_find_is_named_with_its_folder(clone, command):
    assert typed(command) == f".venv/bin/{command}"


def test_so_is_one_where_the_shell_finds_another_one_first(clone, tmp_path, monkeypatch):
    make_tool(tmp_path / "other" / "pytest")
    monkeypatch.setenv("PATH", f"{tmp_path / 'other'}{os.pathsep}{clone / '.venv' / 'bin'}")
    assert typed("pytest") == ".venv/bin/pytest"
    assert typed("dojo") == "dojo"


def test_a_link_to_the_tool_is_the_tool(clone, tmp_path, monkeypatch):
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "dojo").symlink_to(clone / ".venv" / "bin" / "dojo")
    monkeypatch.setenv("PATH", str(tmp_path / "links"))
    assert typed("dojo") == "dojo"


def test_the_folder_is_named_from_where_the_learner_is(clone, tmp_path, monkeypatch):
    (clone / "katas").mkdir()
    monkeypatch.chdir(clone / "katas")
    assert typed("dojo") == "../.venv/bin/dojo"
    monkeypatch.chdir("/")
    assert typed("dojo") == str(clone / ".venv" / "bin" / "dojo")[1:]


def test_a_tool_in_the_very_folder_is_named_with_a_dot(clone, monkeypatch):
    monkeypatch.chdir(clone / ".venv" / "bin")
    assert typed("dojo") == "./dojo"


def test_a_tool_that_is_not_installed_is_run_by_python(clone):
    (clone / ".venv" / "bin" / "dojo").unlink()
    assert typed("dojo check") == ".venv/bin/python -m dojo check"


def test_blanks_in_a_path_are_quoted(clone, monkeypatch):
    (clone / ".venv").rename(clone / "my env")
    scripts = clone / "my env" / "bin"
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.setattr(sys, "argv", ["pytest"])
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(scripts))
    assert typed("dojo check") == '"my env/bin/dojo" check'


@pytest.mark.parametrize(
    "here, choice, command",
    [
        (".", "katas", "pytest -k k05_matmul"),
        ("katas/intro", "katas", "pytest ../.. -k k05_matmul"),
        (".", "my answers", "pytest -k k05_matmul --solutions='my answers'"),
    ],
)
def test_pytest_of_judges_a_kata_from_the_folder_where_it_is_typed(tmp_path, here, choice, command):
    found = pytest_of("k05_matmul", tmp_path, tmp_path / here, choice)
    assert found.endswith(command)
