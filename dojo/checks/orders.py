"""Whether the order of samples in batches is drawn at random, apart from other orders.

An order counts as random if it keeps fewer than 15 neighbours or places of another one. Of all
orders of n samples, at most one in 15! keeps 15 places, or 15 neighbours in a row: that many
sets of 15, (n choose 15), times the share (n - 15)! / n! that keeps such a set. And one in 1e12
leaves 28 or more of the first 30 samples of 61 among its first 30 (hypergeometric). With the 18
and 6 comparisons of three epochs, a right answer is called wrong less than once in 5e10.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from dojo.checks.expect import expect

SAMPLES = 61  # for which the chances hold
_FEWEST_KEPT = 15  # places or neighbours that a random order keeps less than once in 15!
_HALF, _FEWEST_IN_HALF = 30, 28  # a random order leaves about 15 of the first half there

Batches = Sequence[Sequence[int]]


def expect_other_order(
    batches: Batches, other: Batches, here: str, there: str, anew: str, of_all: str
) -> None:
    """Fail unless 61 samples are in a random order, seen from another order of theirs.

    Args:
        batches, other: the samples of each batch in both orders, as numbers from 0 on.
        here, there: both orders, in words.
        anew: where to look if the order is not drawn anew.
        of_all: where to look if samples are not shuffled among all others.
    """
    __tracebackhide__ = True
    order, before = ([one for batch in some for one in batch] for some in (batches, other))
    first = f"{', '.join(map(str, order[:5]))}, …"
    expect(order != before, f"gave {here} in the order of {there} ({first}).", anew)
    # a random order does that less than once in 1e40
    is_whole = {*map(frozenset, batches)} == {*map(frozenset, other)}
    expect(not is_whole, f"kept the samples of each batch of {there} together in {here}.", of_all)
    kept = most_kept(order, before)
    sentence = f"kept {kept} of {len(order)} places or neighbours in {here} as in {there} ({first})"
    expect(kept < _FEWEST_KEPT, f"{sentence}; a random order keeps about one.", anew)
    kept = len({*order[:_HALF]} & {*before[:_HALF]})
    sentence = f"left {kept} of the first {_HALF} samples of {there} among the first {_HALF} of"
    sentence = f"{sentence} {here}; a random order leaves about 15."
    expect(kept < _FEWEST_IN_HALF, sentence, of_all)


def most_kept(order: Sequence[int], before: Sequence[int]) -> int:
    """Return how many places, or neighbours in one direction, an order keeps of another one."""
    place = {sample: k for k, sample in enumerate(before)}
    moves = [place[sample] - k for k, sample in enumerate(order)]
    steps = [place[b] - place[a] for a, b in itertools.pairwise(order)]
    return max(moves.count(0), steps.count(1), steps.count(-1))
