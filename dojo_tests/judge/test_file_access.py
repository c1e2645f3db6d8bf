"""The audit hook closes hidden files and protects others, in a process that cannot take it off."""

import pytest

SETUP = """
import os, shutil, sys
from pathlib import Path
from dojo.judge.sandbox.file_access import AuditHook

root = Path({root!r})
os.chdir(root)
hook = AuditHook([root / "reference"], [root / "katas"])

def attempt(act):
    try:
        act()
    except PermissionError as error:
        print(error)
    else:
        print("allowed")
"""
HIDDEN = "reference/first/a.py is closed while your answer is judged"
PROTECTED = "a.py belongs to the dojo: your answer must leave it alone"


@pytest.fixture
def attempt(tmp_path, output_of):
    """What a process prints that tries some acts, a line each."""
    for folder in ("reference/first", "katas/first", "other"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("x = 1\n")
    (tmp_path / "link.py").symlink_to(tmp_path / "reference" / "first" / "a.py")

    def attempt(*acts, then=""):
        code = SETUP.format(root=str(tmp_path)) + "".join(
            f"attempt(lambda: {act})\n" for act in acts
        )
        return output_of(code + then).splitlines()

    return attempt


@pytest.mark.parametrize(
    "act",
    [
        "open('reference/first/a.py')",
        "open(b'reference/first/a.py')",
        "os.open('reference/first/a.py', os.O_RDONLY)",
        "Path('katas/../reference/first/a.py').read_text()",
        "open('link.py')",
        "open(root / 'reference' / 'first' / 'a.py', 'w')",
    ],
)
def test_a_hidden_file_cannot_be_opened(attempt, act):
    assert attempt(act) == [HIDDEN]


def test_a_hidden_module_cannot_be_imported(attempt):
    acts = ["sys.path.insert(0, str(root))", "__import__('reference.first.a')"]
    assert attempt(*acts) == ["allowed", HIDDEN]


def test_the_first_hidden_file_that_was_tried_is_remembered(attempt):
    shown = attempt("open('reference/first/a.py')", then="print(hook.was_read)")
    assert shown == [HIDDEN, "reference/first/a.py"]


def test_nothing_is_remembered_where_no_hidden_file_was_tried(attempt):
    assert attempt("open('other/a.py')", then="print(repr(hook.was_read))") == ["allowed", "''"]


@pytest.mark.parametrize(
    "act",
    [
        "open('katas/first/a.py', 'w')",
        "open('katas/first/a.py', 'a')",
        "open('katas/first/a.py', 'r+')",
        "os.open('katas/first/a.py', os.O_WRONLY)",
        "os.remove('katas/first/a.py')",
        "Path('katas/first/a.py').unlink()",
        "os.rename('katas/first/a.py', 'other/b.py')",
        "os.replace('other/a.py', 'katas/first/a.py')",
        "os.truncate('katas/first/a.py', 0)",
        "os.chmod('katas/first/a.py', 0)",
        "os.link('other/a.py', 'katas/first/a.py')",
        "os.symlink('other/a.py', 'katas/first/a.py')",
    ],
)
def test_a_protected_file_cannot_be_changed(attempt, act, tmp_path):
    assert attempt(act) == [PROTECTED]
    assert (tmp_path / "katas" / "first" / "a.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("act", ["shutil.rmtree('katas/first')", "os.rmdir('katas/first')"])
def test_a_protected_folder_cannot_be_removed(attempt, act, tmp_path):
    assert attempt(act) == ["first belongs to the dojo: your answer must leave it alone"]
    assert (tmp_path / "katas" / "first" / "a.py").exists()


@pytest.mark.parametrize(
    "act",
    [
        "open('katas/first/a.py').read()",
        "open('other/a.py', 'w')",
        "os.remove('other/a.py')",
        "os.rename('other/a.py', 'other/b.py')",
        "shutil.rmtree('other')",
        "open('katas.txt', 'w')",
    ],
)
def test_all_else_is_allowed(attempt, act):
    assert attempt(act) == ["allowed"]
