"""The checks of indexing/k08_pairwise_distance: differences by NumPy, and unit vectors."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect_values, gradients
from dojo.checks.laws import PureFunction
from dojo.checks.looping import expect_no_loop

POINTS = [[0.0, 0.0], [1.0, 0.0]], [[3.0, 4.0], [1.0, 2.0], [-5.0, 12.0]]
# n, m, d
SIZES = [(2, 3, 4), (4, 2, 1), (1, 3, 2), (3, 1, 2), (1, 1, 1), (2, 2, 2)]
SMALL, LARGE = (2, 3, 2), (24, 32, 16)
SPARE = 10  # operations or lines that may come with the size: a branch, but no loop
NEAR = 1e-5  # the error that is allowed where points are closer than 0.1
CLOSE = "Take the differences first: |a|² + |b|² - 2 a·b cancels out what is close and far from 0."
ZERO = "Two points coincide here: the square root of 0 has the gradient inf, and inf * 0 is NaN."
LOOP = "Broadcasting compares all points at once, without a loop in Python."


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
    """a and b from -6 to 6, at least 0.15 apart in each coordinate."""
    n, m, d = sizes
    draw = np.random.default_rng(seed)
    a, b = (draw.integers(-20, 20, (count, d)) * 0.3 for count in (n, m))
    return a, b + 0.15


def far_points(factor):
    """Points that are close together and far from 0; and such on both sides of it."""
    far = 1000 * factor, -2000 * factor, 3000 * factor
    a = np.array([[0.5, -0.25, 0.0], [0.5, -0.5, 0.125]]) + far
    b = np.array([[0.0, -0.25, 0.5], [0.25, 0.0, 0.0]]) + far
    return [(a, b), (np.concatenate([a, -a]), np.concatenate([b, -b]))]


def meeting_points():
    """Three points of a and three of b that coincide, not in the same places."""
    a, b = points((4, 3, 3), seed=7)
    b[1], b[2], a[3] = a[2], a[0], b[0]
    return a, b


MET = meeting_points()
LINE = [[1.1, 2.2]], [[1.1, 2.2], [1.1, 4.4]]
NEAR_ONES = [[1.0, 2.0]], [[1.0, 2.109375], [1.125, 2.0]]  # about 0.1 apart


class TestPairwiseDistance(PureFunction):
    name = "pairwise_distance"
    tensors = ("a", "b")
    dtypes = (torch.float32, torch.float64)
    cases = [POINTS, *(points(sizes, seed) for seed, sizes in enumerate(SIZES))]
    wild = [LINE, MET, (MET[0] * 30, MET[1] * 30), ([[1.0, 2.0]], [[1.0, 2.001], [3.001, 4.0]])]
    wild_gradients = [LINE, MET]
    precise = [
        (dtype, case)
        for dtype, factor in ((torch.float32, 1), (torch.float64, 2**20))
        for case in far_points(factor)
    ]
    precise += [(dtype, NEAR_ONES) for dtype in dtypes]
    ulps = {torch.float32: 84, torch.float64: 4.5e6}  # 1e-5 and 1e-9
    absolute = False
    gradient_ulps = 84
    least_error = 1e-11  # as large as that of a 1e-12 that is added to the squares
    forbidden = ".*(cdist|pdist|pairwise_distance|euclidean_dist).*"  # the last is cdist's own
    hints = {
        "shape": "A row for each point of a, a column for each point of b, also if there is only"
        " one.",
        "dtype": "Stay in the dtype of a: float32 has about 7 decimal digits, float64 about 16.",
        "values": "[i, j] is the square root of the sum of (a[i] - b[j])², over the d coordinates.",
        "precise": "Only the last digits differ: stay in the dtype of a, and add nothing that"
        " shows in them.",
        "wild": "Where two points coincide, their distance is 0, but for an error of 1e-5 at most.",
        "gradient": "With the gradient g of a distance, that of a[i] is g * (a[i] - b[j]) /"
        " distance.",
        "tracked": "Compute with torch's own operations on a and b, without `detach`, `.data` or"
        " `no_grad`.",
        "memory": "Distances go into a new tensor; a and b stay as they are.",
        "forbidden": "The kata is to make it from differences, sums and a square root.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (n, m), for one point and one coordinate too.",
        "test_values": "[i, j] is the distance of a[i] and b[j].",
        "test_wild_values": "Points that coincide have the distance 0, and close ones keep theirs.",
        "test_no_digit_is_lost": "Points that are close together and far from 0 have their"
        " distance.",
        "test_gradients": "Gradients reach a and b, and each of them alone.",
        "test_wild_gradients": "Where two points coincide the gradient is 0, not NaN, and the"
        " others are right.",
        "test_is_made_without": "It is made without torch's cdist, pdist and pairwise_distance.",
    }

    def truth(self, a, b):
        return np.sqrt(((a[:, None] - b) ** 2).sum(-1))

    def gradient(self, weights, a, b):
        length = self.truth(a, b)[..., None]
        units = (a[:, None] - b) / np.where(length == 0, 1, length) * weights[..., None]
        return [units.sum(1), -units.sum(0)]

    def why(self, law, arguments, got, expected):
        if law == "precise" or (law == "wild" and (got[expected == 0] < NEAR).all()):
            return CLOSE
        return ZERO if "gradient" in law and got.isnan().any() else ""

    def compare(self, record, expected, hint, rtol, atol):
        super().compare(record, expected, hint, rtol, NEAR if "wild" in record.row.law else atol)

    @aspect("gradient")
    def test_a_set_beside_itself(self, solution, device):
        """b may be a itself: a point has the distance 0 to itself, and adds no gradient."""
        a = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.001], [3.0, 4.0]])
        x = torch.tensor(a).to(device).requires_grad_()
        weights = torch.arange(16.0, dtype=x.dtype).reshape(4, 4)
        found = gradients(
            self.call(solution, [x, x]), {"a": x}, weights.to(device), self.hints["tracked"]
        )
        expected = torch.tensor(sum(self.gradient(weights.numpy(), a, a)))
        hint = f"Here b is a itself. {ZERO}"
        expect_values(found["a"], expected, hint, "the gradient of a", rtol=1e-4, atol=1e-8)

    @aspect("cost")
    def test_does_not_loop(self, solution):
        """The number of operations does not grow with n, m or d."""
        inputs = {
            f"n, m, d = {', '.join(map(str, sizes))}": [torch.tensor(one) for one in points(sizes)]
            for sizes in (SMALL, LARGE)
        }
        expect_no_loop(solution.pairwise_distance, inputs, SPARE, LOOP)
