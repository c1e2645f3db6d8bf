"""Compares timed rounds: a ratio with its spread, and whether a difference is more than chance."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 0.01  # the chance of calling equal times different, as far as rounds are independent
LEAST_CHANGE = 0.05  # a smaller difference comes and goes with the weather of a machine
_BLOCKS = 20  # rounds that follow each other resemble each other, so that thousands count as few


@dataclass(frozen=True)
class Ratio:
    """How many times as long as another: by medians, and from quartile to quartile."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Change:
    """What an edit did: how many times as fast it is now, and the chance of that by accident."""

    speedup: float
    p: float
    is_significant: bool


def quartiles(rounds: Sequence[float]) -> tuple[float, float, float]:
    """The first quartile, the median and the third quartile."""
    if len(rounds) == 1:
        return rounds[0], rounds[0], rounds[0]
    low, middle, high = statistics.quantiles(rounds, n=4, method="inclusive")
    return low, middle, high


def ratio(rounds: Sequence[float], reference: Sequence[float]) -> Ratio:
    """The time of some rounds as a multiple of the reference's."""
    low, middle, high = quartiles(rounds)
    least, usual, most = quartiles(reference)
    return Ratio(middle / usual, low / most, high / least)


def change(
    now: Sequence[float],
    then: Sequence[float],
    reference_now: Sequence[float],
    reference_then: Sequence[float],
) -> Change:
    """Whether an answer's time has changed since an earlier run.

    Both are counted in times of the reference, which was measured in the same minute as they: a
    machine that is busier now slows both. What the reference itself has drifted is not believed
    of an answer either.
    """
    unit_now, unit_then = statistics.median(reference_now), statistics.median(reference_then)
    a = [each / unit_now for each in _blocks(now)]
    b = [each / unit_then for each in _blocks(then)]
    speedup = statistics.median(b) / statistics.median(a)
    drift = abs(math.log(unit_now / unit_then))
    least = max(math.log1p(LEAST_CHANGE), drift)
    p = mann_whitney(a, b)
    return Change(speedup, p, p < ALPHA and abs(math.log(speedup)) > least)


def _blocks(rounds: Sequence[float]) -> list[float]:
    """The medians of rounds that follow each other, where there are many rounds."""
    if len(rounds) < 2 * _BLOCKS:
        return list(rounds)
    edges = [len(rounds) * index // _BLOCKS for index in range(_BLOCKS + 1)]
    return [statistics.median(rounds[a:b]) for a, b in itertools.pairwise(edges)]


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> float:
    """The two-sided p-value of the Mann-Whitney U test.

    Exact where no two values are equal; else by the normal distribution, corrected for ties.
    """
    u = sum((x > y) + 0.5 * (x == y) for x in a for y in b)
    counts = [len(list(group)) for _, group in itertools.groupby(sorted([*a, *b]))]
    if max(counts) == 1:
        ways = _ways(len(a), len(b))
        least = int(min(u, len(a) * len(b) - u))
        return min(1.0, 2 * sum(ways[: least + 1]) / sum(ways))
    n = len(a) + len(b)
    ties = sum(count**3 - count for count in counts) / (n * (n - 1))
    variance = len(a) * len(b) / 12 * (n + 1 - ties)
    if variance == 0:  # all values are the same
        return 1.0
    distance = max(0.0, abs(u - len(a) * len(b) / 2) - 0.5)
    return math.erfc(distance / math.sqrt(2 * variance))


def _ways(m: int, n: int) -> list[int]:
    """In how many of the orders of m and n values U is 0, 1, …, m·n: a Gaussian binomial."""
    ways = [1] + [0] * (m * n)
    for k in range(1, m + 1):
        for at in range(m * n, n + k - 1, -1):  # times 1 - q^(n + k)
            ways[at] -= ways[at - n - k]
        for at in range(k, m * n + 1):  # divided by 1 - q^k
            ways[at] += ways[at - k]
    return ways
