"""Compares times: a ratio with its spread, and whether a difference is more than chance."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 0.01  # the chance of calling equal times different
# A smaller change may only be due to the addresses that a process happens to get.
LEAST_CHANGE = 0.10


@dataclass(frozen=True)
class Ratio:
    """How many times as long as the reference: the median of the passes, the least, the most."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Change:
    """The effect of an edit: how many times as fast it is now, and the p-value of that."""

    speedup: float
    p: float
    is_significant: bool


def quartiles(times: Sequence[float]) -> tuple[float, float, float]:
    """Return the first quartile, the median and the third quartile."""
    if len(times) == 1:
        return times[0], times[0], times[0]
    low, middle, high = statistics.quantiles(times, n=4, method="inclusive")
    return low, middle, high


def ratio(times: Sequence[float], reference: Sequence[float]) -> Ratio:
    """Return the times of passes as multiples of the reference's times in the same passes."""
    multiples = _multiples(times, reference)
    return Ratio(statistics.median(multiples), min(multiples), max(multiples))


def change(
    now: Sequence[float],
    then: Sequence[float],
    reference_now: Sequence[float],
    reference_then: Sequence[float],
) -> Change:
    """Say whether an answer's time has changed since an earlier run.

    Both are counted in multiples of the reference's time in the same pass: a machine that is busier
    now slows down both. A pass is one value, since its rounds resemble each other.

    Args:
        now: the answer's time in each pass, in seconds.
        then: its times in the earlier run.
        reference_now: the reference's time in each pass of this run.
        reference_then: its times in the earlier run.
    """
    a, b = _multiples(now, reference_now), _multiples(then, reference_then)
    speedup = statistics.median(b) / statistics.median(a)
    p = mann_whitney(a, b)
    return Change(speedup, p, p < ALPHA and abs(math.log(speedup)) > math.log1p(LEAST_CHANGE))


def _multiples(times: Sequence[float], reference: Sequence[float]) -> list[float]:
    return [mine / its for mine, its in zip(times, reference, strict=False)]


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the two-sided p-value of the Mann-Whitney U test.

    It is exact if no two values are equal; else it comes from the normal distribution, corrected
    for ties.
    """
    u = sum((x > y) + 0.5 * (x == y) for x in a for y in b)
    counts = [len(list(group)) for _, group in itertools.groupby(sorted([*a, *b]))]
    if max(counts) == 1:
        ways = _counts_of_u(len(a), len(b))
        least = int(min(u, len(a) * len(b) - u))
        return min(1.0, 2 * sum(ways[: least + 1]) / sum(ways))
    n = len(a) + len(b)
    ties = sum(count**3 - count for count in counts) / (n * (n - 1))
    variance = len(a) * len(b) / 12 * (n + 1 - ties)
    if variance == 0:  # all values are the same
        return 1.0
    distance = max(0.0, abs(u - len(a) * len(b) / 2) - 0.5)
    return math.erfc(distance / math.sqrt(2 * variance))


def _counts_of_u(m: int, n: int) -> list[int]:
    """Count the orders of m and n values in which U is 0, 1, …, m·n: a Gaussian binomial."""
    ways = [1] + [0] * (m * n)
    for k in range(1, m + 1):
        for at in range(m * n, n + k - 1, -1):  # times 1 - q^(n + k)
            ways[at] -= ways[at - n - k]
        for at in range(k, m * n + 1):  # divided by 1 - q^k
            ways[at] += ways[at - k]
    return ways
