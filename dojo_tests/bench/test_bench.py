"""Tests of the benchmarks: what is timed and what is not, what is counted, what is concluded."""

import contextlib
import io
import json
import random
import re
import runpy
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
import torch

import dojo.bench.run
from dojo.bench.page import page
from dojo.bench.results import Case, NoResults, Run, Subject, rate, read_run
from dojo.bench.run import has_benchmark
from dojo.bench.statistics import change, mann_whitney, ratio
from dojo.bench.table import bar, bytes_text, count_text, ratio_text, seconds_text
from dojo.bench.timed.measure import Order, prepare_case
from dojo.checks.benchmark import Benchmark
from dojo.checks.tracing import MemoryTrace
from dojo.cli.bench import BenchRequest, bench, painted_lines
from dojo.course.katas import find_katas
from dojo.workers.pytest_process import own_environment

ADD = Subject("intro/k03_in_place_add", "add_", "cpu", "x1: shape (n,)")
NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
SLOW_ADD = """
def add(x1, x2):
    return x1 + x2


def add_(x1, x2):
    x1[:] = x1 + x2
    return x1
"""
MATMUL = """
import os, time
import torch


def matmul(x, w):
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
        return x[:, :3] @ w[:3]
    if n == 26:
        os._exit(3)
    return x @ w
"""
# The second size is not tried after the first; the first one's inputs may be too large.
SIZES = [(21, 40), (22,), (23,), (24,), (25,), (64,)]
RED_MATMUL = """
def matmul(x, w):
    return x * 2
"""


def declared(sizes):
    """A benchmark of matmul at these sizes; inputs of more than 40 rows do not fit into memory."""
    return f"""

AT_{sizes[0]} = Benchmark(
    "matmul",
    means="{sizes[0]} rows",
    inputs=lambda n: (torch.ones(n if n <= 40 else 1 << 40, n), torch.ones(n, n)),
    sizes={sizes},
    naive=torch.mm if {sizes} == (64,) else None,
)
"""


def small(root, *more_sizes):
    """The same dojo with inputs so small that a run takes seconds, and more benchmarks of k05."""
    for kata in find_katas(root):
        text = kata.checks.read_text()
        text = text.replace("sizes=(1_000, 100_000, 10_000_000)", "sizes=(4, 64)")
        text = text.replace("sizes=(4, 16, 128, 1024)", "sizes=(4,)")
        if kata.stem.startswith("k05"):
            text += "".join(map(declared, more_sizes))
        kata.checks.write_text(text)
    return root


def write(root, **answers):
    for kata in find_katas(root):
        if answer := answers.get(kata.stem.partition("_")[0]):
            kata.stub.write_text(answer)


def run(root, command, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", *command.split(), *arguments],
        cwd=root,
        env={**own_environment(), **environment},
        capture_output=True,
        text=True,
    )


def by_case(output):
    """Lines of JSON, by stem's number, implementation and size."""
    lines = [json.loads(line) for line in output.splitlines()]
    return {
        (line["kata"].partition("/")[2][:3], line["implementation"], line["n"]): line
        for line in lines
    }


@pytest.fixture(scope="module")
def timed(course_pair, tmp_path_factory):
    """A dojo, and what `dojo bench --all --json` says of a slow answer and of one with bad ends.

    Each case is timed for a moment only, since nothing here depends on its time.
    """
    root = Path(shutil.copytree(course_pair, tmp_path_factory.mktemp("bench") / "dojo"))
    write(small(root, *SIZES), k03=SLOW_ADD, k05=MATMUL)
    code, out, err = briefly(BenchRequest(root, find_katas(root), limit=3.0, as_json=True))
    assert code == 0, err  # speed is never a gate, nor how an answer ends at large sizes
    return root, by_case(out)


def briefly(asked):
    """The exit code of `dojo bench`, and what it prints on both streams."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dojo.bench.run, "_LENGTH", "0.05")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            return bench(asked), out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def again(timed):
    """What `dojo bench` says once k03 is faster, k05 is red, and a file of a run is broken."""
    root, _ = timed
    broken = root / ".benchmarks" / "here" / "9999_bench.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    write(root, k03=SLOW_ADD.replace("x1[:] = x1 + x2", "x1 += x2"), k05=RED_MATMUL)
    return root, *briefly(BenchRequest(root, find_katas(root), plot=True))


def test_each_implementation_is_timed_at_each_size(timed):
    """yours, the reference and the naive way, where the naive way is declared."""
    names = {(name, n) for kata, name, n in timed[1] if kata == "k03"}
    assert names == {(name, n) for name in ("yours", "reference", "naive") for n in (4, 64)}
    assert all(case["median"] for (kata, *_), case in timed[1].items() if kata == "k03")


def test_the_copy_of_a_slow_answer_is_counted(timed):
    """`x1[:] = x1 + x2` takes the memory of one more tensor; the reference takes none."""
    cases = timed[1]
    assert cases["k03", "yours", 64]["total_new_bytes"] == 64 * 4
    assert cases["k03", "reference", 64]["total_new_bytes"] == 0


def test_the_operations_are_counted(timed):
    """An addition and a copy, against one addition in place."""
    cases = timed[1]
    assert cases["k03", "yours", 64]["operations"] == 2
    assert cases["k03", "reference", 64]["operations"] == 1


def test_the_ratio_to_the_reference_is_given(timed):
    """With its spread; the reference's own is 1."""
    mine, reference = timed[1]["k03", "yours", 4], timed[1]["k03", "reference", 4]
    assert 0 < mine["ratio_low"] <= mine["ratio_to_reference"] <= mine["ratio_high"]
    assert reference["ratio_to_reference"] == reference["ratio_high"] == 1


@pytest.mark.parametrize(
    "n, words",
    [
        (21, "not finished after 3 s (katas/intro/k05_matmul.py, line 9)"),
        (22, "the process died of SIGABRT (katas/intro/k05_matmul.py, line 11)"),
        (23, "raised ValueError: too many rows"),
        (24, "needs more memory than this machine has"),
        (25, "computes something else than the reference"),
    ],
)
def test_what_ends_badly_at_a_size_is_reported_with_it(timed, n, words):
    """In place of a time; the others are timed all the same."""
    mine, reference = timed[1]["k05", "yours", n], timed[1]["k05", "reference", n]
    assert mine["median"] is None
    assert mine["reason"].startswith(words)
    assert f"at n = {n}" in mine["reason"]
    assert reference["median"] > 0


def test_what_has_hung_is_not_tried_at_a_larger_size(timed):
    """It would only hang once more."""
    assert timed[1]["k05", "yours", 40]["reason"] == "not tried, since n = 21 did not end well"
    assert timed[1]["k05", "reference", 40]["median"] > 0


def test_a_size_that_does_not_fit_into_memory_is_halved(timed):
    """For all implementations alike, so that they can be compared."""
    found = {name: case for (_, name, n), case in timed[1].items() if n == 32}
    assert set(found) == {"yours", "reference", "naive"}
    assert all(case["asked_n"] == 64 and case["median"] for case in found.values())


def test_an_answer_is_compared_with_the_version_before(again):
    """The second run finds the first, past a file that cannot be read, which it names."""
    root, _, out, err = again
    broken = root / ".benchmarks" / "here" / "9999_bench.json"
    assert "Beside your version of" in out
    assert "n = 64:" in out
    assert str(broken) in err
    assert broken.exists()
    assert "intro/k03_in_place_add: add_" in (root / ".benchmarks" / "report.html").read_text()


def test_a_kata_that_is_not_green_is_not_timed(again):
    """The report says so, and the exit code is 1."""
    _, code, out, err = again
    assert code == 1
    assert "intro/k05_matmul is red" in err
    assert "intro/k05_matmul" not in out


def test_a_process_that_was_started_afresh_may_end_as_well(own_course_pair):
    """As where torch cannot be forked."""
    write(small(own_course_pair, (26,)), k05=MATMUL)
    options = ["--isolation=spawn", "--benchmark-max-time=0.01", "-k", "k05 and cpu-26"]
    result = run(own_course_pair, "pytest --benchmark-only", *options)
    assert "exit code 3 before the check had finished at n = 26" in result.stdout
    assert "AT_26[reference-cpu-26]" in result.stdout


def test_simulated_cuda_is_never_timed(own_course_pair):
    """A number from the simulator would say nothing of a GPU."""
    if torch.cuda.is_available():
        pytest.skip("there is a real GPU here")
    result = run(own_course_pair, "dojo bench", "k05", "--device=cuda")
    assert result.returncode == 1
    assert "a simulated one is never timed" in result.stderr


def test_plain_pytest_shows_no_benchmark(own_course_pair):
    """Whoever runs the checks neither sees nor pays for what is timed."""
    result = run(own_course_pair, "pytest --collect-only -q")
    assert "BENCHMARK" not in result.stdout


def test_a_kata_without_a_benchmark_is_named(root):
    """It is no failure that speed means nothing there."""
    (kata,) = [kata for kata in find_katas(root) if kata.stem == "k07_requires_grad"]
    assert not has_benchmark(kata)
    result = run(root, "dojo bench", "k07")
    assert result.returncode == 0
    assert "k07_requires_grad" in result.stderr


def test_the_command_imports_neither_torch_nor_pytest():
    """So that it starts at once; both are the business of the process that times."""
    program = "import dojo.cli.bench, sys; print({'torch', 'pytest'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "set()"


# ---------------------------------------------------------------- what katas declare


def test_the_naive_way_computes_what_the_reference_does(kata):
    """At its smallest size, as every implementation is asked before it is timed."""
    for declared in benchmarks_of(kata):
        facts = prepare_case(order(kata, declared, "naive", declared.sizes[0])).facts
        assert facts["operations"] > 0 or facts["total_new"] > 0


def test_the_reference_takes_no_more_memory_than_the_naive_way(kata):
    """Or else the naive way would be the better one."""
    for declared in benchmarks_of(kata):
        n = declared.sizes[0]
        mine, naive = (
            prepare_case(order(kata, declared, name, n)).facts for name in ("reference", "naive")
        )
        assert mine["total_new"] <= naive["total_new"]


def benchmarks_of(kata):
    """What the kata's check file declares."""
    if not has_benchmark(kata):
        return []
    space = runpy.run_path(str(kata.checks))
    return [value for value in space.values() if isinstance(value, Benchmark)]


def order(kata, declared, name, n):
    return Order(kata, kata.root / "reference", declared, name, "cpu", n)


# ---------------------------------------------------------------- memory


def test_a_storage_counts_once():
    """Views and writes into what is there take no memory."""
    x = torch.ones(8)
    with MemoryTrace() as trace:
        y = x + 1
        y[:4].mul_(2).view(2, 2)
    assert trace.new == [8 * 4]


def test_a_tensor_made_of_a_list_counts():
    """Though torch fills its memory before the first operation."""
    with MemoryTrace() as trace:
        torch.tensor([1.0, 2.0])
    assert trace.new == [2 * 4]


def test_a_tensor_in_the_memory_of_an_array_takes_none():
    """It is a view."""
    array = np.ones(8)
    with MemoryTrace() as trace:
        torch.from_numpy(array)
    assert trace.new == []


def test_memory_that_was_used_before_counts_again():
    """An address that the allocator hands out once more is a storage of its own."""
    x = torch.ones(8)
    with MemoryTrace() as trace:
        for _ in range(5):
            x + 1
    assert trace.new == [8 * 4] * 5


# ---------------------------------------------------------------- statistics


def noisy(seed, middle):
    """The times of five passes on a machine that is never quite quiet."""
    source = random.Random(seed)
    return [middle * (1 + abs(source.gauss(0, 0.03))) for _ in range(5)]


def test_a_ratio_is_that_of_passes_side_by_side():
    """The middle one, the least and the most, worked out by hand."""
    found = ratio([2.0, 8.0, 9.0], [1.0, 2.0, 3.0])
    assert (found.value, found.low, found.high) == (3, 2, 4)


def test_a_pass_in_which_the_machine_was_busy_does_not_count():
    """It slowed down both, as both were timed in it."""
    assert ratio([2.0, 2.0, 20.0], [1.0, 1.0, 10.0]).high == 2


def test_the_passes_are_told_apart():
    """Each has a time of its own: its best round."""
    mine = case("yours", 5, 1.0, 2.0, 9.0, 4.0, 5.0, passes=[3, 2])
    assert mine.best == [1.0, 4.0]


@pytest.mark.parametrize(
    "a, b, p",
    [
        ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 2 / 252),
        ([1, 3, 5], [2, 4, 6], 0.7),
        ([1, 1, 1], [1, 1, 1], 1.0),
        ([19, 22, 16, 29, 24], [20, 11, 17, 12], 0.1111111),
        ([1, 2, 2, 3, 4], [2, 3, 5, 6, 7], 0.1116118),
    ],
)
def test_the_p_value_is_that_of_the_mann_whitney_test(a, b, p):
    """As scipy.stats.mannwhitneyu has it, exact without ties and corrected with them."""
    assert mann_whitney(a, b) == pytest.approx(p, rel=1e-5)


def test_a_twice_as_fast_answer_is_called_faster():
    """By its factor."""
    found = change(noisy(1, 1.0), noisy(2, 2.0), noisy(3, 1.0), noisy(4, 1.0))
    assert found.is_significant
    assert found.speedup == pytest.approx(2, rel=0.05)


def test_an_answer_on_a_machine_that_became_slower_is_not_called_slower():
    """The reference became slower with it."""
    found = change(noisy(1, 3.0), noisy(2, 1.0), noisy(3, 3.0), noisy(4, 1.0))
    assert not found.is_significant


def test_equal_times_are_rarely_called_different():
    """The test's own chance is 1 in 100, and a change of less than 10 % is none."""
    found = [
        change(noisy(s, 1.0), noisy(s + 1, 1.0), noisy(s + 2, 1.0), noisy(s + 3, 1.0))
        for s in range(0, 800, 4)
    ]
    assert not any(one.is_significant for one in found)


# ---------------------------------------------------------------- the report


def case(name, n, *rounds, **facts):
    return Case(ADD, name, n, n, rounds, facts)


def run_of(*cases):
    return Run(NOON, "a machine", cases)


def test_the_share_of_the_ceiling_is_that_of_the_nearer_one():
    """An answer that moves much memory and computes little is held against the copy."""
    copy = case("copy", 1, 1.0, bytes_moved=100)
    matmul = case("matmul", 1, 1.0, operations_needed=1000)
    mine = case("yours", 5, 1.0, bytes_moved=50, operations_needed=10)
    found = rate(run_of(copy, matmul, mine), mine)
    assert (found.unit, found.share) == ("B/s", 0.5)


def test_the_ceiling_of_memory_is_the_better_one_of_two():
    """A copy also reads its destination; what is changed in place is read anyhow."""
    copy = case("copy", 1, 1.0, bytes_moved=100)
    negate = case("negate", 1, 1.0, bytes_moved=160)
    mine = case("yours", 5, 1.0, bytes_moved=120)
    assert rate(run_of(copy, negate, mine), mine).share == 0.75


def test_bars_have_one_scale_for_each_size():
    """The longest is the slowest; half of its time is half of its length."""
    mine = case("yours", 5, 2.0, total_new=20, largest_new=20, operations=2, gpu="")
    reference = case("reference", 5, 1.0, total_new=0, largest_new=0, operations=1, gpu="")
    lines = list(painted_lines(run_of(mine, reference), {}))
    slow, fast = (row.count("█") for row in lines if row.startswith(("  yours", "  reference")))
    assert slow == 2 * fast == 10


def test_the_table_fits_80_columns():
    """With the largest numbers too."""
    facts = {"total_new": 999_900_000, "largest_new": 999_900_000, "operations": 1 << 40, "gpu": ""}
    slow, fast = (
        case("yours", 10**8, 1e2, 9e2, **facts),
        case("reference", 10**8, 1e-3, 9e-3, **facts),
    )
    assert max(map(len, painted_lines(run_of(slow, fast), {}))) <= 80


def test_where_nothing_was_timed_before_a_sentence_says_so():
    """A missing run is no error."""
    mine = case("yours", 5, 2.0, gpu="")
    text = "\n".join(painted_lines(run_of(mine), {}))
    assert "No other version of your answer was timed before" in text


def test_the_page_loads_nothing():
    """It opens without a network: every script and style is in it."""
    text = page(run_of(case("yours", 5, 2.0, gpu="")), {})
    assert re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)", text) == []


def test_the_page_has_the_numbers_as_a_table():
    """A row for each implementation and size, with the reason where there is no time."""
    mine = case("yours", 5, 2.0, total_new=20, gpu="")
    stuck = Case(ADD, "yours", 6, 6, reason="not finished <after> 10 s")
    text = page(run_of(mine, stuck), {})
    assert "<td>5</td><td>yours</td><td>2.00 s</td>" in text
    assert "not finished &lt;after&gt; 10 s" in text


def test_the_page_draws_the_limit_as_a_line():
    """The least time of the least work, at the rate of the copy."""
    copy = case("copy", 1, 1.0, bytes_moved=100, gpu="")
    text = page(run_of(copy, case("yours", 5, 2.0, bytes_moved=50, gpu="")), {})
    charts = json.loads(text.rpartition("const CHARTS = ")[2].partition(";\nfor")[0])
    (limit,) = [trace for _, traces, _ in charts for trace in traces if trace["name"] == "limit"]
    assert (limit["x"], limit["y"]) == ([5], [0.5])


def test_a_file_that_is_no_saved_run_is_refused_by_name(tmp_path):
    """The message says what to do with it."""
    path = tmp_path / "0001_bench.json"
    path.write_text('{"datetime": "2026-01-02T12:00:00+00:00", "benchmarks": 3}')
    with pytest.raises(NoResults, match=r"0001_bench\.json .* Move it away"):
        read_run(path)


@pytest.mark.parametrize(
    "text, expected",
    [
        (seconds_text(8.37e-7), "837 ns"),
        (seconds_text(0.9999), "1.00 s"),
        (seconds_text(0.0637), "63.7 ms"),
        (bytes_text(0), "0"),
        (bytes_text(64), "64 B"),
        (bytes_text(40_000_000), "40.0 MB"),
        (ratio_text(1.04), "1.04"),
        (ratio_text(43.1), "43.1"),
        (ratio_text(1_234), "1.2k"),
        (ratio_text(35_808), "36k"),
        (count_text(999), "999"),
        (count_text(24_337), "24.3k"),
        (bar(1, 4), "████"),
        (bar(0.001, 4), "▏"),
    ],
)
def test_numbers_are_short(text, expected):
    """Two or three digits are what a time is worth."""
    assert text == expected
