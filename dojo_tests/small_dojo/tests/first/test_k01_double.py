"""The checks of first/k01_double."""

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect_device,
    expect_dtype,
    expect_gradients,
    expect_new_memory,
    expect_shape,
    expect_tensor,
    expect_values,
    random_like,
    untouched,
)

TWICE = "Each number of x is multiplied by 2."
X = [[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]]


BENCHMARK = Benchmark(
    "double",
    means="x: shape (n,)",
    inputs=lambda n: (torch.ones(n),),
    sizes=(4, 64),
    bytes_moved=lambda n: 8 * n,
    operations=lambda n: n,
    naive=lambda x: torch.stack([one * 2 for one in x]),
)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """double returns a tensor."""
    expect_tensor(solution.double(torch.tensor(X, device=device)))


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """The result has the shape of x."""
    expect_shape(solution.double(torch.tensor(X, device=device)), (2, 3))


@aspect("dtype")
def test_keeps_the_dtype(solution):
    """The result has the dtype of x."""
    expect_dtype(solution.double(torch.tensor(X, dtype=torch.float64)), torch.float64)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies on the device of x."""
    expect_device(solution.double(torch.tensor(X, device=device)), device)


@aspect("values")
def test_doubles_each_number(solution, device):
    """Each number is doubled."""
    x = torch.tensor(X, device=device)
    expect_values(solution.double(x), torch.tensor([[2.0, 4, 6], [8, 10, 14]]), TWICE)


@aspect("gradient")
def test_gives_a_gradient(solution):
    """The gradient of x is twice that of the result."""
    x = torch.tensor(X, requires_grad=True)
    weights = random_like(x)
    expect_gradients(solution.double(x), {"x": x}, weights, {"x": weights * 2})


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x stays as it is, and the result lies in new memory."""
    x = torch.tensor(X, device=device)
    with untouched(x=x):
        got = solution.double(x)
    expect_new_memory(got, x)
