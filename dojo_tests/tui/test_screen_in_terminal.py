"""The watch screen in a real terminal with real processes: the main path, and every way out."""

import contextlib
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time

import pytest

from dojo.course.katas import Kata

pty = pytest.importorskip("pty", reason="Windows has no pseudo terminals")
fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")

PATIENCE = 120.0  # seconds for torch to be imported on a slow machine; no test waits that long
ORDINARY = "\x1b[?1049l"  # back from the screen of its own that the command had
# What a terminal obeys: operating system commands, control sequences, other escapes.
OBEYED = re.compile(r"\x1b\].*?(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[^\[\]]", re.DOTALL)

SUBTRACTS = """\
def add(x1, x2):
    return x1 - x2


def add_(x1, x2):
    return x1.add_(x2)
"""
HANGS = """\
def add(x1, x2):
    while True:
        pass


def add_(x1, x2):
    return x1.add_(x2)
"""
TRIPLES = """\
def double(x):
    return x * 3
"""
# The command, which times each case for a moment only: nothing here depends on its time.
BRIEFLY = """\
import dojo.bench.run
from dojo.cli import main
dojo.bench.run._LENGTH = "0.01"
main()
"""


class ScreenProcess:
    """``dojo watch`` in a pseudo terminal of 80 × 24."""

    def __init__(self, root, *arguments, python=("-m", "dojo")):
        self.root, self.raw, self._seen = root, "", 0
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            os.chdir(root)
            os.environ["TERM"] = "xterm-256color"
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, *python, "watch", *arguments])
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def wait_for(self, *words):
        """Read until all of these have been drawn since the last time."""
        self.wait_until(lambda: all(word in self.text[self._seen :] for word in words), words)
        self._seen = len(self.text)

    def wait_until(self, condition, *what):
        """Read until a condition holds; ``what`` is told if it never does."""
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, f"not yet {what}: {self.text[self._seen :]}"
            self._read()

    def _read(self):
        with contextlib.suppress(OSError):  # one of the ends is closed
            if select.select([self._line], [], [], 0.05)[0]:
                self.raw += os.read(self._line, 65536).decode(errors="replace")

    @property
    def text(self):
        """All that was drawn up to now, less what a terminal obeys."""
        return OBEYED.sub("", self.raw)

    def save(self, kata, text):
        """Write the learner's file of a kata."""
        (self.root / "katas" / f"{kata}.py").write_text(text)

    def press(self, keys):
        os.write(self._line, keys.encode())

    def hang_up(self):
        os.close(self._line)

    def wait_for_end(self):
        """Wait until the command has ended, and return its exit code."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            self._read()  # a terminal that nobody reads blocks its writer
        raise AssertionError("the command has not ended")

    def left_processes(self):
        """The processes that judge in this dojo, once they have had a moment to end."""
        until = time.monotonic() + PATIENCE
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.05)
        return left

    def is_timing(self):
        """Whether a process that times an answer is running."""
        return any("--benchmark-only" in line for line in self.processes())

    def processes(self):
        """The command lines of the processes that judge or time in this dojo."""
        listed = subprocess.check_output(["ps", "-wweo", "args"], text=True).splitlines()
        return [line for line in listed if f"--rootdir={self.root}" in line]


@pytest.fixture
def watch(own_dojo):
    """Starts ``dojo watch`` with these arguments in a small dojo."""
    screens = []

    def start(*arguments, **options):
        screens.append(ScreenProcess(own_dojo, *arguments, **options))
        return screens[-1]

    yield start
    for screen in screens:
        with contextlib.suppress(OSError):
            screen.hang_up()
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(screen.pid, signal.SIGKILL)
            os.waitpid(screen.pid, 0)


def test_the_main_path_from_the_stub_to_the_next_kata(watch, own_dojo):
    """Not started, red with both tensors and the known mistake, green with the why, and on."""
    screen = watch("k02_add")
    screen.wait_for("warming up", "Add two tensors")
    assert "\x1b]8;" in screen.raw
    assert (own_dojo / "katas/first/k02_add.py").as_uri() in screen.raw
    screen.wait_for("not started", "Write add, add_ and save the file")
    screen.save("first/k02_add", SUBTRACTS)
    screen.wait_for("✗ values", "✗ red", "returned -9.", "≠11.")
    screen.wait_for("this looks like", "subtracted")
    screen.press("h")
    screen.wait_for("hint 1 of 3")
    reference = (own_dojo / "reference/first/k02_add.py").read_text()
    screen.save("first/k02_add", reference)
    screen.wait_for("✓ values", "✓ green", "Enter goes on to k01_mean", "makes a new tensor")
    screen.press("\r")
    screen.wait_for("k01", "Take the mean", "not started")
    screen.press("q")
    assert screen.wait_for_end() == 1
    assert screen.left_processes() == []


def test_ctrl_c_ends_a_run_that_hangs_with_all_its_processes(watch):
    screen = watch("k02_add")
    screen.save("first/k02_add", HANGS)
    screen.wait_for("judging", "0 of")
    screen.press("\x03")
    assert screen.wait_for_end() == 1
    assert screen.left_processes() == []


def test_quitting_while_it_warms_up_leaves_no_process(watch):
    screen = watch("k02_add")
    screen.wait_for("warming up")
    screen.press("q")
    assert screen.wait_for_end() == 1
    assert screen.left_processes() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_screen_and_gives_the_terminal_back(watch, number):
    screen = watch("k02_add")
    screen.wait_for("judging")
    os.kill(screen.pid, number)
    assert screen.wait_for_end() == 128 + number
    assert ORDINARY in screen.raw
    assert screen.left_processes() == []


@pytest.fixture
def time_answer(watch, own_dojo):
    """Opens a screen on which a green kata is being timed."""

    def time_answer(**options):
        kata = Kata("first/k01_double", own_dojo)
        kata.stub.write_bytes(kata.reference.read_bytes())
        screen = watch("k01_double", **options)
        screen.wait_for("✓ green", "b times your answer")
        screen.press("b")
        screen.wait_for("timing …")
        return screen

    return time_answer


@pytest.fixture
def timed(time_answer):
    """A screen on which a green kata is being timed, which takes some seconds."""
    return time_answer()


def test_an_answer_is_timed_and_a_save_meanwhile_is_judged(time_answer):
    """The bars come; in a second run the verdict on what is saved, and no times of both."""
    timed = time_answer(python=("-c", BRIEFLY))
    timed.wait_for("done, the last of them: ")
    timed.wait_for("n = 64", "× reference", "yours", "naive", "█")
    timed.press("\x1b")
    timed.wait_for("b times your answer")
    timed.press("b")
    timed.wait_until(timed.is_timing)
    timed.save("first/k01_double", TRIPLES)
    timed.wait_for("✗ red")
    timed.wait_for("Only a green answer is timed", "was saved while it was timed")
    timed.press("\x1b")
    timed.wait_for("≠14.")


def test_escape_ends_the_process_that_times(timed):
    timed.press("\x1b")
    timed.wait_for("b times your answer")
    assert not timed.is_timing()
    assert timed.processes()  # those that judge
    timed.press("q")
    assert timed.wait_for_end() == 1


@pytest.mark.parametrize("way_out", ["q", "\x03", "hang up"])
def test_every_way_out_ends_the_process_that_times(timed, way_out):
    if way_out == "hang up":
        timed.hang_up()
    else:
        timed.press(way_out)
    assert timed.wait_for_end() in (1, -signal.SIGHUP)
    assert timed.left_processes() == []


def test_a_closed_terminal_ends_everything(watch):
    screen = watch("k02_add")
    screen.save("first/k02_add", HANGS)
    screen.wait_for("judging", "0 of")
    screen.hang_up()
    assert screen.wait_for_end() == -signal.SIGHUP
    assert screen.left_processes() == []
