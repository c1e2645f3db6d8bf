"""What a learner reads, and what other programs do with a run, as plain pytest in a process."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from dojo.course.katas import Kata, find_katas
from dojo.progress.record import Progress
from dojo.verdict.model import GREEN, NOT_STARTED

RED_K03 = "def add(x1, x2):\n    return x1 + x2\n\n\ndef add_(x1, x2):\n    return x1 + x2\n"
WIDEST = 80
K03, K04 = (f"tests/intro/test_{name}.py" for name in ("k03_in_place_add", "k04_reshape_permute"))


@pytest.fixture
def run(root, tmp_path):
    """Run plain pytest over the katas, with the learner's files from ``tmp_path``."""

    def run_pytest(*options, files=None):
        for name, text in (files or {}).items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", f"--solutions={tmp_path}", *options]
        return subprocess.run(
            [*command, "-p", "no:cacheprovider"],
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run_pytest


def stubs(root):
    return {kata.name: kata.stub.read_text(encoding="utf-8") for kata in find_katas(root)}


def test_stubs_show_one_line_each_and_where_to_begin(run, root):
    result = run(files=stubs(root))
    assert result.returncode == 1
    lines = [line for line in result.stdout.splitlines() if re.match(r"  k\d\d_", line)]
    assert len(lines) == len(find_katas(root))
    assert all(" not started " in line for line in lines)
    assert "Traceback" not in result.stdout
    assert "begin with: k01_random_tensor" in result.stdout
    assert "k01_random_tensor.py" in result.stdout
    assert "devices: cpu, cuda" in result.stdout


def test_a_red_kata_shows_its_call_and_no_framework(run, tmp_path):
    file = tmp_path / "report.xml"
    result = run(K03, f"--junitxml={file}", files={"intro/k03_in_place_add": RED_K03})
    assert result.returncode == 1
    assert "add_(" in result.stdout
    assert "expected x1 itself, with the sum in it" in " ".join(result.stdout.split())
    for word in ("Traceback", "CheckFailed", "dojo/checks.py", "FAILURES"):
        assert word not in result.stdout
    messages = [node.get("message") for node in ET.parse(file).iter("failure")]
    assert messages
    assert any("expected x1 itself" in message for message in messages)


def test_the_report_fits_in_80_columns_without_colour(run, root, tmp_path):
    result = run(files={**stubs(root), "intro/k03_in_place_add": RED_K03})
    shown = result.stdout.replace(str(tmp_path), "katas")
    plugins = re.compile(r"^plugins: .*", re.MULTILINE)  # pytest's own line
    assert max(map(len, plugins.sub("", shown).splitlines())) <= WIDEST
    assert "\x1b" not in shown


def test_workers_give_the_same_summary(run):
    files = {"intro/k03_in_place_add": RED_K03}
    alone, spread = (run(K03, K04, *options, files=files) for options in ((), ("-n", "2")))
    assert alone.returncode == spread.returncode == 1

    def bar(result):
        return re.findall(r"^\[.*", result.stdout, re.MULTILINE)

    assert bar(alone)
    assert bar(alone) == bar(spread)


def test_what_an_answer_prints_is_shown_beside_its_failure_or_at_once(run):
    files = {
        "intro/k03_in_place_add": RED_K03.replace(
            "    return", "    print('I am here')\n    return"
        )
    }
    assert "I am here" in run(K03, files=files).stdout
    lines = run(K03, "-s", files=files).stdout.splitlines()
    assert lines.count("I am here") > 30  # as often as it is called


def test_stop_at_the_first_failure_stops(run):
    result = run("-x", K03, files={"intro/k03_in_place_add": RED_K03})
    assert re.search(r"\b1 failed", result.stdout)


def test_all_green_exits_with_0(run, root):
    files = {kata.name: kata.reference.read_text(encoding="utf-8") for kata in find_katas(root)}
    result = run(files=files)
    assert result.returncode == 0
    assert f"{len(files)} of {len(files)} katas green" in result.stdout


def test_unknown_solutions_folder_is_a_usage_error(root):
    command = [sys.executable, "-m", "pytest", "--solutions=no/such/folder"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no such folder" in result.stderr


def test_a_part_of_the_checks_proves_no_kata_green(own_course_pair):
    kata = Kata("intro/k03_in_place_add", own_course_pair)
    kata.stub.write_text(kata.reference.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q"]
    check = f"{kata.checks}::test_add_is_recorded"

    def run_here(*options):
        done = subprocess.run(
            [*command, *options], cwd=own_course_pair, capture_output=True, text=True, check=False
        )
        return done.stdout

    assert "0 of 1 katas green" in run_here(check)
    assert Progress(own_course_pair).state(kata) == NOT_STARTED
    assert "0 of 1 katas green" in run_here("-k", "k03 and dtype")
    assert Progress(own_course_pair).state(kata) == NOT_STARTED
    assert "1 of 1 katas green" in run_here("-k", "k03")
    assert Progress(own_course_pair).state(kata) == GREEN
