"""The watch screen in a real terminal with real processes: the main path, and every way out."""

import contextlib
import os
import re
import select
import shutil
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


@pytest.fixture
def dojo(root, lay_out, tmp_path):
    """A copy of two of the dojo's katas, less its machinery."""
    katas = [Kata(f"intro/{stem}", root) for stem in ("k03_in_place_add", "k04_reshape_permute")]
    lay_out(tmp_path, {kata.name: (kata, kata.stub.read_bytes()) for kata in katas})
    shutil.copy(root / "katas/intro/README.md", tmp_path / "katas/intro")
    return tmp_path


class Session:
    """``dojo watch`` in a pseudo terminal of 80 × 24."""

    def __init__(self, dojo, *arguments):
        self.dojo, self.raw, self._seen = dojo, "", 0
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            os.chdir(dojo)
            os.environ["TERM"] = "xterm-256color"
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, "-m", "dojo", "watch", *arguments])
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def wait_for(self, *words):
        """Read until all of these have been drawn since the last time."""
        self.wait_until(lambda: all(word in self.text[self._seen :] for word in words), words)
        self._seen = len(self.text)

    def wait_until(self, condition, *what):
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
        return OBEYED.sub("", self.raw)

    def save(self, kata, text):
        (self.dojo / "katas" / f"{kata}.py").write_text(text)

    def press(self, keys):
        os.write(self._line, keys.encode())

    def hang_up(self):
        os.close(self._line)

    def end(self):
        """The exit code, once the command has ended."""
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

    def times(self):
        """Whether a process that times an answer has begun."""
        return any("--benchmark-only" in line for line in self.processes())

    def processes(self):
        listed = subprocess.check_output(["ps", "-wweo", "args"], text=True).splitlines()
        return [line for line in listed if f"--rootdir={self.dojo}" in line]


@pytest.fixture
def watch(dojo):
    """Start ``dojo watch`` with these arguments."""
    sessions = []

    def start(*arguments):
        sessions.append(Session(dojo, *arguments))
        return sessions[-1]

    yield start
    for session in sessions:
        with contextlib.suppress(OSError):
            session.hang_up()
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(session.pid, signal.SIGKILL)
            os.waitpid(session.pid, 0)


def test_the_main_path_from_the_stub_to_the_next_kata(watch, dojo):
    """Not started, red with both tensors and the known mistake, green with the why, and on."""
    session = watch("k03")
    session.wait_for("warming up", "Add two tensors")
    assert "\x1b]8;" in session.raw
    assert (dojo / "katas/intro/k03_in_place_add.py").as_uri() in session.raw
    session.wait_for("not started", "Write add, add_ and save the file")
    session.save("intro/k03_in_place_add", SUBTRACTS)
    session.wait_for("✗ values", "✗ red", "returned -9.", "≠11.")
    session.wait_for("this looks like", "subtracted")
    session.press("h")
    session.wait_for("hint 1 of 3")
    reference = (dojo / "reference/intro/k03_in_place_add.py").read_text()
    session.save("intro/k03_in_place_add", reference)
    session.wait_for("✓ values", "✓ green", "Enter goes on to k04", "always makes a new tensor")
    session.press("\r")
    session.wait_for("k04", "not started")
    session.press("q")
    assert session.end() == 1
    assert session.left_processes() == []


def test_ctrl_c_ends_a_run_that_hangs_with_all_its_processes(watch):
    session = watch("k03")
    session.save("intro/k03_in_place_add", HANGS)
    session.wait_for("judging", "0 of")
    session.press("\x03")
    assert session.end() == 1
    assert session.left_processes() == []


def test_quitting_while_it_warms_up_leaves_no_process(watch):
    session = watch("k03")
    session.wait_for("warming up")
    session.press("q")
    assert session.end() == 1
    assert session.left_processes() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_screen_and_gives_the_terminal_back(watch, number):
    session = watch("k03")
    session.wait_for("judging")
    os.kill(session.pid, number)
    assert session.end() == 128 + number
    assert ORDINARY in session.raw
    assert session.left_processes() == []


@pytest.fixture
def timed(watch, dojo):
    """A screen on which a green kata is being timed, at a size that takes seconds."""
    checks = dojo / "tests/intro/test_k03_in_place_add.py"
    text = checks.read_text().replace("sizes=(1_000, 100_000, 10_000_000)", "sizes=(64,)")
    checks.write_text(text)
    shutil.copy(dojo / "reference/intro/k03_in_place_add.py", dojo / "katas/intro")
    session = watch("k03")
    session.wait_for("✓ green", "b times your answer")
    session.press("b")
    session.wait_for("timing …")
    return session


def test_an_answer_is_timed_and_a_save_meanwhile_is_judged(timed):
    """The bars come; in a second run the verdict on what is saved, and no times of both."""
    timed.wait_for("done, the last of them: ")
    timed.wait_for("n = 64", "× reference", "yours", "naive", "█")
    timed.press("\x1b")
    timed.wait_for("b times your answer")
    timed.press("b")
    timed.wait_until(timed.times)
    timed.save("intro/k03_in_place_add", SUBTRACTS)
    timed.wait_for("✗ red")
    timed.wait_for("Only a green answer is timed", "was saved while it was timed")
    timed.press("\x1b")
    timed.wait_for("≠11.")


def test_escape_ends_the_process_that_times(timed):
    timed.press("\x1b")
    timed.wait_for("b times your answer")
    assert not timed.times()
    assert timed.processes()  # those that judge
    timed.press("q")
    assert timed.end() == 1


@pytest.mark.parametrize("way_out", ["q", "\x03", "hang up"])
def test_every_way_out_ends_the_process_that_times(timed, way_out):
    if way_out == "hang up":
        timed.hang_up()
    else:
        timed.press(way_out)
    assert timed.end() in (1, -signal.SIGHUP)
    assert timed.left_processes() == []


def test_a_closed_terminal_ends_everything(watch):
    session = watch("k03")
    session.save("intro/k03_in_place_add", HANGS)
    session.wait_for("judging", "0 of")
    session.hang_up()
    assert session.end() == -signal.SIGHUP
    assert session.left_processes() == []
