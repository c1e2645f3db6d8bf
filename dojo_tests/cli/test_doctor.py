"""``dojo doctor`` names whatever is wrong with a remedy; what is well has none."""

import errno
import importlib.metadata
import os
import re
import shutil
import sys

import pytest
from packaging.requirements import Requirement

import dojo.cli.doctor
from dojo.cli.doctor import examine, requirements
from dojo.course.katas import Kata


@pytest.fixture
def findings(own_dojo, monkeypatch):
    """Examines a small dojo, and gives the findings by name; of the slow parts only those named."""

    def examine_it(*slow):
        for name in {"_devices", "_workers"} - set(slow):
            well = dojo.cli.doctor.Finding(name, "not looked at")
            monkeypatch.setattr(dojo.cli.doctor, name, lambda _root, well=well: well)
        return {finding.name: finding for finding in examine(own_dojo)}

    return examine_it


@pytest.mark.skipif(sys.version_info < (3, 11), reason="has no tomllib")
def test_the_requirements_are_those_of_pyproject(root):
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert requirements(root) == [Requirement(text) for text in project["dependencies"]]


def test_every_requirement_is_looked_up(findings, root):
    found = findings()
    for requirement in requirements(root):
        assert found[requirement.name].text == importlib.metadata.version(requirement.name)


@pytest.mark.parametrize(
    "wanted, text", [("no-such-package>=1", "is not installed"), ("pytest>=999", "pytest>=999 is")]
)
def test_a_package_that_is_missing_or_old_is_a_problem(findings, monkeypatch, wanted, text):
    monkeypatch.setattr(dojo.cli.doctor, "requirements", lambda _root: [Requirement(wanted)])
    found = findings()
    problem = found[Requirement(wanted).name]
    assert text in problem.text
    assert "pip install -c constraints.txt -e ." in problem.remedy
    assert "workers" not in found  # which would only fail


def test_another_clone_than_that_which_runs_is_a_problem(findings):
    assert "which is not that of" in findings()["dojo"].text


def test_a_plugin_that_is_not_registered_is_a_problem(findings, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [])
    assert findings()["pytest plugin"].remedy


def test_a_torch_that_cannot_be_imported_is_a_problem_and_its_reason_is_told(findings, own_dojo):
    package = own_dojo / "dojo" / "devices"  # which the process that asks finds first
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "select.py").write_text("raise ImportError('libcudart.so.99: cannot open')\n")
    found = findings("_devices")["devices"]
    assert "libcudart.so.99: cannot open" in found.text
    assert found.remedy


def test_devices_say_whether_the_gpu_is_simulated(findings):
    found = findings("_devices")["devices"]
    assert re.fullmatch("cpu, cuda(| simulated: no GPU here)", found.text)
    assert found.is_well


def test_workers_tell_their_kind_and_how_long_a_verdict_takes(findings):
    found = findings("_workers")["workers"]
    assert re.match(r"(fork|spawn); \d+ ms from request to verdict \(median of 5", found.text)
    assert found.is_well


def test_a_reference_that_is_not_green_is_a_problem(findings, own_dojo):
    reference = Kata("first/k01_double", own_dojo).reference
    reference.write_text("def double(x):\n    return x * x\n")
    found = findings("_workers")["workers"]
    assert "the reference of first/k01_double is red" in found.text
    assert found.remedy


def test_a_state_folder_that_cannot_be_written_to_is_a_problem(findings, own_dojo):
    (own_dojo / ".dojo").write_text("in the way")
    found = findings()["state folder"]
    assert os.strerror(errno.EEXIST) in found.text or os.strerror(errno.ENOTDIR) in found.text
    assert found.remedy


def test_a_damaged_state_file_is_a_problem(findings, own_dojo):
    (own_dojo / ".dojo").mkdir()
    (own_dojo / ".dojo" / "progress.json").write_text("{")
    found = findings()["state folder"]
    assert "progress.json is damaged" in found.text
    assert "dojo check --all" in found.remedy


def test_looking_leaves_nothing_in_the_state_folder(findings, own_dojo):
    findings()
    assert list((own_dojo / ".dojo").iterdir()) == []


def test_a_full_disk_is_a_problem(findings, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    assert findings()["disk"].remedy


def test_a_dojo_without_git_is_well(findings, monkeypatch):
    monkeypatch.setenv("PATH", "")
    found = findings()["git"]
    assert found.is_well
    assert ".dojo/stubs" in found.text
