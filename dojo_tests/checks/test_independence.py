"""Independent draws pass, and what depends on each other is told by its place."""

import numpy as np
import pytest

from dojo.checks.draws import Normal, Uniform
from dojo.checks.independence import expect_independent

SHAPE, CALLS = (2, 3), 600


def draws(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(20))
def test_independent_draws_pass(seed):
    expect_independent(draws(seed).standard_normal((CALLS, 6)), Normal(1.0), SHAPE)
    expect_independent(draws(seed).random((CALLS, 6)), Uniform(0.5, 0.5), SHAPE)
    expect_independent(draws(seed).uniform(-3, 3, (100, 6)), Uniform(3.0), SHAPE)


def with_a_twin():
    rows = draws().standard_normal((CALLS, 6))
    rows[:, 4] = -rows[:, 1]
    return rows


def centred():
    rows = draws().standard_normal((CALLS, 6))
    return (rows - rows.mean(1, keepdims=True)) * (6 / 5) ** 0.5


WRONG = {
    "a twin": (with_a_twin, Normal(1.0), "depend on each other: those at (0, 1) and (1, 1)."),
    "a sum of 0": (centred, Normal(1.0), "gives 6 numbers whose sum is always about 0;"),
    "a sum of 3": (
        lambda: (np.argsort(draws().random((CALLS, 6))) + draws(1).random((CALLS, 6))) / 6,
        Uniform(0.5, 0.5),
        "gives 6 numbers whose sum is always about 3;",
    ),
    "sorted": (
        lambda: np.sort(draws().random((CALLS, 6))),
        Uniform(0.5, 0.5),
        "draws other numbers at index (",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_depends_on_each_other_fails(failure_of, kind):
    make, distribution, words = WRONG[kind]
    failed = failure_of(expect_independent, make(), distribution, SHAPE, "Hint.")
    assert words in failed.sentence
    assert failed.hint == "Hint."
