"""The checks of indexing/k07_logsumexp: sums in Python's floats, and shares as gradients."""

import math

import numpy as np
import torch

from dojo.checks import (
    aspect,
    expect_device,
    expect_dtype,
    expect_made_without,
    expect_shape,
    expect_values,
    gradients,
    in_layout,
    random_like,
    untouched,
)

SHAPE = "dim goes, as in a sum; the other dimensions stay, those of size 1 too."
SUM = "The result is log of the sum of exp(x) along dim."
SIZE = "exp(x) overflows, or all of it comes to 0: subtract from each row its own largest entry."
DIGITS = "Only the last digits differ: stay in x's dtype or a wider one, and add nothing to sums."
LIMITS = "The smallest and largest finite number are numbers like others; -inf alone is -inf."
INFINITE = "exp(-inf) is 0 and adds nothing. And what is -inf minus -inf, in a row of nothing else?"
TRACKED = "Compute with torch's own operations on x, without `detach` or `no_grad` around x itself."
GRADIENT = "With the gradient g of a row, that of an entry is g * exp(x) / sum of exp(x)."
NAN = "Of -inf alone the sum is 0, log(0) has the gradient inf, and 0 * inf is NaN."
KEEP = "Results go into new tensors; x stays as it is."
OWN = "The kata is to make it from exp, sums, log and the like."

FORBIDDEN = "logsumexp|logcumsumexp|logaddexp|.*softmax.*"
# relative and absolute tolerance
TOLERANCES = {
    torch.float32: (1e-5, 1e-5),
    torch.float64: (1e-10, 1e-10),
    torch.float16: (1e-2, 2e-2),
    torch.bfloat16: (3e-2, 1e-1),
}
DTYPES = list(TOLERANCES)
# of gradients; those of 16 bits are to arrive, to their first digit, and not to be NaN
OF_GRADIENTS = {
    torch.float32: (1e-3, 1e-4),
    torch.float64: (1e-9, 1e-12),
    torch.float16: (0, 0.05),
    torch.bfloat16: (0, 0.2),
}
# shape of x, dim
CASES = [
    ((3,), 0),
    ((2, 3), 1),
    ((3, 2), 0),
    ((3, 3), -2),
    ((2, 3, 4), 1),
    ((2, 3, 2), -3),
    ((1, 3), 1),
    ((3, 1), 1),
    ((), 0),
    ((), -1),
]
LAYOUTS = ["transposed", "every second element", "at an offset"]
# dtype, the factor of the large numbers below
SIZES = [
    (torch.float32, 1e3),
    (torch.float64, 1e3),
    (torch.float16, 2e4),
    (torch.bfloat16, 1e38),
    (torch.float32, 1e38),
    (torch.float64, 5e307),
]
LARGE = [[3, 3, 2], [-2, -3, -2], [3, -3, 0], [0, -1, -3]]
LOW = -math.inf
WITH_INFINITE = [[LOW, 3, LOW], [LOW, LOW, LOW], [1, 0.5, LOW], [LOW, 800, 800]]
ALL_INFINITE = [LOW, LOW]


def numbers(shape, seed=0):
    """x as float64 from -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def shares(x, dim):
    """exp(x) over the sum of exp(x), in float64, and 0 in a row of -inf alone."""
    top = x.max(dim, keepdims=True)
    with np.errstate(over="ignore"):
        weights = np.exp(x - np.where(np.isfinite(top), top, 0))
    total = weights.sum(dim, keepdims=True)
    return weights / np.where(total == 0, 1, total)


def of_row(row):
    """log of the sum of exp of some numbers, by Python's own."""
    row = row.tolist()
    top = max(row)
    if top == LOW:
        return LOW
    return top + math.log(math.fsum(math.exp(value - top) for value in row))


def call(solution, x, dim, hint=SHAPE):
    """What the learner returns, in the shape of x without dim; x stays as it is."""
    with untouched(KEEP, x=x):
        got = solution.logsumexp(x, dim)
    shape = list(x.shape)
    if shape:
        del shape[dim]
    expect_shape(got, shape, hint)
    return got


def expect_sums(solution, device, x, dim, dtype, hint, layout="contiguous"):
    """The results for an array x, rounded to the dtype, are those in float64."""
    given = torch.tensor(x, dtype=dtype)
    exact = np.apply_along_axis(of_row, dim, np.array(given.tolist())) if x.ndim else x
    got = call(solution, in_layout(given.to(device), layout), dim)
    rtol, atol = TOLERANCES[dtype]
    with np.errstate(invalid="ignore"):
        is_near = got.dtype == dtype and np.allclose(got.tolist(), exact, rtol=1e-2, atol=1e-2)
    why = f"{hint} {DIGITS}" if is_near else hint
    expect_values(got, torch.tensor(exact, dtype=dtype), why, rtol=rtol, atol=atol)


@aspect("shape")
def test_dim_goes(solution, device):
    """The shape is that of x without dim."""
    for shape, dim in CASES:
        call(solution, torch.tensor(numbers(shape), dtype=torch.float32).to(device), dim)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has x's dtype."""
    for dtype in DTYPES:
        given = torch.tensor(numbers((2, 3)), dtype=dtype).to(device)
        expect_dtype(solution.logsumexp(given, 1), dtype)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.logsumexp(torch.tensor(numbers((2, 3))).to(device), 1), device)


@aspect("values")
def test_is_the_log_of_the_sum_of_exp(solution, device):
    """The result is log of the sum of exp(x) along dim."""
    for seed, (shape, dim) in enumerate(CASES):
        expect_sums(solution, device, numbers(shape, seed), dim, DTYPES[seed % 2], SUM)
    for dtype in DTYPES[2:]:
        expect_sums(solution, device, numbers((2, 5), seed=20), 1, dtype, SUM)
    for layout in LAYOUTS:
        expect_sums(solution, device, numbers((2, 3), seed=21), 0, torch.float64, SUM, layout)


@aspect("values")
def test_any_size_is_right(solution, device):
    """Numbers as large or small as the dtype allows give no inf, -inf or NaN."""
    for row in ([1000.0, 1000.0], [-1000.0, -1001.0]):
        expect_sums(solution, device, np.array(row), 0, torch.float32, SIZE)
    for dtype, factor in SIZES:
        hint = f"{SIZE} Here x is {LARGE} * {factor:g}."
        expect_sums(solution, device, np.array(LARGE) * factor, 1, dtype, hint)
    for dtype in DTYPES:
        low, high = torch.finfo(dtype).min, torch.finfo(dtype).max
        for row in ([low, low], [low, LOW], [high, low]):
            expect_sums(solution, device, np.array(row), 0, dtype, LIMITS)


@aspect("values")
def test_minus_infinity_counts_for_nothing(solution, device):
    """-inf adds nothing to the sum, and -inf alone gives -inf."""
    expect_sums(solution, device, np.array([LOW, 3.0]), 0, torch.float32, INFINITE)
    expect_sums(solution, device, np.array(ALL_INFINITE), 0, torch.float32, INFINITE)
    x = np.array(WITH_INFINITE)
    for dtype in DTYPES:
        expect_sums(solution, device, x, 1, dtype, INFINITE)
    expect_sums(solution, device, x.T.copy(), 0, torch.float64, INFINITE)
    expect_sums(solution, device, np.array(LOW), 0, torch.float64, INFINITE)


def expect_gradient(solution, device, x, dim, hint, seed=0, dtype=torch.float64):
    """The gradient of x is g * exp(x) / sum of exp(x)."""
    leaf = torch.tensor(x, dtype=dtype).to(device).requires_grad_()
    got = call(solution, leaf, dim)
    expect_dtype(got, dtype)
    cotangent = random_like(got.detach().cpu(), seed)
    found = gradients(got, {"x": leaf}, cotangent.to(device), TRACKED)["x"]
    g = np.array(cotangent.tolist())
    exact = (np.expand_dims(g, dim) if x.ndim else g) * shares(np.array(leaf.tolist()), dim)
    rtol, atol = OF_GRADIENTS[dtype]
    expected = torch.tensor(exact, dtype=dtype)
    expect_values(found, expected, hint, "the gradient of x", rtol=rtol, atol=atol)


@aspect("gradient")
def test_gradients_reach_x(solution, device):
    """The gradient of an entry is its share in the sum."""
    for seed, (shape, dim) in enumerate(CASES[1:-1:2]):
        expect_gradient(solution, device, numbers(shape, seed), dim, GRADIENT, seed)
    for dtype in DTYPES:
        expect_gradient(solution, device, numbers((2, 3), 30), 1, GRADIENT, 30, dtype)
    # With 5e307, x + log(2) is x: of two that are equally large, no share can be read off again.
    for rows, factor in ((LARGE, 1e3), (LARGE[2:], 5e307)):
        expect_gradient(solution, device, np.array(rows) * factor, 1, f"{GRADIENT} {SIZE}")


@aspect("gradient")
def test_no_gradient_is_nan(solution, device):
    """-inf has the gradient 0, in a row of -inf alone too."""
    for x in (np.array([LOW, 3.0]), np.array([[LOW, 3, 3], [1, 2, LOW]])):
        expect_gradient(solution, device, x, -1, GRADIENT)
    expect_gradient(solution, device, np.array(ALL_INFINITE), 0, NAN)
    for dtype in DTYPES:  # of 800, 16 bits have no digit behind the point to read a share off
        rows = WITH_INFINITE[:3] if dtype.itemsize == 2 else WITH_INFINITE
        expect_gradient(solution, device, np.array(rows), 1, NAN, dtype=dtype)
    expect_gradient(solution, device, np.array(LOW), 0, NAN)


@aspect("structure")
def test_runs_none_of_the_forbidden_operations(solution):
    """It is made without torch's logsumexp, logaddexp and softmax, forward and backward."""
    for dtype in DTYPES:
        for rows in ([[1.0, 2.0, 3.0]], WITH_INFINITE):
            x = torch.tensor(rows, dtype=dtype).requires_grad_()
            expect_made_without(FORBIDDEN, solution.logsumexp, x, 1, hint=OWN)
