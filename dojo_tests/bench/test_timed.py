"""What is timed: each implementation at each size, beside what it is compared with."""

import pytest

from dojo.course.katas import Kata

IMPLEMENTATIONS = {"yours", "reference", "torch's", "naive"}


def test_each_implementation_is_timed_at_each_size(timed_once):
    """yours and the reference, and where they are declared torch's own and the naive way."""
    names = {(name, n) for kata, name, n in timed_once[1] if kata == "k02_add"}
    assert names == {(name, n) for name in IMPLEMENTATIONS for n in (4, 64)}
    assert all(case["median"] for (kata, *_), case in timed_once[1].items() if kata == "k02_add")


def test_the_copy_of_a_slow_answer_is_counted(timed_once):
    """`x1[:] = x1 + x2` takes the memory of one more tensor; the reference takes none."""
    cases = timed_once[1]
    assert cases["k02_add", "yours", 64]["total_new_bytes"] == 64 * 4
    assert cases["k02_add", "reference", 64]["total_new_bytes"] == 0


def test_the_operations_are_counted(timed_once):
    """An addition and a copy, against one addition in place."""
    cases = timed_once[1]
    assert cases["k02_add", "yours", 64]["operations"] == 2
    assert cases["k02_add", "reference", 64]["operations"] == 1


def test_the_ratio_to_the_reference_is_given(timed_once):
    """With its spread; the reference's own is 1."""
    mine, reference = timed_once[1]["k02_add", "yours", 4], timed_once[1]["k02_add", "reference", 4]
    assert 0 < mine["ratio_low"] <= mine["ratio_to_reference"] <= mine["ratio_high"]
    assert reference["ratio_to_reference"] == reference["ratio_high"] == 1


@pytest.mark.parametrize(
    "n, words",
    [
        (21, "not finished after 3 s (katas/first/k01_double.py, line 9)"),
        (22, "the process died of SIGABRT (katas/first/k01_double.py, line 11)"),
        (23, "raised ValueError: too many rows"),
        (24, "needs more memory than this machine has"),
        (25, "computes something else than the reference"),
    ],
)
def test_what_ends_badly_at_a_size_is_reported_with_it(timed_once, n, words):
    """In place of a time; the others are timed all the same."""
    cases = timed_once[1]
    mine, reference = cases["k01_double", "yours", n], cases["k01_double", "reference", n]
    assert mine["median"] is None
    assert mine["reason"].startswith(words)
    assert f"at n = {n}" in mine["reason"]
    assert reference["median"] > 0


def test_what_has_hung_is_not_tried_at_a_larger_size(timed_once):
    """It would only hang once more."""
    cases = timed_once[1]
    reason = cases["k01_double", "yours", 40]["reason"]
    assert reason == "not tried, since n = 21 did not end well"
    assert cases["k01_double", "reference", 40]["median"] > 0


def test_a_size_that_does_not_fit_into_memory_is_halved(timed_once):
    """For all implementations alike, so that they can be compared."""
    found = {name: case for (_, name, n), case in timed_once[1].items() if n == 32}
    assert set(found) == IMPLEMENTATIONS - {"torch's"}
    assert all(case["asked_n"] == 64 and case["median"] for case in found.values())


def test_a_process_that_was_started_afresh_may_end_as_well(
    own_dojo, ends_badly, benchmark_at, run_module
):
    """As where torch cannot be forked."""
    double = Kata("first/k01_double", own_dojo)
    double.stub.write_text(ends_badly)
    double.checks.write_text(double.checks.read_text() + benchmark_at((26,)))
    options = ["--isolation=spawn", "--benchmark-max-time=0.01", "-k", "k01_double and cpu-26"]
    result = run_module(own_dojo, "pytest --benchmark-only", *options)
    assert "exit code 3 before the check had finished at n = 26" in result.stdout
    assert "AT_26[reference-cpu-26]" in result.stdout


def test_plain_pytest_shows_no_benchmark(own_dojo, run_module):
    """Whoever runs the checks neither sees nor pays for what is timed."""
    result = run_module(own_dojo, "pytest --collect-only -q")
    assert "BENCHMARK" not in result.stdout
