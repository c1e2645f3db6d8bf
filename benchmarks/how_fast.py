# ruff: noqa: T201 - a table is what it is for
"""How fast the dojo itself is, as one table: plain pytest, the loop, and its own tests.

    python benchmarks/how_fast.py [--saves 50] [--katas 1000] [--dojo-tests]

Takes some ten minutes on a quiet machine. Each section ends with ratios of medians of that section,
which were measured in turn. Memory and CPU of idle processes are measured on Linux only;
pytest-watcher is shown where it is installed (``pip install pytest-watcher``).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import watching

from dojo.course.katas import Kata, find_katas
from dojo.verdict.diagnosis import find_impostors
from dojo.workers.client import judge, judge_source
from dojo.workers.pool import WorkerPool

ROOT = Path(__file__).resolve().parent.parent
KATA = Kata("intro/k05_matmul", ROOT)
DOJO = [sys.executable, "-m", "dojo"]
PYTEST = [sys.executable, "-m", "pytest", "--solutions=reference", "-q"]
RUNS = 5  # of each command of a section
PAUSE = 0.5  # seconds between a verdict and the next save
PAUSE_OF_SPAWNED = 5.0  # seconds in which another process has started
PAUSE_OF_OTHERS = 2.0  # pytest-watcher forgets a save that comes before its run has ended
FEW = 10  # saves in the large dojo; as many times are told with their 95th percentile
A_FEW = 48  # katas in the small dojo beside the large one
IMPOSTORS = 200  # that are judged to count verdicts a second
CORES = 2  # processes that judge them


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--saves", type=int, default=50, help="saves in the loop (default: 50)")
    parser.add_argument(
        "--katas", type=int, default=1000, help="katas in the large dojo (default: 1000)"
    )
    parser.add_argument("--dojo-tests", action="store_true", help="run dojo_tests too: minutes")
    wanted = parser.parse_args()
    print(f"{_processor()}, {os.cpu_count()} cores, {platform.platform()}")
    print(f"Python {platform.python_version()}, torch {importlib.metadata.version('torch')}\n")
    plain_pytest()
    the_loop(wanted.saves)
    commands()
    judging(wanted.dojo_tests)
    large(wanted.katas)


def plain_pytest() -> None:
    """What a run of plain pytest takes beside the imports that no run can do without."""
    title("plain pytest, reference solutions")
    importing = [sys.executable, "-c", "import torch"]
    comparing = "import torch; torch.testing.assert_close(torch.ones(1), torch.ones(1))"
    found = in_turn(
        {
            "import torch": importing,
            "import torch, first assert_close": [sys.executable, "-c", comparing],
            f"pytest -k {KATA.stem}": [*PYTEST, "-k", KATA.stem],
            "pytest tests/intro": [*PYTEST, "tests/intro"],
            "pytest tests/intro -n 2": [*PYTEST, "tests/intro", "-n", "2"],
            "pytest": PYTEST,
            "pytest -n 2": [*PYTEST, "-n", "2"],
        }
    )
    intro = sum(kata.track == "intro" for kata in find_katas(ROOT))
    others = len(find_katas(ROOT)) - intro
    start = statistics.median(found["import torch, first assert_close"])
    of_intro = statistics.median(found["pytest tests/intro"])
    growth = (statistics.median(found["pytest"]) - of_intro) / others
    note(f"tests/intro is {of_intro / start:.2f} times import torch with the first assert_close")
    note(f"each of the {others} katas after intro adds {growth * 1000:.0f} ms")


def the_loop(saves: int) -> None:
    """From a save to its verdict, and what stands by meanwhile."""
    title(f"from a save of {KATA.stem} to its verdict")
    with watch(KATA, DOJO) as (watcher, path):
        forked = list(watching.save_and_wait(path, saves, PAUSE, watcher.receive))
        row("dojo watch --json, forked", forked)
        idle = idle_cost(watcher)
    with watch(KATA, [sys.executable, "-c", watching.SPAWNING]) as (watcher, path):
        time.sleep(PAUSE_OF_SPAWNED)
        row(
            "dojo watch --json, spawned",
            watching.save_and_wait(path, saves, PAUSE_OF_SPAWNED, watcher.receive),
        )
    if importlib.util.find_spec("pytest_watcher") is None:
        note("pytest-watcher is not installed: pip install pytest-watcher")
    else:
        with watching.answers_to(KATA) as answers:
            watcher = watching.PytestWatcher(KATA, answers)
            with contextlib.closing(watcher):
                path = KATA.solution_in(answers)
                others = list(watching.save_and_wait(path, saves, PAUSE_OF_OTHERS, watcher.receive))
        row("pytest-watcher, its own delay included", others)
        ratio = statistics.median(others) / statistics.median(forked)
        note(f"dojo watch is {ratio:.0f} times faster than pytest-watcher")
    note(idle)


@contextlib.contextmanager
def watch(kata: Kata, command: list[str]) -> Iterator[tuple[watching.Watch, Path]]:
    """A watcher of the kata, and the answer that it judges at each save."""
    with (
        watching.answers_to(kata) as answers,
        contextlib.closing(watching.Watch(kata, answers, command)) as watcher,
    ):
        yield watcher, kata.solution_in(answers)


def idle_cost(watcher: watching.Watch) -> str:
    """Say how much CPU and memory the processes of an idle watcher take."""
    if not sys.platform.startswith("linux"):
        return "idle CPU and memory are measured on Linux only"
    share = watching.idle_cpu(watcher.process)
    count, size = watching.memory(watcher.process)
    return (
        f"dojo watch, idle: {share:.1%} of a core; "
        f"its {count} processes hold {size / 1e6:.0f} MB, shared pages counted once"
    )


def commands() -> None:
    title("commands")
    checking = [*DOJO, "check", "--all", "--solutions", "reference"]
    in_turn({"dojo check --all, reference": checking, "dojo list": [*DOJO, "list"]})


def judging(all_tests: bool) -> None:
    """How fast dojo_tests can judge impostors, and what the whole of it takes."""
    title("dojo_tests")
    katas = find_katas(ROOT)
    impostors = [one for kata in katas for one in find_impostors(kata)]
    chosen = impostors[:: max(1, len(impostors) // IMPOSTORS)]
    with contextlib.ExitStack() as at_end:
        pools = [at_end.enter_context(contextlib.closing(WorkerPool(ROOT))) for _ in range(CORES)]
        for pool in pools:
            pool.wait_until_ready()
        left = iter(chosen)
        lock = threading.Lock()

        def work(pool: WorkerPool) -> None:
            while True:
                with lock:
                    one = next(left, None)
                if one is None:
                    return
                judge_source(pool, one.kata, one.source)

        begun = time.perf_counter()
        threads = [threading.Thread(target=work, args=(pool,)) for pool in pools]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = len(chosen) / (time.perf_counter() - begun)
    note(f"{rate:.1f} verdicts a second on impostors, by {CORES} warm processes")
    if all_tests:
        command = [sys.executable, "-m", "pytest", "dojo_tests", "-n", str(CORES), "-q"]
        row(f"pytest dojo_tests -n {CORES}", [seconds_of(command)])


def large(count: int) -> None:
    """How all that grows with the number of katas."""
    title(f"a dojo of {count} katas, beside one of {A_FEW}")
    with many(A_FEW) as small, many(count) as folder:
        one = find_katas(small)[0]
        ways: dict[str, Callable[[Path], float]] = {
            "first verdict, from nothing": first_verdict,
            f"dojo check {one.stem}": partial(
                seconds_of, [*DOJO, "check", one.stem, "--solutions", "reference"]
            ),
            f"pytest tests/{one.track}/{one.checks.name}": partial(
                seconds_of, [*PYTEST, f"tests/{one.track}/{one.checks.name}"]
            ),
            f"pytest -k {one.stem}": partial(seconds_of, [*PYTEST, "-k", one.stem]),
            "dojo list": partial(seconds_of, [*DOJO, "list"]),
        }
        times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ways}
        for _ in range(RUNS):
            for name, way in ways.items():
                for found, root in zip(times[name], (small, folder), strict=True):
                    found.append(way(root))
        for name, (few, all_) in times.items():
            row(name, all_)
            ratio = statistics.median(all_) / statistics.median(few)
            note(f"that is {ratio:.2f} times the time with {A_FEW} katas")
        with watch(find_katas(folder)[0], DOJO) as (watcher, path):
            row(
                "dojo watch --json, from a save to its verdict",
                watching.save_and_wait(path, FEW, PAUSE, watcher.receive),
            )


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
    """Seconds from nothing to a verdict: start, collection of the checks, and judging."""
    begun = time.perf_counter()
    with contextlib.closing(WorkerPool(root)) as pool:
        judge(pool, find_katas(root)[0], root / "reference")
    return time.perf_counter() - begun


def in_turn(named: dict[str, list[str]]) -> dict[str, list[float]]:
    """Run the commands in turn, ``RUNS`` times, so that a slow minute slows all of them."""
    found: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(RUNS):
        for name, command in named.items():
            found[name].append(seconds_of(command))
    for name, seconds in found.items():
        row(name, seconds)
    return found


def seconds_of(command: list[str], cwd: Path = ROOT) -> float:
    begun = time.perf_counter()
    subprocess.run(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - begun


def title(text: str) -> None:
    print(f"\n{text}")


def note(text: str) -> None:
    print(f"  {text}", flush=True)


def row(name: str, seconds: Iterator[float] | list[float]) -> None:
    """The median and, of many, the 95th percentile."""
    found = sorted(seconds)
    text = f"  {name:<46}{_shown(statistics.median(found)):>9}"
    if len(found) >= FEW:
        text += f"   95 %: {_shown(found[int(len(found) * 0.95)])}"
    print(text, flush=True)


def _shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _processor() -> str:
    with contextlib.suppress(OSError, StopIteration):
        rows = Path("/proc/cpuinfo").read_text().splitlines()
        return next(r.partition(":")[2].strip() for r in rows if r.startswith("model name"))
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
