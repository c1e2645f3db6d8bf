# ruff: noqa: T201 - a table is what it is for
"""How long a verdict takes where saves come often, by forked workers and by spawned ones.

    python benchmarks/how_often.py [--saves 12] [--kinds fork spawn]

A verdict by a spawned worker uses up a process that must import torch. So what counts is whether
enough of them stand ready. Saves come a fixed time apart, or each as soon as the verdict on the one
before is there. A save counts until the first verdict on it or on a later one. Takes some five
minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import time
from pathlib import Path

import watching

from dojo.course.katas import Kata

ROOT = Path(__file__).resolve().parent.parent
KATA = Kata("intro/k05_matmul", ROOT)
COMMANDS = {
    "fork": [sys.executable, "-m", "dojo"],
    "spawn": [sys.executable, "-c", watching.SPAWNING],
}
APART = (5.0, 2.0, 1.0)  # seconds between two saves
REST = 12.0  # seconds between two rows, in which workers start that were used up


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--saves", type=int, default=12, help="saves of each row (default: 12)")
    parser.add_argument("--kinds", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    wanted = parser.parse_args()
    print(f"{'saves of ' + KATA.stem:<32}{'median':>9}{'worst':>9}   import torch")
    for kind in wanted.kinds:
        with (
            watching.answers_to(KATA) as answers,
            contextlib.closing(watching.Watch(KATA, answers, COMMANDS[kind])) as watch,
        ):
            path = KATA.solution_in(answers)
            for every in APART:
                rest(watch)
                found = watching.save_on_time(path, wanted.saves, every, watch.receive)
                row(f"{kind}, {every:g} s apart", found)
            rest(watch)
            found = list(watching.save_and_wait(path, wanted.saves, 0.0, watch.receive))
            row(f"{kind}, as verdicts come", found)


def rest(watch: watching.Watch) -> None:
    """Let the watcher prepare what it can, and forget verdicts that came late."""
    time.sleep(REST)
    watch.forget()


def row(name: str, seconds: list[float]) -> None:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    importing = time.perf_counter() - begun
    shown = f"{statistics.median(seconds) * 1000:>6.0f} ms{max(seconds) * 1000:>6.0f} ms"
    print(f"{name:<32}{shown}{importing * 1000:>10.0f} ms", flush=True)


if __name__ == "__main__":
    main()
