"""Commands suit the terminal or the reader that they print to, and end with all they started."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 60.0  # seconds for what takes two on a quiet machine
ANSI = re.compile("\x1b\\[[0-9;]*m")


def test_colours_are_for_terminals_that_want_them(run_dojo_at_terminal, run_dojo):
    assert ANSI.search(run_dojo_at_terminal("list")[1])
    assert not ANSI.search(run_dojo_at_terminal("list", NO_COLOR="1")[1])
    assert not ANSI.search(run_dojo_at_terminal("list", TERM="dumb")[1])
    assert not ANSI.search(run_dojo("list").stdout)


def test_a_reader_that_has_gone_is_no_news(own_dojo):
    with subprocess.Popen(
        [sys.executable, "-m", "dojo", "list"],
        cwd=own_dojo,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_terminal_without_the_signs_of_a_text_gets_others(run_dojo, double):
    double.stub.write_text('"""A minus: −."""\n', encoding="utf-8")
    result = run_dojo("next", PYTHONIOENCODING="latin-1")
    assert result.returncode == 0
    assert "A minus: ?." in result.stdout


def processes_of(root):
    """The processes that judge for this dojo."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
        except OSError:  # it has just ended
            continue
        if f"--rootdir={root}".encode() in words:
            found.append(process.parent.name)
    return found


TIMING = b"dojo: timing first/k01_double, beside the reference\n"


@pytest.mark.new_python  # they are known by their commands
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="lists processes as Linux does")
@pytest.mark.parametrize(
    "command, name, said",
    [
        ("check", "SIGINT", b""),
        ("check", "SIGTERM", b""),
        ("check", "SIGHUP", b""),
        (
            "bench",
            "SIGINT",
            TIMING + b"dojo: stopped; nothing of this run is kept.\n",
        ),
    ],
)
def test_a_signal_ends_a_run_with_its_code_and_leaves_no_process(
    own_dojo, double, tmp_path, hear_signals, command, name, said
):
    reached = tmp_path / "reached"
    double.stub.write_text(f"open({str(reached)!r}, 'w').close()\nwhile True:\n    pass\n")
    with subprocess.Popen(
        [sys.executable, "-m", "dojo", command, "k01_double", "--time-limit", "600"],
        cwd=own_dojo,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=hear_signals,
    ) as process:
        until = time.monotonic() + PATIENCE
        while not reached.exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert processes_of(own_dojo)
        process.send_signal(getattr(signal, name))
        assert process.communicate(timeout=PATIENCE)[0] == said
    assert process.returncode == 128 + getattr(signal, name)
    until = time.monotonic() + PATIENCE
    while processes_of(own_dojo) and time.monotonic() < until:
        time.sleep(0.05)  # those of a benchmark's process end after it
    assert processes_of(own_dojo) == []
    assert not list(own_dojo.glob(".benchmarks/*/*.json"))
