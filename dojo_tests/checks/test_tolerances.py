"""Values count as equal exactly where torch.testing.assert_close says so."""

import pytest
import torch

from dojo.checks.differences import TOLERANCES
from dojo.checks.expect import CheckFailed, expect_values


def is_close_to_torch(a, b):
    try:
        torch.testing.assert_close(a, b, equal_nan=True)
    except AssertionError:
        return False
    return True


def is_close_to_a_check(a, b):
    try:
        expect_values(a, b)
    except CheckFailed:
        return False
    return True


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1, 2.0])
@pytest.mark.parametrize("size", [0.0, 1.0, 100.0])
@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
def test_the_tolerances_are_those_of_torch(dtype, size, factor):
    rtol, atol = TOLERANCES[dtype]
    b = torch.tensor([size, 3.0], dtype=dtype)
    # one element is off by this part of what is allowed, as far as the dtype can say it
    a = torch.tensor([size + factor * (atol + rtol * size), 3.0], dtype=dtype)
    assert is_close_to_a_check(a, b) is is_close_to_torch(a, b)


@pytest.mark.parametrize(
    "a, b",
    [
        ([float("nan"), 1.0], [float("nan"), 1.0]),
        ([float("nan"), 1.0], [1.0, 1.0]),
        ([float("inf"), 1.0], [float("inf"), 1.0]),
        ([float("inf"), 1.0], [float("-inf"), 1.0]),
        ([float("inf"), 1.0], [3e38, 1.0]),
        ([-0.0], [0.0]),
        ([1, 2], [1, 2]),
        ([1, 2], [1, 3]),
        ([True], [False]),
    ],
    ids=str,
)
def test_special_values_count_as_in_torch(a, b):
    a, b = torch.tensor(a), torch.tensor(b)
    assert is_close_to_a_check(a, b) is is_close_to_torch(a, b)
