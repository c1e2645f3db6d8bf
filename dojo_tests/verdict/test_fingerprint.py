"""A fingerprint changes with all that decides a verdict, and with nothing else."""

import importlib.metadata
import shutil
from pathlib import Path

import pytest

import dojo
import dojo.verdict.fingerprint
from dojo.course.katas import Kata
from dojo.verdict.fingerprint import Fingerprints, fingerprint

DECIDING = [
    "plugin.py",
    "judge/runner.py",
    "judge/sandbox/tampering.py",
    "judge/new/nested.py",
    "checks/expect.py",
    "checks/new/nested.py",
    "devices/rules.py",
    "devices/new/nested.py",
]
OTHERS = ["tui/app.py", "tui/dojo.tcss", "cli/app.py", "bench/table.py", "verdict/text.py"]


@pytest.fixture
def own_code(tmp_path, monkeypatch):
    """A copy of the package dojo, of which the fingerprint is taken."""
    leave = shutil.ignore_patterns("__pycache__")
    copy = shutil.copytree(Path(dojo.__file__).parent, tmp_path / "code", ignore=leave)
    monkeypatch.setattr(dojo.verdict.fingerprint, "_DOJO", copy)
    return copy


def append_to(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write("\n# changed\n")


def test_a_fingerprint_has_16_hexadecimal_digits(double):
    assert len(fingerprint(double)) == 16
    assert set(fingerprint(double)) <= set("0123456789abcdef")


def test_a_fingerprint_stays_while_nothing_changes(double, own_code):
    assert fingerprint(double) == fingerprint(double)


@pytest.mark.parametrize("part", ["checks", "reference", "impostors"])
def test_it_changes_with_the_files_of_the_kata(double, part):
    before = fingerprint(double)
    append_to(getattr(double, part))
    assert fingerprint(double) != before


def test_it_stays_when_the_answer_changes(double):
    before = fingerprint(double)
    append_to(double.stub)
    assert fingerprint(double) == before


def test_it_stays_when_the_files_of_another_kata_change(double):
    before = fingerprint(double)
    append_to(Kata("first/k02_add", double.root).checks)
    assert fingerprint(double) == before


@pytest.mark.parametrize("name", DECIDING)
def test_it_changes_with_a_file_that_judges(double, own_code, name):
    before = fingerprint(double)
    append_to(own_code / name)
    assert fingerprint(double) != before


@pytest.mark.parametrize("name", OTHERS)
def test_it_stays_when_another_file_of_the_dojo_changes(double, own_code, name):
    before = fingerprint(double)
    append_to(own_code / name)
    assert fingerprint(double) == before


def test_it_stays_when_a_file_that_judges_is_compiled(double, own_code):
    before = fingerprint(double)
    append_to(own_code / "judge" / "__pycache__" / "runner.cpython-399.pyc")
    assert fingerprint(double) == before


def test_it_changes_with_the_version_of_python(double, monkeypatch):
    before = fingerprint(double)
    monkeypatch.setattr(dojo.verdict.fingerprint, "_versions", lambda: "Python 3.99")
    assert fingerprint(double) != before


def test_the_versions_are_those_of_python_torch_and_numpy(monkeypatch):
    monkeypatch.setattr("sys.version", "3.99")
    ask_again = dojo.verdict.fingerprint._versions.__wrapped__  # not what it has kept
    versions = [importlib.metadata.version(name) for name in ("torch", "numpy")]
    assert ask_again() == " ".join(["3.99", *versions])


def test_a_package_without_a_folder_of_pip_has_the_version_of_its_metadata(monkeypatch):
    monkeypatch.setattr("os.listdir", lambda _folder: [])
    torch = importlib.metadata.version("torch")
    assert dojo.verdict.fingerprint._version_of("torch") == torch
    assert dojo.verdict.fingerprint._version_of("no-such-package") == ""


def test_fingerprints_of_many_katas_are_the_same_as_of_one(double):
    other = Kata("first/k02_add", double.root)
    many = Fingerprints()
    assert many.of(double) == fingerprint(double)
    assert many.of(other) == fingerprint(other)


def test_fingerprints_read_the_judge_once_until_they_are_refreshed(double, own_code):
    many = Fingerprints()
    before = many.of(double)
    append_to(own_code / "judge" / "runner.py")
    assert many.of(double) == before
    many.refresh()
    assert many.of(double) == fingerprint(double) != before


def test_the_fingerprint_of_a_kata_without_a_reference_is_empty(double):
    double.reference.unlink()
    assert Fingerprints().of(double) == ""
