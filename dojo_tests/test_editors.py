"""What docs/editors.md tells people to copy fits what the commands print."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dojo.cli.watch_lines import _GnuLines
from dojo.course.katas import Kata
from dojo.verdict.gnu import gnu_lines
from dojo.verdict.model import CRASHED, GREEN, NOT_STARTED, RED, TIMED_OUT, Check, Verdict
from dojo.watch.events import Judged, Started, Trouble

PAGE = (Path(__file__).parent.parent / "docs" / "editors.md").read_text(encoding="utf-8")
FILE = "katas/first/k01_double.py"
SQUARES = "import torch\n\n\ndef double(x):\n    return torch.square(x)\n"


def block(language, number=0):
    """A block of code of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[number]


TASKS = {task["label"]: task for task in json.loads(block("json"))["tasks"]}
WATCH, CHECK = TASKS["dojo: judge at each save"], TASKS["dojo: judge this file"]


def verdict(state):
    check = Check("doubles", "values", "cpu", state, "It is 1: not 2.", FILE, 4)
    return Verdict("first/k01_double", state, 0.1, "", (check,))


# ---------------------------------------------------------------- the tasks of VS Code


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize(
    "state, severity",
    [(RED, "error"), (CRASHED, "error"), (TIMED_OUT, "error"), (NOT_STARTED, "note")],
)
def test_the_problem_matcher_finds_what_is_wrong_and_nothing_else(task, state, severity):
    pattern = task["problemMatcher"]["pattern"]
    lines = gnu_lines(verdict(state), FILE)
    (found,) = [match for line in lines if (match := re.search(pattern["regexp"], line))]
    assert found[pattern["file"]] == FILE
    assert found[pattern["line"]] == "4"
    assert found[pattern["severity"]] == severity
    assert found[pattern["message"]] == f"{state}: doubles [values, cpu]: It is 1: not 2."


def test_the_problem_matcher_finds_nothing_in_green():
    regexp = WATCH["problemMatcher"]["pattern"]["regexp"]
    assert not any(re.search(regexp, line) for line in gnu_lines(verdict(GREEN), FILE))


def test_each_run_begins_with_its_file_and_ends_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kata, other = (Kata(name, tmp_path) for name in ("first/k01_double", "first/k02_add"))
    words = _GnuLines(tmp_path / "katas")
    events = [
        Started(other, ()),  # which a save ends
        Started(kata, ()),
        Judged(kata, verdict(RED)),
        Started(kata, ()),
        Judged(kata, verdict(GREEN)),
        Started(kata, ()),
        Trouble(kata, "No worker."),
    ]
    background = WATCH["problemMatcher"]["background"]
    begins, told = background["beginsPattern"], ""
    for line in (line for event in events for line in words(event)):
        if begun := re.search(begins["regexp"], line):
            told += "<"
            assert begun[begins["file"]] in (FILE, "katas/first/k02_add.py")
        told += ">" if re.search(background["endsPattern"], line) else ""
    assert told == "<>" * 4


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_commands_of_the_tasks_are_there(task, small_dojo):
    command = task["args"][:3]
    done = subprocess.run(
        [sys.executable, *command, "--gnu", "--help"],
        cwd=small_dojo,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert "--gnu" in task["args"]
    assert "--gnu" in done.stdout


# ---------------------------------------------------------------- Neovim and Vim

LIST = "map(getqflist(), {_, i -> [bufname(i.bufnr), i.lnum, i.type, i.valid]})"


@pytest.fixture(scope="module")
def red_dojo(small_dojo, tmp_path_factory):
    """A dojo with a red answer to its first kata."""
    leave = shutil.ignore_patterns(".*")
    root = shutil.copytree(small_dojo, tmp_path_factory.mktemp("red") / "dojo", ignore=leave)
    (root / FILE).write_text(SQUARES, encoding="utf-8")
    return root


@pytest.mark.parametrize("editor", ["nvim", "vim"])
def test_make_fills_the_quickfix_list(editor, red_dojo, tmp_path):
    if not shutil.which(editor):
        pytest.skip(f"{editor} is not installed")
    settings, out = tmp_path / "settings.vim", tmp_path / "found.json"
    settings.write_text(block("vim"), encoding="utf-8")
    write = f"call writefile([json_encode({LIST})], '{out}')"
    silent = ["--headless"] if editor == "nvim" else ["-es", "-N"]
    commands = [f"source {settings}", "silent! make", write, "qa!"]
    subprocess.run(
        [editor, *silent, "-u", "NONE", "-i", "NONE", FILE, *(f"+{one}" for one in commands)],
        cwd=red_dojo,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert json.loads(out.read_text(encoding="utf-8")) == [[FILE, 4, "e", 1]]


def test_dojo_watch_fills_the_quickfix_list_of_neovim(red_dojo, tmp_path):
    if not shutil.which("nvim"):
        pytest.skip("nvim is not installed")
    lua, out = tmp_path / "dojo.lua", tmp_path / "found.json"
    lua.write_text(block("lua"), encoding="utf-8")
    commands = [
        f"luafile {lua}",
        "DojoWatch",
        "lua vim.wait(100000, function() return #vim.fn.getqflist() > 0 end)",
        f"call writefile([json_encode({LIST})], '{out}')",
        "qa!",
    ]
    subprocess.run(
        ["nvim", "--headless", "-u", "NONE", "-i", "NONE", FILE, *(f"+{one}" for one in commands)],
        cwd=red_dojo,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert json.loads(out.read_text(encoding="utf-8")) == [[FILE, 4, "e", 1]]
