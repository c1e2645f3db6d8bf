"""The checks of indexing/k08_pairwise_distance: distances by math.dist, and unit vectors."""

import math

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    aspect,
    cost_of,
    expect_device,
    expect_dtype,
    expect_made_without,
    expect_no_growth,
    expect_shape,
    expect_values,
    gradients,
    in_layout,
    random_like,
    untouched,
)

SHAPE = "A row for each point of a, a column for each point of b, also if there is only one."
DISTANCE = "[i, j] is the square root of the sum of (a[i] - b[j])², over the d coordinates."
PRECISION = "Stay in the dtype of a: float32 has about 7 decimal digits, float64 about 16."
DIGITS = "Only the last digits differ: stay in the dtype of a, and add nothing that shows in them."
CLOSE = "Take the differences first: |a|² + |b|² - 2 a·b cancels out what is close and far from 0."
SAME = "Here two points coincide, so their distance is 0, but for an error of 1e-5 at most."
TRACKED = "Compute with torch's own operations on a and b, without `detach`, `.data` or `no_grad`."
GRADIENT = "With the gradient g of a distance, that of a[i] is g * (a[i] - b[j]) / distance."
ZERO = "Two points coincide here: the square root of 0 has the gradient inf, and inf * 0 is NaN."
KEEP = "Distances go into a new tensor; a and b stay as they are."
OWN = "The kata is to make it from differences, sums and a square root."
LOOP = "Broadcasting compares all points at once, without a loop in Python."


DTYPES = [torch.float32, torch.float64]
# n, m, d
SIZES = [(2, 3, 2), (3, 3, 4), (4, 2, 1), (1, 3, 2), (3, 1, 2), (1, 1, 1), (2, 2, 2)]
LAYOUTS = ["transposed", "every second element", "at an offset"]
SMALL, LARGE = (2, 3, 2), (24, 32, 16)
SPARE = 10  # operations or lines that may come with the size: a branch, but no loop
FORBIDDEN = ".*(cdist|pdist|pairwise_distance|euclidean_dist).*"  # the last is cdist's own


def of_repeated_points(a, b):
    """Both sets repeated in memory, so that each pair stands in a row of its own."""
    left, right = a.repeat_interleave(len(b), 0), b.repeat(len(a), 1)
    return (left - right).square().sum(1).sqrt().reshape(len(a), len(b))


BENCHMARK = Benchmark(
    "pairwise_distance",
    means="a and b: shape (n, 8), float32",
    inputs=lambda n: (torch.randint(9, (n, 8)).float(), torch.randint(9, (n, 8)).float()),
    sizes=(8, 64, 1024),
    bytes_moved=lambda n: 4 * (2 * 8 * n + n**2),  # read a and b, write the distances
    operations=lambda n: 3 * 8 * n**2,
    naive=of_repeated_points,
)


def points(sizes, seed=0):
    """a and b with one decimal, from -5 to 5, all of them apart."""
    n, m, d = sizes
    draw = np.random.default_rng(seed)
    a, b = (np.round(draw.uniform(-5, 5, (count, d)), 1) for count in (n, m))
    return a, b + 0.25


def distances(a, b):
    return np.array([[math.dist(x, y) for y in b.tolist()] for x in a.tolist()])


def call(solution, a, b):
    """What the learner returns, of shape (n, m), for inputs that stay as they are."""
    with untouched(KEEP, a=a, b=b):
        got = solution.pairwise_distance(a, b)
    expect_shape(got, (len(a), len(b)), SHAPE)
    return got


def expect_distances(solution, device, a, b, dtype, hint, layout="contiguous", atol=0.0):
    """The distances of two arrays, rounded to the dtype, are those of Python's floats."""
    a, b = (torch.tensor(each, dtype=dtype) for each in (a, b))
    expected = torch.tensor(distances(a, b), dtype=dtype)
    got = call(solution, *(in_layout(each.to(device), layout) for each in (a, b)))
    rtol = 1e-5 if dtype == torch.float32 else 1e-9
    is_near = got.dtype == dtype and torch.allclose(got.cpu(), expected, rtol=1e-3, atol=0)
    expect_values(got, expected, f"{hint} {DIGITS}" if is_near else hint, rtol=rtol, atol=atol)


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (n, m), for one point and one coordinate too."""
    for sizes in SIZES:
        a, b = (torch.tensor(each).to(device) for each in points(sizes))
        call(solution, a, b)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The distances have the dtype of a and b."""
    for dtype in DTYPES:
        a, b = (torch.tensor(each, dtype=dtype).to(device) for each in points(SIZES[0]))
        expect_dtype(solution.pairwise_distance(a, b), dtype, PRECISION)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The distances lie where a and b lie."""
    a, b = (torch.tensor(each).to(device) for each in points(SIZES[0]))
    expect_device(solution.pairwise_distance(a, b), device)


@aspect("values")
def test_is_the_distance(solution, device):
    """[i, j] is the distance of a[i] and b[j]."""
    a, b = np.array([[0.0, 0], [1, 0]]), np.array([[3.0, 4], [1, 2]])
    expect_distances(solution, device, a, b, torch.float32, DISTANCE)
    for sizes in SIZES:
        for dtype in DTYPES:
            expect_distances(solution, device, *points(sizes, seed=1), dtype, DISTANCE)
    for layout in LAYOUTS:
        a, b = points((2, 3, 4), seed=2)
        expect_distances(solution, device, a, b, torch.float64, DISTANCE, layout)


@aspect("values")
def test_close_points_keep_their_distance(solution, device):
    """Points that are close together and far from 0 have their distance."""
    a = np.array([[1000.5, -2000.25, 3000.0], [1000.5, -2000.5, 3000.125]])
    b = np.array([[1000.0, -2000.25, 3000.5], [1000.25, -2000.0, 3000.0]])
    for dtype, factor in ((torch.float32, 1), (torch.float64, 2**20)):
        far = [each + a[0] * (factor - 1) for each in (a, b)]
        on_both_sides = [np.concatenate([each, -each]) for each in far]  # their mean is 0 again
        expect_distances(solution, device, *far, dtype, CLOSE)
        expect_distances(solution, device, *on_both_sides, dtype, CLOSE)
    a, b = np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 2.001], [3.001, 4.001]])
    expect_distances(solution, device, a, b, torch.float64, DISTANCE, atol=1e-7)


@aspect("values")
def test_the_same_point_has_no_distance(solution, device):
    """Where two points coincide their distance is 0."""
    for dtype in DTYPES:
        a, b = (np.array(each) * 1.1 for each in ([[1.0, 2]], [[1.0, 2], [1, 4]]))
        expect_distances(solution, device, a, b, dtype, SAME, atol=1e-5)
        a, b = points((4, 3, 3), seed=3)
        for size in (1.0, 30.0):
            expect_distances(solution, device, a * size, a[::-1] * size, dtype, SAME, atol=1e-5)


def expect_gradient(solution, device, a, b, tracked, hint, dtype=torch.float64):
    """The gradients are unit vectors along the differences, 0 where two points coincide."""
    inputs = {name: torch.tensor(x, dtype=dtype).to(device) for name, x in (("a", a), ("b", b))}
    leaves = {name: inputs[name].requires_grad_() for name in tracked}
    got = call(solution, **inputs)
    expect_dtype(got, dtype, PRECISION)
    cotangent = random_like(got.detach().cpu(), seed=4)
    found = gradients(got, leaves, cotangent.to(device), f"{TRACKED} {hint}".strip())
    units = unit_vectors(a, b) * cotangent.numpy()[..., None]
    rtol, atol = (1e-3, 1e-5) if dtype == torch.float32 else (1e-4, 1e-8)
    expected = {"a": units.sum(1), "b": -units.sum(0)}
    for name, gradient in found.items():
        what = f"the gradient of {name}"
        numbers = torch.tensor(expected[name], dtype=dtype)
        expect_values(gradient, numbers, hint or GRADIENT, what, rtol=rtol, atol=atol)


def unit_vectors(a, b):
    """(a[i] - b[j]) / distance, and 0 where that is 0."""
    length = distances(a, b)[..., None]
    return (a[:, None] - b) / np.where(length == 0, 1, length)


@aspect("gradient")
def test_gradients_reach_both(solution, device):
    """Gradients reach a and b, and each of them alone."""
    for sizes in SIZES[:3]:
        for dtype in DTYPES:
            expect_gradient(solution, device, *points(sizes, seed=5), "ab", "", dtype)
    for name in "ab":
        alone = f"Here {name} alone requires grad."
        expect_gradient(solution, device, *points((2, 3, 2), seed=6), name, alone)
    a, b = np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 2.001], [3.001, 4.001]])
    expect_gradient(solution, device, a, b, "ab", GRADIENT)


@aspect("gradient")
def test_the_same_point_has_no_gradient(solution, device):
    """Where two points coincide the gradient is 0, not NaN, and the others are right."""
    expect_gradient(solution, device, np.array([[1.1, 2.2]]), np.array([[1.1, 2.2]]), "ab", ZERO)
    a, b = points((4, 3, 3), seed=7)
    b[1], b[2], a[3] = a[2], a[0], a[1]
    for dtype in DTYPES:
        expect_gradient(solution, device, a, b, "ab", ZERO, dtype)
    x = torch.tensor(a).to(device).requires_grad_()
    got = call(solution, x, x)
    cotangent = random_like(got.detach().cpu(), seed=8)
    units = unit_vectors(a, a) * cotangent.numpy()[..., None]
    found = gradients(got, {"a": x}, cotangent.to(device), TRACKED)["a"]
    expected = torch.tensor(units.sum(1) - units.sum(0))
    hint = f"Here b is a itself. {ZERO}"
    expect_values(found, expected, hint, "the gradient of a", rtol=1e-5, atol=1e-8)


@aspect("structure")
def test_runs_none_of_the_forbidden_operations(solution):
    """It is made without torch's cdist, pdist and pairwise_distance."""
    for sizes in (SMALL, LARGE):
        for dtype in DTYPES:
            a, b = (torch.tensor(each, dtype=dtype) for each in points(sizes))
            a.requires_grad_()
            expect_made_without(FORBIDDEN, solution.pairwise_distance, a, b, hint=OWN)


@aspect("cost")
def test_does_not_loop(solution):
    """The number of operations does not grow with n, m or d."""
    costs = []
    for sizes in (SMALL, LARGE):
        cost = cost_of(solution.pairwise_distance, *map(torch.tensor, points(sizes)))
        steps = cost.lines + cost.numbers
        costs.append({"operations": cost.operations, "steps in Python": steps})
    small, large = (f"n, m, d = {', '.join(map(str, sizes))}" for sizes in (SMALL, LARGE))
    expect_no_growth(*costs, (small, large), SPARE, LOOP)
