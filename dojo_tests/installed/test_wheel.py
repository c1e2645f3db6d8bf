"""The wheel holds the package with the whole course, and no test of the dojo itself."""

import subprocess
import sys
import zipfile

import pytest

TREES = ("katas", "reference", "tests", "impostors", "starter")


@pytest.fixture(scope="module")
def names(root, tmp_path_factory):
    """The names of the files in a wheel that is built as pip builds it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    parts = ["dojo", *TREES, "conftest.py", "pyproject.toml", "setup.py", "README.md", "LICENSE"]
    for part in parts:  # a copy, since a build leaves files beside the source
        subprocess.run(["cp", "-r", root / part, source], check=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", target, source]
    subprocess.run(pip, check=True, capture_output=True)
    with zipfile.ZipFile(next(target.glob("*.whl"))) as wheel:
        return {name for name in wheel.namelist() if not name.endswith("/")}


def test_each_file_of_the_course_is_in_the_wheel(root, names):
    files = [
        file.relative_to(root)
        for tree in TREES
        for file in (root / tree).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    ]
    assert len(files) > 600
    assert {f"dojo/_course/{file.as_posix()}" for file in files} <= names
    assert "dojo/_course/starter/conftest.py" in names


def test_nothing_else_is_in_the_wheel(names):
    outside = {name for name in names if not name.startswith(("dojo/", "torch_dojo-"))}
    assert not outside
    assert not {name for name in names if "dojo_tests" in name or "__pycache__" in name}
