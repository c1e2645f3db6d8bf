"""Whether the numbers at the places of many draws are drawn apart from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dojo.checks.draws import FALSE_ALARM, Normal, Uniform, distance, limit
from dojo.checks.expect import CheckFailed


def expect_independent(
    rows: np.ndarray, distribution: Uniform | Normal, shape: Sequence[int], hint: str = ""
) -> None:
    """Fail unless each place has its own draws: a right answer fails in one case of 10^9.

    A product of two numbers of deviation 1 has a mean of 0. The mean of n of them is beyond
    2 sqrt(t / n) + t / n with a chance of at most 4 exp(-t). The mean square of n sums of that
    deviation is below 1 - sqrt(6 t / n) with one of at most exp(-t).

    Args:
        rows: the numbers of each call in a row, of 100 calls or more.
        distribution: what each number should be drawn from.
        shape: in which a call gives them: a message names a place by its index.
        hint: where to look.
    """
    __tracebackhide__ = True
    n, count = rows.shape
    distances = [distance(distribution.share_below(np.sort(column))) for column in rows.T]
    worst = int(np.argmax(distances))
    if distances[worst] > limit(n, count):
        mean = f"in {n} calls the mean there is {rows[:, worst].mean():.3g}"
        sentence = f"draws other numbers at index {_index(worst, shape)}: {mean}."
        raise CheckFailed(sentence, hint)
    scaled = (rows - distribution.middle) / distribution.deviation
    products = np.abs(scaled.T @ scaled) / n
    np.fill_diagonal(products, 0)
    one, other = divmod(int(products.argmax()), count)
    t = math.log(4 * count**2 / FALSE_ALARM)
    if products[one, other] > 2 * math.sqrt(t / n) + t / n:
        those = f"{_index(one, shape)} and {_index(other, shape)}"
        sentence = f"gives numbers that depend on each other: those at {those}."
        raise CheckFailed(sentence, hint)
    if np.square(scaled.sum(axis=1)).mean() / count < 1 - math.sqrt(6 * t / n):
        middle = f"{distribution.middle * count:g}"
        sentence = f"gives {count} numbers whose sum is always about {middle}; it should vary."
        raise CheckFailed(sentence, hint)


def _index(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(one) for one in np.unravel_index(number, shape))
