"""A Benchmark is plain data with safe defaults."""

import dataclasses

import pytest

from dojo.checks import Benchmark


@pytest.fixture
def benchmark_of_double():
    return Benchmark("double", inputs=lambda n: (n,), sizes=(4, 64), means="n: a number")


def test_a_benchmark_asks_for_no_bytes_and_no_operations_unless_told(benchmark_of_double):
    assert benchmark_of_double.bytes_moved(64) == benchmark_of_double.operations(64) == 0


def test_a_benchmark_has_no_naive_way_and_no_call_unless_told(benchmark_of_double):
    assert benchmark_of_double.naive is None
    assert benchmark_of_double.naive_up_to is None
    assert benchmark_of_double.call is None


def test_a_benchmark_is_exact_and_for_each_device_unless_told(benchmark_of_double):
    assert benchmark_of_double.is_random is False
    assert benchmark_of_double.only_cpu is False


def test_a_benchmark_cannot_be_changed(benchmark_of_double):
    with pytest.raises(dataclasses.FrozenInstanceError):
        benchmark_of_double.sizes = ()
