"""A run of `dojo bench` keeps what it finds, and says what it did not time."""

import subprocess
import sys

import pytest
import torch

from dojo.bench.run import has_benchmark
from dojo.course.katas import Kata


def test_an_answer_is_compared_with_the_version_before(timed_twice):
    """The second run finds the first, past a file that cannot be read, which it names."""
    root, _, out, err = timed_twice
    broken = root / ".benchmarks" / "here" / "9999_bench.json"
    assert "Beside your version of" in out
    assert "n = 64:" in out
    assert str(broken) in err
    assert broken.exists()
    assert "first/k02_add: add_" in (root / ".benchmarks" / "report.html").read_text()


def test_a_kata_that_is_not_green_is_not_timed(timed_twice):
    """The report says so, and the exit code is 1."""
    _, code, out, err = timed_twice
    assert code == 1
    assert "first/k01_double is red" in err
    assert "first/k01_double" not in out


def test_simulated_cuda_is_never_timed(own_dojo, run_module):
    """A number from the simulator would say nothing of a GPU."""
    if torch.cuda.is_available():
        pytest.skip("there is a real GPU here")
    result = run_module(own_dojo, "dojo bench", "k01_double", "--device=cuda")
    assert result.returncode == 1
    assert "a simulated one is never timed" in result.stderr
    assert "dojo: timing first/k01_double, beside the reference\n" in result.stderr


def test_where_nothing_is_green_all_katas_with_a_benchmark_are_named(own_dojo, run_module):
    result = run_module(own_dojo, "dojo bench")
    assert result.returncode == 2
    assert "These have one: first/k01_double." in result.stderr


def test_a_kata_without_a_benchmark_is_named(own_dojo, run_module):
    """It is no failure that speed means nothing there."""
    assert not has_benchmark(Kata("second/k01_mean", own_dojo))
    result = run_module(own_dojo, "dojo bench", "mean")
    assert result.returncode == 0
    assert "k01_mean" in result.stderr


@pytest.mark.parametrize("module", ["cli.bench", "bench.run", "bench.background", "bench.page"])
def test_what_starts_a_run_imports_neither_torch_nor_pytest(module):
    """So that it starts at once; both are the business of the process that times."""
    program = f"import dojo.{module}, sys; print({{'torch', 'pytest'}} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "set()"
