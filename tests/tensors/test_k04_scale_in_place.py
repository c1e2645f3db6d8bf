"""The checks of tensors/k04_scale_in_place: products of small numbers, computed by Python."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import FLOATS, INTEGERS, InPlaceFunction

INF, NAN = float("inf"), float("nan")
ROWS = [[1, 2, 3], [4, 5, 6]]
REFUSE = "The products are floats, which x cannot hold. Which ways to write into x refuse them?"
# dtype → elements whose products a narrower dtype, or float for int, does not hold
LONG = {
    torch.float64: [1 + 2.0**-40, 2.0**300, -0.7],
    torch.float32: [1 + 2.0**-20, -3.0, 0.1],
    torch.float16: [1 + 3 * 2.0**-10, -20000.0, 0.1],
    torch.bfloat16: [2.0**100, -3.0, 0.1],
    torch.int64: [2**60 + 1, -(2**60) - 1, 3],
    torch.int32: [2**29 + 1, -(2**28) - 1, 3],
}


def with_a_copy(x, s):
    """The right numbers in the right memory, by way of a tensor that nobody needs."""
    x[:] = x * s
    return x


BENCHMARK = Benchmark(
    "scale_",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0, 3),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 2 * 4 * n,  # read x and write it
    operations=lambda n: n,
    naive=with_a_copy,
)


class TestScale(InPlaceFunction):
    name = "scale_"
    dtypes = (*FLOATS, *INTEGERS)
    cases = [(ROWS, 3), ([1, 2, 3, 4], 2), ([[[1, 2, 3]], [[4, 5, 6]]], 0), ([7], 3)]
    cases += [(7, 3), (np.ones((0,)), 3), (np.ones((0, 3)), 2)]
    wild = [(ROWS, 0.5), (ROWS, -2), (ROWS, 0.0)]
    wild += [([INF, -INF, NAN], s) for s in (-2.5, 0, 0.0)]
    precise = [(dtype, (elements, s)) for dtype, elements in LONG.items() for s in (3, -1)]
    precise += [(dtype, (LONG[dtype], s)) for dtype in FLOATS for s in (0.1, -1.5)]
    ulps = 2
    absolute = False
    recorded = False
    refused = [
        (case, INTEGERS, RuntimeError, REFUSE)
        for case in [*((ROWS, s) for s in (0.5, 2.0, 1.0, INF)), (7, 2.0), (np.ones((0, 3)), 0.5)]
    ]
    hints = {
        "values": "Each element of x is multiplied by s, once.",
        "precise": "Stay in the dtype of x: on the way through another one, digits get lost.",
        "wild": "inf and NaN are multiplied like other numbers, and inf times 0 is NaN.",
        "in place": "`x * s` makes a new tensor, whatever it is called. Which operation writes"
        " into x?",
    }
    sentences = {
        "test_values": "x holds the products, in its own dtype, whatever its shape and strides.",
        "test_wild_values": "The products are as precise as the dtype; inf and NaN stay so.",
        "test_refuses": "A float s and an integer x raise RuntimeError, and x stays as it was.",
    }

    def truth(self, x, s):
        return x * s

    def why(self, law, arguments, got, expected):
        return self.hints["values"] if law == "wild" and np.isfinite(arguments[0]).all() else ""
