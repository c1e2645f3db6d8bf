"""Programs that judge at each save: how long their verdict takes, and what they cost while idle."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dojo.course.katas import Kata

PATIENCE = 300.0  # seconds for one verdict on a machine that has much else to do
SETTLES = 10.0  # seconds in which a watcher ends what it does after its first verdict
IDLE = 20.0  # seconds over which idleness is measured
_LOOK = 0.001  # seconds between two looks for a file
# `dojo`, with the kind of worker that is used where forking is unsafe
SPAWNING = (
    "import dojo.workers.pool as p; p._kind_to_try = lambda: 'spawn'; "
    "from dojo.cli import main; main()"
)


@contextlib.contextmanager
def answers_to(kata: Kata) -> Iterator[Path]:
    """A folder of answers that holds the reference's answer to the kata."""
    with tempfile.TemporaryDirectory() as name:
        path = kata.solution_in(Path(name))
        path.parent.mkdir()
        shutil.copy(kata.reference, path)
        yield Path(name)


class Watch:
    """``dojo watch --json`` on one kata, once its first verdict is there and it has settled."""

    def __init__(self, kata: Kata, answers: Path, command: list[str]) -> None:
        self._lines: queue.Queue[tuple[float, str]] = queue.Queue()
        self.process = subprocess.Popen(
            [*command, "watch", kata.name, "--json", "--solutions", str(answers)],
            cwd=kata.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.receive()
        time.sleep(SETTLES)  # it makes its table of known mistakes
        self.forget()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put((time.perf_counter(), line))

    def receive(self) -> tuple[float, str]:
        """Wait for the next verdict; return when it came, and the hash of what was judged."""
        while True:
            came, line = self._lines.get(timeout=PATIENCE)
            event = json.loads(line)
            if event["event"] == "verdict":
                return came, event["verdict"]["source_hash"]

    def forget(self) -> None:
        """Pass over the events that have come."""
        while not self._lines.empty():
            self._lines.get()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


class PytestWatcher:
    """``ptw`` on the same kata; the verdict is there when plain pytest has written it to a file."""

    def __init__(self, kata: Kata, answers: Path) -> None:
        self._verdict = answers / "verdict.json"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest_watcher", str(answers), "--now"),
                # its own pattern, *.py, fits no file in a folder since watchdog 7
                "--patterns=*.py,**/*.py",
                *("--runner", sys.executable, "-m", "pytest", "-k", kata.stem, "-q"),
                *(f"--solutions={answers}", f"--verdicts={self._verdict}"),
            ],
            cwd=kata.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.receive()

    def receive(self) -> None:
        """Wait for the next verdict, and forget it."""
        until = time.monotonic() + PATIENCE
        while not self._verdict.exists():
            if self._process.poll() is not None:
                raise RuntimeError("pytest-watcher has ended: is it installed?")
            if time.monotonic() > until:
                raise TimeoutError(f"pytest-watcher: no verdict after {PATIENCE:g} s")
            time.sleep(_LOOK)
        self._verdict.unlink()

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()


def save_and_wait(
    path: Path, saves: int, pause: float, receive: Callable[[], object]
) -> Iterator[float]:
    """Save a file again and again, ``pause`` seconds after the last verdict was heard.

    Yields:
        seconds from each save to its verdict.
    """
    text = path.read_text(encoding="utf-8")
    for number in range(saves):
        time.sleep(pause)
        begun = time.perf_counter()
        path.write_text(f"{text}\n# {number}\n", encoding="utf-8")
        receive()
        yield time.perf_counter() - begun


def save_on_time(
    path: Path, saves: int, every: float, receive: Callable[[], tuple[float, str]]
) -> list[float]:
    """Save a file every so many seconds, whether or not the verdict before is there.

    Returns:
        seconds from each save to the first verdict on it, or on a later one if that comes first.
    """
    text = path.read_text(encoding="utf-8")
    saved: dict[str, float] = {}  # when each text was saved, by its hash
    start = time.perf_counter()
    for number in range(saves):
        time.sleep(max(0.0, start + number * every - time.perf_counter()))
        changed = f"{text}\n# {number} of {every:g} s apart\n"
        saved[hashlib.sha256(changed.encode()).hexdigest()] = time.perf_counter()
        path.write_text(changed, encoding="utf-8", newline="\n")
    waits = []
    left = list(saved.items())
    while left:
        came, source_hash = receive()
        judged_at = saved.get(source_hash, start)
        waits += [came - saved_at for _, saved_at in left if saved_at <= judged_at]
        left = [one for one in left if one[1] > judged_at]
    return waits


def idle_cpu(process: subprocess.Popen[str]) -> float:
    """The share of a core that a process and all that it started use while nothing happens."""
    before = sum(map(_cpu_seconds, _tree(process.pid)))
    time.sleep(IDLE)
    return (sum(map(_cpu_seconds, _tree(process.pid))) - before) / IDLE


def memory(process: subprocess.Popen[str]) -> tuple[int, int]:
    """How many processes stand there, and their memory in bytes; a shared page counts in part."""
    tree = _tree(process.pid)
    rows = [
        row
        for pid in tree
        for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        if row.startswith("Pss:")
    ]
    return len(tree), sum(int(row.split()[1]) * 1024 for row in rows)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for worker in (task / "children").read_text().split():
            found += _tree(int(worker))
    return found


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
