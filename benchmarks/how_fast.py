# ruff: noqa: T201 - a table is what it is for
"""How fast the loop is: from a save to its verdict, and what stands beside that.

    python benchmarks/how_fast.py [--saves 50] [--katas 1000]

Another process saves in turn; `dojo watch --json` prints the verdict. Prints a table; takes some
minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dojo.catalog import Kata, find_katas
from dojo.judge import judge
from dojo.workers import Crew

ROOT = Path(__file__).resolve().parent.parent
KATA = Kata("intro/k05_matmul", ROOT)
PAUSE = 0.5  # seconds between a verdict and the next save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=50)
    parser.add_argument("--katas", type=int, default=1000)
    wanted = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    watched = save_to_verdict(wanted.saves)
    row("save to verdict, dojo watch (forked)", watched)
    row("request to verdict, spawned ahead", spawned(min(wanted.saves, 10)))
    row("dojo check --all, reference", times([*dojo(), "check", "--all", *REFERENCE], 3))
    row("dojo list", times([*dojo(), "list"], 10))
    with many(wanted.katas) as folder:
        row(f"dojo list, {wanted.katas} katas", times([*dojo(), "list"], 3, folder))
        row(f"first verdict, {wanted.katas} katas", [first_verdict(folder)])


REFERENCE = ("--solutions", "reference")


def dojo() -> list[str]:
    return [sys.executable, "-m", "dojo"]


def row(name: str, seconds: list[float]) -> None:
    """The median and, of many, the 95th percentile, in milliseconds."""
    text = f"{name:<42}{statistics.median(seconds) * 1000:>8.0f} ms"
    if len(seconds) >= 10:
        text += f"   95 %: {sorted(seconds)[int(len(seconds) * 0.95)] * 1000:.0f} ms"
    print(text, flush=True)


@contextlib.contextmanager
def answers() -> Iterator[Path]:
    """A folder with the reference's answer to the kata."""
    with tempfile.TemporaryDirectory() as name:
        path = KATA.solution_in(Path(name))
        path.parent.mkdir()
        shutil.copy(KATA.reference, path)
        yield Path(name)


def save_and_wait(path: Path, saves: int, heard: Callable[[], None]) -> list[float]:
    """Seconds from each save to the next thing that is heard."""
    text = path.read_text(encoding="utf-8")
    found = []
    for number in range(saves):
        time.sleep(PAUSE)
        begun = time.perf_counter()
        path.write_text(f"{text}\n# {number}\n", encoding="utf-8")
        heard()
        found.append(time.perf_counter() - begun)
    return found


@contextlib.contextmanager
def lines_of(command: list[str], cwd: Path = ROOT) -> Iterator[queue.Queue[str]]:
    """What a command prints, a line each, until the block ends."""
    found: queue.Queue[str] = queue.Queue()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            found.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield found
    finally:
        process.terminate()
        process.wait()
        reader.join()


def waits_for(found: queue.Queue[str], is_it: Callable[[str], bool]) -> Callable[[], None]:
    def wait() -> None:
        while not is_it(found.get(timeout=120)):
            pass

    return wait


def is_verdict(line: str) -> bool:
    return line.startswith("{") and json.loads(line)["event"] == "verdict"


def save_to_verdict(saves: int) -> list[float]:
    with answers() as folder:
        command = [*dojo(), "watch", KATA.stem, "--json", "--solutions", str(folder)]
        with lines_of(command) as found:
            heard = waits_for(found, is_verdict)
            heard()
            time.sleep(10)  # it makes its table of mistakes
            idle(found)
            return save_and_wait(KATA.solution_in(folder), saves, heard)


def idle(found: queue.Queue[str]) -> None:
    while not found.empty():
        found.get()


def spawned(runs: int) -> list[float]:
    found = []
    with contextlib.closing(Crew(ROOT, "spawn")) as crew:
        for _ in range(runs):
            crew.wait_until_ready()
            begun = time.perf_counter()
            judge(crew, KATA, ROOT / "reference")
            found.append(time.perf_counter() - begun)
    return found


def times(command: list[str], runs: int, cwd: Path = ROOT) -> list[float]:
    found = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, check=False)
        found.append(time.perf_counter() - begun)
    return found


@contextlib.contextmanager
def many(count: int) -> Iterator[Path]:
    """A dojo of copies of one kata, under other names."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for file in ("conftest.py", "pyproject.toml"):
            shutil.copy(ROOT / file, root)
        for number in range(count):
            copy = Kata(f"copies/k{number:04d}_matmul", root)
            for source, target in (
                (KATA.stub, copy.stub),
                (KATA.reference, copy.reference),
                (KATA.checks, copy.checks),
                (KATA.impostors, copy.impostors),
            ):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        yield root


def first_verdict(root: Path) -> float:
    """Seconds from nothing to a verdict: start, collection of all checks, and judging."""
    begun = time.perf_counter()
    with contextlib.closing(Crew(root)) as crew:
        judge(crew, find_katas(root)[0], root / "reference")
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
