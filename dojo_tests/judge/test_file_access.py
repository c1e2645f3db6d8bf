"""The audit hook closes hidden files and protects others, in a process that cannot take it off."""

import os
import sys

import pytest

SETUP = """
import os, shutil, signal, subprocess, sys
from pathlib import Path
from dojo.judge.sandbox.file_access import AuditHook

root = Path({root!r})
os.chdir(root)
judging = [root / "tests", root / "conftest.py"]
hook = AuditHook([root / "reference"], [root / "katas"], judging)

def attempt(act):
    try:
        act()
    except PermissionError as error:
        print(error)
    else:
        print("allowed")
"""
HIDDEN = "reference/first/a.py is closed while your answer is judged"
JUDGES = "that process judges: your answer must leave it alone"
PROTECTED = "a.py belongs to the dojo: your answer must leave it alone"


@pytest.fixture
def attempt(tmp_path, output_of):
    """What a process prints that tries some acts, a line each."""
    for folder in ("reference/first", "katas/first", "tests/first", "other"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("x = 1\n")
    (tmp_path / "conftest.py").write_text("x = 1\n")
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
        "os.link('reference/first/a.py', 'other/b.py')",
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


# ---------------------------------------------------------------- the judge's own files


@pytest.mark.parametrize(
    "act, name",
    [
        ("open('tests/first/a.py', 'w')", "a.py"),
        ("os.remove('tests/first/a.py')", "a.py"),
        ("shutil.rmtree('tests')", "tests"),
        ("open('conftest.py', 'a')", "conftest.py"),
    ],
)
def test_a_file_of_the_judge_cannot_be_changed_and_the_attempt_is_remembered(
    attempt, act, name, tmp_path
):
    shown = attempt(act, then="print(hook.was_changed)")
    assert shown == [f"{name} belongs to the dojo: your answer must leave it alone", name]
    assert (tmp_path / "tests" / "first" / "a.py").read_text() == "x = 1\n"
    assert (tmp_path / "conftest.py").read_text() == "x = 1\n"


def test_the_first_file_of_the_judge_that_was_tried_is_remembered(attempt):
    acts = ["open('conftest.py', 'w')", "open('tests/first/a.py', 'w')"]
    assert attempt(*acts, then="print(hook.was_changed)")[-1] == "conftest.py"


def test_a_protected_file_that_does_not_judge_is_not_remembered_as_changed(attempt):
    shown = attempt("open('katas/first/a.py', 'w')", then="print(repr(hook.was_changed))")
    assert shown == [PROTECTED, "''"]


def test_a_file_of_the_judge_can_be_read(attempt):
    assert attempt("open('tests/first/a.py')", "open('conftest.py')") == ["allowed", "allowed"]


# ---------------------------------------------------------------- signals


@pytest.mark.parametrize(
    "act",
    [
        "os.kill(os.getppid(), signal.SIGCONT)",
        "os.kill(os.getppid(), 0)",
        "os.kill(-1, 0)",
    ],
)
def test_no_signal_reaches_a_process_that_judges(attempt, act):
    assert attempt(act) == [JUDGES]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_no_signal_reaches_the_parent_of_the_process_that_judges(attempt):
    assert attempt(f"os.kill({os.getppid()}, 0)") == [JUDGES]


def test_no_signal_reaches_the_group_of_a_process_that_judges(attempt):
    assert attempt("os.killpg(os.getppid(), 0)") == [JUDGES]


@pytest.mark.parametrize("target", ["os.getpid()", "child.pid"])
def test_a_signal_to_itself_or_to_a_child_is_allowed(attempt, target):
    child = "subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)"
    then = f"child = {child}\nattempt(lambda: os.kill({target}, 0))\nchild.communicate(b'x')\n"
    assert attempt(then=then) == ["allowed"]


# ---------------------------------------------------------------- programs


@pytest.mark.parametrize(
    "act, name",
    [
        ("subprocess.run(['touch', str(root / 'tests' / 'x.py')])", "tests"),
        ("subprocess.run(f'touch {root}/tests/x.py', shell=True)", "tests"),
        ("os.system(f'touch {root}/tests/x.py')", "tests"),
        ("os.system(f'touch {root}/conftest.py')", "conftest.py"),
        ("subprocess.run([b'touch', os.fsencode(root / 'tests' / 'x.py')])", "tests"),
        ("os.execv('/bin/true', ['true', f'{root}/tests/x.py'])", "tests"),
        ("os.posix_spawn('/bin/true', ['true', f'{root}/tests/x.py'], {})", "tests"),
    ],
    ids=["list", "shell", "system", "one file", "bytes", "exec", "posix_spawn"],
)
def test_no_program_is_started_that_is_given_a_file_of_the_judge(attempt, act, name, tmp_path):
    shown = attempt(act, then="print(hook.was_changed)")
    assert shown == [f"{name} belongs to the dojo: your answer must leave it alone", name]
    assert not (tmp_path / "tests" / "x.py").exists()


@pytest.mark.parametrize(
    "act",
    [
        "subprocess.run([sys.executable, '-c', 'pass'], check=True)",
        "subprocess.run(['touch', str(root / 'other' / 'b.py')], check=True)",
        "os.system('exit 0')",
    ],
)
def test_other_programs_are_allowed(attempt, act):
    assert attempt(act, then="print(repr(hook.was_changed))") == ["allowed", "''"]
