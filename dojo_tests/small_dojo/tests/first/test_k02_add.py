"""The checks of first/k02_add."""

import pytest
import torch

from dojo.checks import (
    aspect,
    expect,
    expect_new_memory,
    expect_same_object,
    expect_tensor,
    expect_values,
    untouched,
)

IN_PLACE = "`x1 + x2` makes a new tensor. Which operation, ending in _, writes into x1 itself?"
SUM = torch.tensor([11.0, 22.0, 33.0])


def inputs(device):
    return (
        torch.tensor([1.0, 2.0, 3.0], device=device),
        torch.tensor([10.0, 20.0, 30.0], device=device),
    )


@aspect("type")
@pytest.mark.parametrize("name", ["add", "add_"])
def test_returns_a_tensor(solution, device, name):
    """Both functions return a tensor."""
    expect_tensor(getattr(solution, name)(*inputs(device)))


@aspect("values")
def test_add_holds_the_sum(solution, device):
    """add returns the sum."""
    expect_values(solution.add(*inputs(device)), SUM)


@aspect("values")
def test_add_in_place_holds_the_sum(solution, device):
    """add_ returns x1 itself, which holds the sum."""
    x1, x2 = inputs(device)
    expect_same_object(solution.add_(x1, x2), x1, IN_PLACE, "x1")
    expect_values(x1, SUM, IN_PLACE)


@aspect("memory")
def test_add_makes_a_new_tensor(solution, device):
    """add leaves x1 and x2 as they are, and its result lies in new memory."""
    x1, x2 = inputs(device)
    with untouched(x1=x1, x2=x2):
        got = solution.add(x1, x2)
    expect_new_memory(got, x1, x2)


@aspect("memory")
def test_add_in_place_is_seen_through_a_view(solution, device):
    """A view of x1 that was made before the call sees the sum."""
    x1, x2 = inputs(device)
    seen = x1[:1]
    solution.add_(x1, x2)
    expect(seen.tolist() == [11.0], "did not write into the memory of x1.", IN_PLACE)
