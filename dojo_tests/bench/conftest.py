"""Timed cases and runs: made by hand, and of a small dojo that was really timed."""

import contextlib
import io
import json
import shutil
import subprocess
import sys
from datetime import datetime, timezone

import pytest

import dojo.bench.run
from dojo.bench.results import Case, Run, Subject
from dojo.cli.bench import BenchRequest, bench
from dojo.course.katas import Kata, find_katas
from dojo.workers.pytest_process import own_environment

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="session")
def subject():
    """The function of which cases are made."""
    return Subject("first/k02_add", "add_", "cpu", "x1: shape (n,)")


@pytest.fixture(scope="session")
def make_case(subject):
    """Makes a case of an implementation and a size, with rounds in seconds and facts."""

    def make(name, n, *rounds, **facts):
        return Case(subject, name, n, n, rounds, facts)

    return make


@pytest.fixture(scope="session")
def make_run():
    """Makes a run of some cases."""
    return lambda *cases: Run(NOON, "a machine", cases)


# ---------------------------------------------------------------- a dojo that was timed

SLOW_ADD = """
def add(x1, x2):
    return x1 + x2


def add_(x1, x2):
    x1[:] = x1 + x2
    return x1
"""
BENCHMARK_OF_ADD = """

from dojo.checks import Benchmark

BENCHMARK = Benchmark(
    "add_",
    means="x1: shape (n,)",
    inputs=lambda n: (torch.ones(n), torch.ones(n)),
    sizes=(4, 64),
    bytes_moved=lambda n: 12 * n,
    operations=lambda n: n,
    torchs=torch.add,
    naive=lambda x1, x2: torch.stack([a + b for a, b in zip(x1, x2)]),
)
"""
ENDS_BADLY = """
import os, time
import torch


def double(x):
    n = len(x)
    if n == 21:
        time.sleep(600)
    if n == 22:
        os.abort()
    if n == 23:
        raise ValueError("too many rows")
    if n == 24:
        x.new_empty(1 << 60)
    if n == 25:
        return x * 3
    if n == 26:
        os._exit(3)
    return x * 2
"""
RED_DOUBLE = """
def double(x):
    return x * 3
"""
# The second size is not tried after the first; the first one's inputs may be too large.
SIZES = [(21, 40), (22,), (23,), (24,), (25,), (64,)]


@pytest.fixture(scope="session")
def ends_badly():
    """A right answer to first/k01_double that ends badly at inputs of 21 to 26 numbers."""
    return ENDS_BADLY


@pytest.fixture(scope="session")
def benchmark_at():
    """The text of one more benchmark of double, at some sizes.

    Inputs of more than 40 numbers do not fit into memory.
    """

    def benchmark_at_sizes(sizes):
        return f"""

AT_{sizes[0]} = Benchmark(
    "double",
    means="{sizes[0]} numbers",
    inputs=lambda n: (torch.ones(n if n <= 40 else 1 << 40),),
    sizes={sizes},
    naive=(lambda x: torch.add(x, x)) if {sizes} == (64,) else None,
)
"""

    return benchmark_at_sizes


@pytest.fixture(scope="session")
def run_module():
    """Runs a module such as "dojo bench" or "pytest" in a folder; gives what has ended."""

    def run(root, command, *arguments):
        return subprocess.run(
            [sys.executable, "-m", *command.split(), *arguments],
            cwd=root,
            env=own_environment(),
            capture_output=True,
            text=True,
        )

    return run


def run_bench_briefly(root, **options):
    """The exit code of `dojo bench --all`, and what it prints on both streams.

    Each case is timed for a moment only, since nothing here depends on its time.
    """
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dojo.bench.run, "_LENGTH", "0.05")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = bench(BenchRequest(root, find_katas(root), **options))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="session")
def timed_once(small_dojo, tmp_path_factory, benchmark_at):
    """A dojo that was timed with a slow answer and one that ends badly, and what was found.

    That is each line of `dojo bench --all --json`, by the kata's stem, the implementation and the
    size.
    """
    leave = shutil.ignore_patterns(".*")
    root = shutil.copytree(small_dojo, tmp_path_factory.mktemp("bench") / "dojo", ignore=leave)
    add, double = Kata("first/k02_add", root), Kata("first/k01_double", root)
    add.stub.write_text(SLOW_ADD)
    double.stub.write_text(ENDS_BADLY)
    add.checks.write_text(add.checks.read_text() + BENCHMARK_OF_ADD)
    double.checks.write_text(double.checks.read_text() + "".join(map(benchmark_at, SIZES)))
    code, out, err = run_bench_briefly(root, limit=3.0, as_json=True)
    assert code == 0, err  # speed is never a gate, nor how an answer ends at large sizes
    lines = [json.loads(line) for line in out.splitlines()]
    return root, {
        (line["kata"].partition("/")[2], line["implementation"], line["n"]): line for line in lines
    }


@pytest.fixture(scope="session")
def timed_twice(timed_once):
    """The dojo, the exit code, and both streams of a second run, of `dojo bench --all --plot`.

    Since the first, add_ has become faster and double red, and a file of a run is broken.
    """
    root, _ = timed_once
    broken = root / ".benchmarks" / "here" / "9999_bench.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    faster = SLOW_ADD.replace("x1[:] = x1 + x2", "x1 += x2")
    Kata("first/k02_add", root).stub.write_text(faster)
    Kata("first/k01_double", root).stub.write_text(RED_DOUBLE)
    return root, *run_bench_briefly(root, plot=True)
