"""``--gnu``: what is wrong in lines that every editor can read."""

import contextlib
import queue
import subprocess
import sys
import threading

import pytest

from dojo.cli.watch_lines import _GnuLines
from dojo.course.katas import Kata
from dojo.verdict.model import GREEN, RED, Check, Verdict
from dojo.watch.events import Checked, Diagnosed, Judged, Started, Trouble

PATIENCE = 300.0  # seconds for what takes five on a quiet machine
RIGHT = "def double(x):\n    return x * 2\n"
SQUARES = "import torch\n\n\ndef double(x):\n    return torch.square(x)\n"
UNREADABLE = "def double(x):\n    return (x\n"
FILE = "katas/first/k01_double.py"


class TestCheck:
    @pytest.fixture
    def own_dojo(self, warm_dojo):
        return warm_dojo

    @pytest.mark.parametrize(
        "text, begin",
        [
            (SQUARES, f"{FILE}:4: error: red: "),
            (UNREADABLE, f"{FILE}:2: error: crashed: no check could run: "),
            ("while True: pass\n", f"{FILE}:1: error: timed out: "),
        ],
        ids=["red", "crashed", "timed out"],
    )
    def test_what_is_wrong_is_one_line_at_its_place(self, run_warm, double, text, begin):
        double.stub.write_text(text)
        result = run_warm("check", "k01_double", "--gnu", "--time-limit", "2")
        told, outcome = result.stdout.splitlines()
        assert told.startswith(begin)
        assert outcome.startswith(f"dojo: judged {FILE}: ")
        assert result.returncode == 1

    def test_green_has_no_line_with_a_place(self, run_warm, double):
        double.stub.write_text(RIGHT)
        result = run_warm("check", "k01_double", "--gnu")
        assert result.stdout.startswith(f"dojo: judged {FILE}: green, ")
        assert (result.stdout.count("\n"), result.returncode) == (1, 0)

    def test_a_path_is_seen_from_the_working_folder(self, run_warm_in, double):
        double.stub.write_text(SQUARES)
        result = run_warm_in(double.stub.parent, "check", "k01_double", "--gnu")
        assert result.stdout.startswith("k01_double.py:4: error: ")

    def test_a_file_outside_of_the_working_folder_has_its_whole_path(
        self, run_warm, double, tmp_path
    ):
        path = double.solution_in(tmp_path / "ben")
        path.parent.mkdir(parents=True)
        path.write_text(SQUARES)
        result = run_warm("check", str(path), "--gnu")
        assert result.stdout.startswith(f"{path}:4: error: ")

    @pytest.mark.parametrize("command", ["check", "watch"])
    def test_two_forms_at_once_are_refused(self, run_warm, command):
        result = run_warm(command, "--gnu", "--json")
        assert result.returncode == 2
        assert "say --json or --gnu, but not both" in result.stderr


class TestLinesOfEvents:
    @pytest.fixture
    def kata(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        return Kata("first/k01_double", tmp_path)

    @pytest.fixture
    def lines_of(self, kata):
        """Words events of the kata, one after another."""
        words = _GnuLines(kata.root / "katas")
        return lambda *events: [line for event in events for line in words(event)]

    @pytest.fixture
    def red(self, kata):
        check = Check("doubles", "values", "cpu", RED, "It is not.", FILE, 4)
        return Judged(kata, Verdict(kata.name, RED, 0.1, "", (check,)))

    def test_a_verdict_comes_between_a_begin_and_an_end(self, kata, lines_of, red):
        checked = Checked(kata, red.verdict.checks[0])
        assert lines_of(Started(kata, ()), checked, red) == [
            f"dojo: judging {FILE}",
            f"{FILE}:4: error: red: doubles [values, cpu]: It is not.",
            f"dojo: judged {FILE}: red, 1 of 1 checks not green",
        ]

    def test_a_run_that_a_save_has_ended_gets_its_end_too(self, kata, lines_of):
        other = Kata("first/k02_add", kata.root)
        begun = lines_of(Started(other, ()), Started(kata, ()))
        assert begun == [
            "dojo: judging katas/first/k02_add.py",
            "dojo: did not judge katas/first/k02_add.py",
            f"dojo: judging {FILE}",
        ]

    @pytest.mark.parametrize("end", ["red", "trouble"])
    def test_after_an_end_a_begin_comes_alone(self, kata, lines_of, red, end):
        lines_of(Started(kata, ()), red if end == "red" else Trouble(kata, "No worker."))
        assert lines_of(Started(kata, ())) == [f"dojo: judging {FILE}"]

    def test_a_mistake_that_is_recognised_late_comes_with_the_whole_verdict(
        self, kata, lines_of, red
    ):
        first = lines_of(Started(kata, ()), red)
        begin, told, end = lines_of(Diagnosed(kata, "x is squared."))
        assert (begin, end) == (first[0], first[2])
        assert told == f"{first[1]} This looks like: x is squared."


@pytest.fixture
def watching(own_dojo):
    """The lines of ``dojo watch --gnu`` in the test's own dojo, as they come."""
    lines = queue.Queue()
    with subprocess.Popen(
        [sys.executable, "-m", "dojo", "watch", "k01_double", "--gnu"],
        cwd=own_dojo,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout])
        reader.start()
        yield lambda: lines.get(timeout=PATIENCE).rstrip("\n")
        process.terminate()
        reader.join(PATIENCE)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)


def test_a_save_is_a_begin_and_its_verdict_an_end(watching, double):
    assert watching() == f"dojo: judging {FILE}"
    assert watching().startswith(f"{FILE}:")
    assert watching().startswith(f"dojo: judged {FILE}: not started, ")
    double.stub.write_text(RIGHT)
    found = watching()
    while not found.startswith(f"dojo: judged {FILE}: {GREEN}, "):
        assert found.startswith("dojo: ")  # a save may be heard in two parts
        found = watching()
