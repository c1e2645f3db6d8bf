"""Where two tensors differ, and the words for it."""

import pytest
import torch

from dojo.checks.differences import difference, difference_in_words, differing

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    "a, b, places",
    [
        ([1.0, 2.0], [1.0, 2.0], []),
        ([1.0, 2.0], [1.0, 3.0], [[1]]),
        ([[1.0, 2.0], [3.0, 4.0]], [[0.0, 2.0], [3.0, 0.0]], [[0, 0], [1, 1]]),
        ([NAN, 1.0], [NAN, 1.0], []),
        ([NAN, 1.0], [1.0, NAN], [[0], [1]]),
        ([INF, 1.0], [INF, 1.0 + 2**-23], []),
        ([INF, 1.0], [-INF, 1.0], [[0]]),
        ([5.0, INF], [INF, 5.0], [[0], [1]]),
        ([1, 2, 3], [1, 0, 3], [[1]]),
        ([True, False], [True, True], [[1]]),
        ([], [], []),
        (1.0, 1.0, []),
        (1.0, 2.0, [[]]),
        ([1 + 1j], [1 + 2j], [[0]]),
    ],
    ids=str,
)
def test_differing_gives_the_places_that_are_not_close(a, b, places):
    assert differing(torch.tensor(a), torch.tensor(b)) == places


def test_differing_takes_the_tolerance_of_the_dtype():
    for dtype, is_close in ((torch.bfloat16, True), (torch.float16, False), (torch.float64, False)):
        a, b = torch.tensor([1.0], dtype=dtype), torch.tensor([1.0078125], dtype=dtype)
        assert (differing(a, b) == []) is is_close, dtype


def test_differing_takes_tolerances_that_are_given():
    a, b = torch.tensor([100.0]), torch.tensor([101.0])
    assert differing(a, b, rtol=0.02) == []
    assert differing(a, b, rtol=0.001) == [[0]]
    assert differing(a, b, atol=2.0) == []
    assert differing(a, b, atol=0.5) == [[0]]


def test_differing_with_zero_tolerance_is_exact_but_for_nan():
    a = torch.tensor([NAN, 1.0, 1.0])
    b = torch.tensor([NAN, 1.0, 1.0 + 2**-23])
    assert differing(a, b) == []
    assert differing(a, b, rtol=0, atol=0) == [[2]]


def test_difference_gives_both_numbers_their_place_and_how_many_differ():
    a, b = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 2.5]])
    assert difference(a, b, (0, 1), 1, "") == (
        "returned 2. at index (0, 1); expected 2.5 (1 of 2 elements differ)."
    )


def test_difference_of_a_single_number_names_no_index():
    text = difference(torch.tensor(1.5), torch.tensor(2.0), (), 1, "the sum")
    assert text == "returned as the sum 1.5 in its only element; expected 2."


def test_difference_behind_the_sixth_digit_shows_all_digits():
    a, b = (torch.tensor([x], dtype=torch.float64) for x in (1.00000001, 1.00000002))
    assert difference(a, b, (0,), 1, "") == (
        "returned 1.00000001 at index (0,); expected 1.00000002."
    )


def test_difference_in_words_counts_only_where_there_are_several():
    assert difference_in_words("a", "b", (1,), 1, 1) == "returned a at index (1,); expected b."
    assert difference_in_words("a", "b", (1,), 1, 3, "y") == (
        "returned as y a at index (1,); expected b (1 of 3 elements differ)."
    )


def test_difference_in_words_writes_one_full_stop_after_a_whole_number():
    assert difference_in_words("1.", "2.", (), 1, 1) == (
        "returned 1. in its only element; expected 2."
    )
