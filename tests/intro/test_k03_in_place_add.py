"""The checks of intro/k03_in_place_add: sums of small numbers, counted up in Python."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import FLOATS, INTEGERS, InPlaceFunction, PureFunction

REPLACED = "inf and NaN are added like other numbers: nothing has to replace them."
INF, NAN = float("inf"), float("nan")
ROWS = [[1, 2, 3], [4, 5, 6]], [[10, 20, 40], [30, 7, 50]]
SIGNED = [[-1, 20, -30], [4, -50, 60]], [[-2, -70, 10], [5, 40, -60]]
WILD = [[-1.5, INF, 2.0], [NAN, -8.0, 0.25]], [[-2.0, 1.0, -INF], [3.0, 4.5, -INF]]
# dtype → numbers that a narrower dtype, or float for int, does not hold; nor their sum
LONG = {
    torch.float64: (1 + 2.0**-40, 2 + 2.0**-40),
    torch.float32: (1 + 2.0**-20, 2 + 2.0**-20),
    torch.float16: (1 + 2.0**-9, 2 + 2.0**-9),
    torch.bfloat16: (2.0**100, 2.0**101),
    torch.int64: (2**60 + 1, 2**61 + 2),
    torch.int32: (2**29 + 1, 2**30 + 2),
}


def with_a_copy(x1, x2):
    """The right numbers in the right memory, by way of a tensor that nobody needs."""
    x1[:] = x1 + x2
    return x1


BENCHMARK = Benchmark(
    "add_",
    means="x1 and x2: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0, torch.arange(n) % 5.0),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 3 * 4 * n,  # read x1 and x2, write x1
    operations=lambda n: n,
    naive=with_a_copy,
)


class Sum:
    """What both functions take and compute."""

    tensors = ("x1", "x2")
    dtypes = (*FLOATS, *INTEGERS)
    cases = [ROWS, SIGNED]
    wild = [WILD]
    precise = [(dtype, ([[a] * 3] * 2, [[b] * 3] * 2)) for dtype, (a, b) in LONG.items()]
    ulps = 0
    gradient_ulps = 0
    hints = {
        "values": "Only x1 and x2 go into the sum, each once.",
        "precise": "Stay in the dtype of x1 and x2: on the way through another one, digits get"
        " lost.",
        "memory": "`add` promises a new tensor: leave x1 and x2 as they are, and write nowhere.",
        "in place": "`x1 + x2` makes a new tensor. Which operation, ending in _, writes into x1"
        " itself?",
        "gradient": "`.data`, `no_grad`, `detach` and `out=` hide the addition from autograd.",
        "tracked": "`.data`, `no_grad`, `detach` and `out=` hide the addition from autograd.",
    }
    sentences = {
        "test_values": "{name} gives the sum, in every dtype and layout.",
        "test_wild_values": "The sum is right for inf and for NaN.",
    }

    def tensor(self, name, value, dtype):
        value = np.abs(value) if dtype == torch.uint8 else value
        return torch.tensor(value, dtype=dtype)

    def truth(self, x1, x2):
        return x1 + x2

    def why(self, law, arguments, got, expected):
        if law != "wild":
            return super().why(law, arguments, got, expected)
        is_right = (got == expected) | (got.isnan() & expected.isnan())
        return "" if expected[~is_right].isfinite().any() else REPLACED

    def gradient(self, weights, x1, x2):
        return [weights, weights]


class TestAdd(Sum, PureFunction):
    name = "add"


class TestAddInPlace(Sum, InPlaceFunction):
    name = "add_"
    hints = Sum.hints | {"memory": "Only x1 changes: x2 stays as it is."}
