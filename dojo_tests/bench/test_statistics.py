"""Ratios and differences of times say no more than the times do."""

import random

import pytest

from dojo.bench.statistics import change, mann_whitney, quartiles, ratio


def noisy(seed, middle):
    """The times of five passes on a machine that is never quite quiet."""
    source = random.Random(seed)
    return [middle * (1 + abs(source.gauss(0, 0.03))) for _ in range(5)]


def test_the_quartiles_of_one_time_are_that_time():
    """There is no spread."""
    assert quartiles([3.0]) == (3, 3, 3)


def test_the_quartiles_of_five_times_are_the_second_the_third_and_the_fourth():
    """In order of size."""
    assert quartiles([5.0, 1.0, 3.0, 2.0, 4.0]) == (2, 3, 4)


def test_a_ratio_is_that_of_passes_side_by_side():
    """The middle one, the least and the most, worked out by hand."""
    found = ratio([2.0, 8.0, 9.0], [1.0, 2.0, 3.0])
    assert (found.value, found.low, found.high) == (3, 2, 4)


def test_a_pass_in_which_the_machine_was_busy_does_not_count():
    """It slowed down both, as both were timed in it."""
    assert ratio([2.0, 2.0, 20.0], [1.0, 1.0, 10.0]).high == 2


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
