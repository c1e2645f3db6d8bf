"""The checks of intro/k05_matmul: sums of products in NumPy, and gradients in closed form."""

import numpy as np
import torch

from dojo.checks import Benchmark, expect_values
from dojo.checks.laws import PureFunction

INF, NAN = float("inf"), float("nan")
X = [[1, 2, 3], [4, 5, 7]]
W = [[2, 9, 5], [1, 7, 4], [6, 3, 8]]
PRODUCT = "result[i, k] is the sum over j of x[i, j] * w[j, k]: rows of x times columns of w."
PRECISION = "Stay in the dtype of x: float32 has about 7 decimal digits, float64 about 16."
ROWS_BY_ROWS = "These are rows of x times rows of w, as in x @ w.T."
ELEMENTS = "These are products element by element, which is what `*` makes."
MEAN = "That is the mean over j; the sum is three times as much."


def with_loops(x, w):
    """The product one number at a time, each of them a tensor of its own."""
    result = torch.zeros(x.shape[0], w.shape[1])
    for i in range(x.shape[0]):
        for k in range(w.shape[1]):
            for j in range(w.shape[0]):
                result[i, k] += x[i, j] * w[j, k]
    return result


BENCHMARK = Benchmark(
    "matmul",
    means="x and w: shape (n, n), float32",
    inputs=lambda n: (torch.randint(4, (n, n)).float(), torch.randint(4, (n, n)).float()),
    sizes=(4, 16, 128, 1024),
    bytes_moved=lambda n: 3 * 4 * n**2,  # read x and w, write the product
    operations=lambda n: 2 * n**3,
    naive=with_loops,
    naive_up_to=16,
)


def with_digits(seed):
    """x and w with random numbers of both signs and the sizes from 0.001 to 1000."""
    random = np.random.default_rng(seed)
    sizes = 10.0 ** random.integers(-3, 4, (3, 3))
    return random.normal(size=(2, 3)), random.normal(size=(3, 3)) * sizes


class TestMatmul(PureFunction):
    name = "matmul"
    tensors = ("x", "w")
    dtypes = (torch.float32, torch.float64)
    cases = [(X, W), with_digits(1), with_digits(2), with_digits(3)]
    gradient_cases = [(X, W)]
    wild = [
        ([[INF, 1, 2], [3, NAN, 4]], W),
        ([[1, 2, 3], [4, -INF, 5]], [[2, 9, 5], [1, 0, 4], [6, 3, 8]]),
    ]
    wild += [([[0, 1, 2], [3, 4, 0]], [[INF, 9, 5], [1, 7, 4], [6, 3, NAN]])]  # 0 * inf is NaN
    wild += [([[1e30, 0, 0], [0, 1e-30, 0]], [[1e-30, 0, 1], [1e30, 1, 0], [0, 0, 1]])]
    hints = {
        "values": PRODUCT,
        "shape": PRODUCT,
        "dtype": PRECISION,
        "precise": PRECISION,
        "wild": "Large, small, infinite numbers and NaN are multiplied and summed like others.",
        "device": "The product lies where x and w lie.",
        "tracked": "Compute with torch's own operations on x and w, without `detach`, `.data` or"
        " `no_grad`.",
        "gradient": "With the gradient g of the product, that of x is g @ w.T, and that of w is"
        " x.T @ g.",
        "memory": "The product goes into a new tensor; x and w stay as they are.",
        "setting": "It acts on the whole program: on the precision of every product, or on all"
        " random numbers that follow.",
    }
    sentences = {
        "test_has_the_shape": "The product has the shape (2, 3).",
        "test_values": "Rows of x are multiplied by columns of w, in every layout.",
        "test_wild_values": "An inf or a NaN in x reaches its row, and nothing overflows before.",
        "test_gradients": "The gradient of x is g @ w.T, that of w is x.T @ g.",
        "test_leaves_torch_as_it_is": "torch's settings, such as the precision of products, stay.",
    }

    def truth(self, x, w):
        return (x[:, :, None] * w).sum(1)

    def gradient(self, weights, x, w):
        return [self.truth(weights, w.T), self.truth(x.T, weights)]

    def compare(self, record, expected, hint, rtol, atol):
        """Rounding errors stay within those of six operations, as large as what is summed."""
        size = torch.tensor(self.truth(*map(np.abs, record.row.arrays)))
        error = (record.kept.double() - expected.double()).abs()
        is_near = expected.isfinite() & (error <= rtol * size)
        kept = torch.where(is_near, expected, record.kept)
        expect_values(kept, expected, hint, rtol=0, atol=0)

    def others(self, x, w):
        known = {ROWS_BY_ROWS: self.truth(x, w.T), ELEMENTS: x * w[:2], MEAN: self.truth(x, w) / 3}
        return {f"{hint} {PRODUCT}": numbers for hint, numbers in known.items()}
