"""The checks of intro/k05_matmul: sums in Python's floats, and gradients in closed form."""

import pytest
import torch

from dojo.checks import (
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_gradients,
    expect_new_memory,
    expect_shape,
    expect_tensor,
    expect_values,
    layouts,
    random_like,
    untouched,
)

PRODUCT = "result[i, k] is the sum over j of x[i, j] * w[j, k]: rows of x times columns of w."
PRECISION = "Stay in the dtype of x: float32 has about 7 decimal digits, float64 about 16."
TRACKED = "Compute with torch's own operations on x and w, without `detach`, `.data` or `no_grad`."
KEEP = "The product goes into a new tensor."

X = [[1, 2, 3], [4, 5, 7]]
W = [[2, 3, 5], [11, 7, 13], [17, 23, 19]]
DTYPES = [torch.float32, torch.float64]
LAYOUTS = ["contiguous", "transposed", "every second element", "at an offset"]


def product(x, w):
    """The product of two nested lists, in Python's numbers."""
    return [[sum(a * b for a, b in zip(row, column)) for column in zip(*w)] for row in x]


def whole_numbers(device, dtype=torch.float32, layout="contiguous"):
    """x and w with whole numbers, whose product is exact."""
    x, w = (torch.tensor(rows, dtype=dtype).to(device) for rows in (X, W))
    return layouts(x)[layout], layouts(w)[layout]


def random_numbers(device, dtype, seed):
    """x and w with random numbers of both signs and the sizes from 0.001 to 1000."""
    generator = torch.Generator().manual_seed(seed)
    shapes = ((2, 3), (3, 3))
    x, w = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    w *= 10.0 ** torch.randint(-3, 4, (3, 3), generator=generator)
    return x.to(dtype).to(device), w.to(dtype).to(device)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """matmul returns a tensor."""
    expect_tensor(solution.matmul(*whole_numbers(device)))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The product has the shape (2, 3)."""
    expect_shape(solution.matmul(*whole_numbers(device)), (2, 3), PRODUCT)


@aspect("dtype")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_keeps_the_dtype(solution, device, dtype):
    """The product has the dtype of its factors."""
    expect_dtype(solution.matmul(*whole_numbers(device, dtype)), dtype, PRECISION)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The product lies where its factors lie."""
    expect_device(solution.matmul(*whole_numbers(device)), device)


@aspect("values")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_multiplies_rows_by_columns(solution, device, layout, dtype):
    """Whole numbers multiply exactly: rows of x times columns of w."""
    x, w = whole_numbers(device, dtype, layout)
    expected = torch.tensor(product(X, W), dtype=dtype)
    expect_values(solution.matmul(x, w), expected, PRODUCT, rtol=0, atol=0)


@aspect("values")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_is_precise(solution, device, dtype, seed):
    """Rounding errors stay within those of six operations in the dtype of x."""
    x, w = random_numbers(device, dtype, seed)
    exact = product(x.cpu().tolist(), w.cpu().tolist())
    size = product(x.abs().cpu().tolist(), w.abs().cpu().tolist())
    got = solution.matmul(x, w)
    expect_shape(got, (2, 3), PRODUCT)
    expect_dtype(got, dtype, PRECISION)
    results = got.tolist()
    for i in range(2):
        for k in range(3):
            error, bound = abs(results[i][k] - exact[i][k]), 8 * torch.finfo(dtype).eps * size[i][k]
            sentence = (
                f"returned {results[i][k]!r} at index ({i}, {k}); expected {exact[i][k]!r}, "
                f"with an error of at most {bound:.2g}."
            )
            expect(error <= bound, sentence, PRECISION if error < 0.1 * size[i][k] else PRODUCT)


@aspect("values")
def test_does_not_overflow_where_the_product_does_not(solution, device):
    """Large and small numbers multiply without a detour through a smaller dtype."""
    x = torch.tensor([[1e30, 0, 0], [0, 1e-30, 0]]).to(device)
    w = torch.tensor([[1e-30, 0, 1.0], [1e30, 1, 0], [0, 0, 1]]).to(device)
    expected = torch.tensor([[1, 0, 1e30], [1, 1e-30, 0]])
    expect_values(solution.matmul(x, w), expected, PRECISION, rtol=1e-6, atol=0)


@aspect("gradient")
@pytest.mark.parametrize("tracked", [("x", "w"), ("x",), ("w",)], ids="+".join)
def test_gradients_reach_the_factors(solution, device, tracked):
    """The gradient of x is g @ w.T, that of w is x.T @ g."""
    x, w = whole_numbers(device, torch.float64)
    inputs = {name: value for name, value in {"x": x, "w": w}.items() if name in tracked}
    weights = random_like(x, seed=5)
    transposed = [list(row) for row in zip(*W)], [list(row) for row in zip(*X)]
    expected = {
        "x": torch.tensor(product(weights.tolist(), transposed[0]), dtype=torch.float64),
        "w": torch.tensor(product(transposed[1], weights.tolist()), dtype=torch.float64),
    }
    for value in inputs.values():
        value.requires_grad_()
    got = solution.matmul(x, w)
    expect_shape(got, (2, 3), PRODUCT)
    expect_gradients(got, inputs, weights, {name: expected[name] for name in inputs}, TRACKED)


@aspect("gradient")
def test_is_not_tracked_for_untracked_factors(solution, device):
    """Nothing is recorded if neither factor requires grad."""
    got = solution.matmul(*whole_numbers(device))
    expect_tensor(got)
    expect(not got.requires_grad, "returned a tensor that requires grad for inputs that do not.")


@aspect("memory")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_makes_a_new_tensor(solution, device, layout):
    """x and w stay as they were, and the product has memory of its own."""
    x, w = whole_numbers(device, torch.float32, layout)
    with untouched(KEEP, x=x, w=w):
        got = solution.matmul(x, w)
    expect_new_memory(got, x, w, hint=KEEP)
