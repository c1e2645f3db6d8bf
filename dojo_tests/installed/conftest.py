"""An installed dojo: a copy of the package with a course of its own inside, as a wheel has it.

Its course is the small dojo. It comes before the package of this clone on the path of Python.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 300.0  # seconds for what takes two on a quiet machine
NO_CACHE = shutil.ignore_patterns("__pycache__", ".*")


class Installed:
    """A folder from which Python imports the installed dojo."""

    def __init__(self, site):
        self._site = site
        self.course = site / "dojo" / "_course"

    def python(self, folder, *arguments):
        """Run Python in a folder, and return what has ended."""
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(self._site), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def dojo(self, folder, *arguments):
        return self.python(folder, "-m", "dojo", *arguments)

    def pytest(self, folder, *arguments):
        return self.python(folder, "-m", "pytest", *arguments)


def lay_out(site, small_dojo):
    """Copy the package and a course into a folder, as pip does."""
    shutil.copytree(ROOT / "dojo", site / "dojo", ignore=NO_CACHE)
    course = site / "dojo" / "_course"
    for tree in ("katas", "reference", "tests", "impostors"):
        shutil.copytree(small_dojo / tree, course / tree, ignore=NO_CACHE)
    shutil.copytree(ROOT / "starter", course / "starter")
    shutil.copy(ROOT / "conftest.py", course / "starter")
    return Installed(site)


@pytest.fixture(scope="session")
def installed(tmp_path_factory, small_dojo):
    """An installed dojo that no test changes."""
    return lay_out(tmp_path_factory.mktemp("site"), small_dojo)


@pytest.fixture
def own_installed(tmp_path, small_dojo):
    """An installed dojo whose course the test may change, as an upgrade does."""
    return lay_out(tmp_path / "site", small_dojo)


@pytest.fixture
def learner(installed, tmp_path):
    """A learner's folder, made by ``dojo init``."""
    folder = tmp_path / "learn"
    made = installed.dojo(tmp_path, "init", folder)
    assert made.returncode == 0, made.stderr
    return folder
