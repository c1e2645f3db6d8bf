"""The checks of second/k01_mean."""

import torch

from dojo.checks import aspect, expect_shape, expect_tensor, expect_values, untouched


@aspect("type")
def test_returns_a_tensor(solution, device):
    """mean returns a tensor."""
    expect_tensor(solution.mean(torch.tensor([1.0, 2.0, 6.0], device=device)))


@aspect("shape")
def test_is_a_single_number(solution, device):
    """The result has no dimension."""
    expect_shape(solution.mean(torch.tensor([1.0, 2.0, 6.0], device=device)), ())


@aspect("values")
def test_is_the_mean(solution, device):
    """The result is the sum, divided by the number of elements."""
    x = torch.tensor([[1.0, 2.0, 6.0], [3.0, 5.0, 1.0]], device=device)
    expect_values(solution.mean(x), torch.tensor(3.0))


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x stays as it is."""
    x = torch.tensor([1.0, 2.0, 6.0], device=device)
    with untouched(x=x):
        solution.mean(x)
