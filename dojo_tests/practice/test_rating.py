"""A practice is rated by whether it became green, what was wrong, what was told, and the time."""

import pytest

from dojo.practice.rating import AGAIN, EASY, GOOD, HARD, Outcome, rating_of

MINUTE = 60.0
# rating; green, wrong versions, hints, whether the last one, minutes; minutes of earlier practices
PRACTICES = {
    "given up": (AGAIN, (False, 0, 0, False, 1), ()),
    "given up at once after quick ones": (AGAIN, (False, 0, 0, False, 0.1), (1, 1)),
    "all hints opened": (AGAIN, (True, 0, 3, True, 1), ()),
    "one hint": (HARD, (True, 0, 1, False, 1), ()),
    "three wrong versions": (HARD, (True, 3, 0, False, 1), ()),
    "two wrong versions": (GOOD, (True, 2, 0, False, 1), ()),
    "one wrong version": (GOOD, (True, 1, 0, False, 1), ()),
    "first try, quick": (EASY, (True, 0, 0, False, 4), ()),
    "first try, not quick": (GOOD, (True, 0, 0, False, 6), ()),
    "first try, very slow": (HARD, (True, 0, 0, False, 16), ()),
    "first try, as slow as ever": (GOOD, (True, 0, 0, False, 16), (15, 20, 10)),
    "first try, twice as slow as ever": (HARD, (True, 0, 0, False, 31), (15, 20, 10)),
    "first try, slower than ever but quick": (GOOD, (True, 0, 0, False, 4), (1, 2, 1)),
    "first try, in the usual time": (EASY, (True, 0, 0, False, 2), (1, 2, 3)),
}


@pytest.mark.parametrize("case", PRACTICES)
def test_a_practice_is_rated(case):
    rating, (is_green, reds, hints, is_told, minutes), earlier = PRACTICES[case]
    outcome = Outcome(is_green, reds, hints, is_told, minutes * MINUTE)
    assert rating_of(outcome, [each * MINUTE for each in earlier]) == rating
