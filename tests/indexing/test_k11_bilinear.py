"""The checks of indexing/k11_bilinear: sums over named dimensions by NumPy, in float64."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import PureFunction
from dojo.checks.laws.numbers import is_rounded

# B, o, i, j: first such where nothing that is swapped raises
SIZES = [(2, 3, 2, 2), (3, 3, 3, 3), (1, 1, 1, 1), (1, 3, 2, 2), (3, 1, 2, 2)]
UNEQUAL = [(2, 4, 3, 5), (3, 2, 1, 4), (2, 3, 2, 1), (2, 3, 4, 3)]
PLAIN = [[1, 2]], [[[1, 10], [100, 1000]]], [[3, 4]]
SWAPPED = "In w[o, i, j], i belongs to x and j to y: here it is the other way round."


def by_broadcasting(x, w, y):
    """All the products in memory at once, then their sums."""
    return (x[:, None, :, None] * w * y[:, None, None, :]).sum((2, 3))


BENCHMARK = Benchmark(
    "bilinear",
    means="x and y: shape (n, 32), w: shape (32, 32, 32), float32",
    inputs=lambda n: tuple(torch.randint(4, s).float() for s in ((n, 32), (32,) * 3, (n, 32))),
    sizes=(16, 256, 4096),
    bytes_moved=lambda n: 4 * (3 * 32 * n + 32**3),  # read x, y and w, write the result
    operations=lambda n: 2 * 32**3 * n,
    naive=by_broadcasting,
    naive_up_to=256,
)


def whole_numbers(sizes, seed=0):
    """x, w and y of whole numbers from 1 to 9, whose sums are exact."""
    b, o, i, j = sizes
    draw = np.random.default_rng(seed)
    return tuple(draw.integers(1, 10, shape).astype(float) for shape in ((b, i), (o, i, j), (b, j)))


class TestBilinear(PureFunction):
    name = "bilinear"
    tensors = ("x", "w", "y")
    dtypes = (torch.float32, torch.float64)
    cases = [PLAIN, *(whole_numbers(sizes, seed) for seed, sizes in enumerate(SIZES))]
    gradient_cases = [*cases[:4], whole_numbers(UNEQUAL[0])]
    precise = [
        (dtype, tuple(one / 7 for one in whole_numbers(sizes)))
        for sizes in UNEQUAL
        for dtype in (torch.float32, torch.float64)
    ]
    ulps = 28  # of 12 products of three, each is rounded twice, and each sum once, in any order
    absolute = False
    gradient_ulps = 2000  # positive and negative numbers cancel out
    hints = {
        "shape": "One row for each sample, one column for each matrix w[o]; a batch of one sample,"
        " or one output, is a dimension of size 1: it stays.",
        "dtype": "Stay in the dtype of x: float32 has about 7 decimal digits, float64 about 16.",
        "raises": "result[b, o] is the sum over i and j of x[b, i] * w[o, i, j] * y[b, j].",
        "values": "result[b, o] is the sum over i and j of x[b, i] * w[o, i, j] * y[b, j].",
        "precise": "Stay in the dtype of x: float32 has about 7 decimal digits, float64 about 16.",
        "gradient": "Each of the three weighs the products of the other two, and gets them as its"
        " gradient.",
        "tracked": "Compute with torch's own operations on x, w and y, without `detach` or"
        " `no_grad`.",
        "memory": "The sums go into a new tensor; x, w and y stay as they are.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (B, o), for sizes of 1 too.",
        "test_has_the_dtype": "The result has the dtype of x, w and y.",
        "test_stays_on_the_device": "The result lies where x, w and y lie.",
        "test_values": "Whole numbers give exact sums: x with i, y with j, each sample by itself.",
        "test_no_digit_is_lost": "All sizes may differ, and the sums are as precise as the dtype.",
        "test_gradients": "Gradients reach x, w and y, and each of them alone.",
    }

    def truth(self, x, w, y):
        return np.einsum("bi,oij,bj->bo", x, w, y)

    def gradient(self, weights, x, w, y):
        return [
            np.einsum("bo,oij,bj->bi", weights, w, y),
            np.einsum("bo,bi,bj->oij", weights, x, y),
            np.einsum("bo,oij,bi->bj", weights, w, x),
        ]

    def why(self, law, arguments, got, expected):
        x, w, y = arguments
        if law == "precise":
            return self.hints["precise" if is_rounded(got, expected) else "values"]
        is_square = law == "values" and x.shape == y.shape
        return SWAPPED if is_square and np.array_equal(got, self.truth(y, w, x)) else ""
