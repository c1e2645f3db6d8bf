"""The checks of second/k02_first_row."""

import torch

from dojo.checks import aspect, expect_shape, expect_values, expect_view

X = [[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]]


@aspect("shape")
def test_has_the_shape_of_a_row(solution, device):
    """The result has a number for each column."""
    expect_shape(solution.first_row(torch.tensor(X, device=device)), (3,))


@aspect("values")
def test_holds_the_first_row(solution, device):
    """The result holds the numbers of the first row."""
    expect_values(solution.first_row(torch.tensor(X, device=device)), torch.tensor(X[0]))


@aspect("memory")
def test_is_a_view(solution, device):
    """The result lies in the memory of x."""
    x = torch.tensor(X, device=device)
    expect_view(solution.first_row(x), x)
