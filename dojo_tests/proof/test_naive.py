"""What a kata is timed beside is right, and the naive way is no better than the reference."""

import runpy

from dojo.bench.run import has_benchmark
from dojo.bench.timed.measure import Order, prepare_case
from dojo.checks.benchmark import Benchmark


def benchmarks_of(kata):
    """What the kata's check file declares."""
    if not has_benchmark(kata):
        return []
    space = runpy.run_path(str(kata.checks))
    return [value for value in space.values() if isinstance(value, Benchmark)]


def facts_of(kata, declared, implementation):
    """What is counted of an implementation at the smallest size, once it agrees with the reference.

    Raises:
        NotTimed: it does not.
    """
    solutions, n = kata.root / "reference", declared.sizes[0]
    return prepare_case(Order(kata, solutions, declared, implementation, "cpu", n)).facts


def test_the_naive_way_computes_what_the_reference_does(kata):
    """At its smallest size, as every implementation is asked before it is timed."""
    for declared in benchmarks_of(kata):
        facts = facts_of(kata, declared, "naive")
        assert facts["operations"] > 0 or facts["total_new"] > 0


def test_torchs_own_computes_what_the_reference_does(kata):
    """At its smallest size."""
    for declared in benchmarks_of(kata):
        if declared.torchs is not None:
            facts_of(kata, declared, "torch's")


def test_the_reference_takes_no_more_memory_than_the_naive_way(kata):
    """Or else the naive way would be the better one."""
    for declared in benchmarks_of(kata):
        reference = facts_of(kata, declared, "reference")
        assert reference["total_new"] <= facts_of(kata, declared, "naive")["total_new"]
