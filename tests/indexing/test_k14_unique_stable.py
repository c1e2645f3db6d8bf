"""The checks of indexing/k14_unique_stable: the order of Python's dict, and what a call costs."""

import random

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect_shape
from dojo.checks.laws import INTEGERS, PureFunction
from dojo.checks.looping import expect_no_loop, expect_no_objects

INF = float("inf")
FLOATS = (torch.float32, torch.float64, torch.float16)
CASES = [[3, 1, 3, 2, 1], [5, 2], [5], [4, 4, 4], [1, 1, 2, 2, 1], [9, 8, 7, 9, 6, 8, 5]]
# Values that become equal in a smaller dtype, and those of bool, in an order that isn't theirs.
CLOSE = [
    (torch.float32, [1 + 2.0**-23, 1, INF, 1 + 2.0**-23, -INF, INF, 1]),
    (torch.float64, [1 + 2.0**-52, 1, 1 + 2.0**-52, -INF, 1e300, -INF]),
    (torch.float16, [1 + 2.0**-10, 1, 60000, INF, 1 + 2.0**-10]),
    (torch.int64, [2**60 + 1, 2**60, 2**60 + 1, -(2**60), 2**60]),
    (torch.int32, [2**30 + 1, 2**30, 2**30 + 1, -5]),
    (torch.int16, [300, -300, 300, 44]),
    (torch.int8, [127, -128, 127, 0]),
    (torch.uint8, [255, 0, 255, 127, 128]),
    (torch.bool, [True, False, True, True, False]),
]
WITH_ZEROS = [
    (dtype, x) for dtype in FLOATS for x in ([0.0, 1.0, -0.0], [2.0, -0.0, -1.0, 0.0, 2.0])
]
DRAW = random.Random(7)
LONG = [
    (torch.int64, [DRAW.randrange(-different, different) for _ in range(500)])
    for different in (3, 50, 1000)
]
DIGITS = "Values that differ in their last digit are different: stay in the dtype of x."
ZEROS = "0. and -0. are equal, so only the first of them counts."
GROWS = "Let each operation of torch work on all of the elements: no loop, no list of them."
VISITS = "list, dict, set, map and the like visit an array's elements, and make an object of each."
FEW, MANY = 16, 512  # as many elements, and half as many different values
MOST_GROWTH = 100  # less than one for each value; room for the steps of a halving


def compares_all_pairs(x):
    """Every element beside every other one: n * n comparisons, all of them in memory."""
    comes_back = (x[:, None] == x).tril(-1).any(1)
    return x[~comes_back]


BENCHMARK = Benchmark(
    "unique_stable",
    means="x: shape (n,), int64, n / 4 different values or fewer",
    inputs=lambda n: (torch.randint(n // 4, (n,)),),
    sizes=(100, 3_000, 1_000_000),
    bytes_moved=lambda n: 8 * n,  # read x
    naive=compares_all_pairs,
    naive_up_to=3_000,
)


class TestUniqueStable(PureFunction):
    name = "unique_stable"
    dtypes = (torch.int64, *FLOATS, *INTEGERS[1:], torch.bool)
    layouts = ("contiguous", "every second element", "at an offset", "repeated")
    recorded = False
    ulps = 0
    cases = [(numbers,) for numbers in CASES]
    precise = [(dtype, (numbers,)) for dtype, numbers in [*CLOSE, *WITH_ZEROS, *LONG]]
    hints = {
        "type": "One tensor is asked for: the values alone.",
        "shape": "Each different value stands once in the result, wherever it comes back in x.",
        "dtype": "The values are elements of x: index x, and they keep their dtype.",
        "device": "NumPy and lists lead to the CPU: what leads back to where x lies?",
        "values": "First comes the value of x[0], then the next one that has not been there"
        " before.",
        "memory": "Read from x and write into a new tensor.",
    }
    sentences = {
        "test_has_the_shape": "The result has one dimension, of as many elements as there are"
        " different values.",
        "test_values": "Each value stands where it first appears, before those that appear later.",
        "test_no_digit_is_lost": "Values are different however close they are, but 0. and -0. are"
        " equal.",
    }

    def truth(self, x):
        return np.array(list(dict.fromkeys(x.tolist())), dtype=x.dtype)

    def expect_truth(self, record, words=""):
        hint = self.why(record.row.law, record.row.arrays, record.got, None) or self.hints["shape"]
        expect_shape(record.got, record.row.expected.shape, hint)
        super().expect_truth(record, words)

    def why(self, law, arguments, got, expected):
        x = arguments[0]
        if law != "precise" or len(x) > FEW:
            return ""
        return ZEROS if np.signbit(x[x == 0]).any() else f"{self.hints['values']} {DIGITS}"

    @aspect("cost")
    def test_does_not_loop(self, solution):
        """Operations, lines, and objects of Python are as many for a large x as for a small."""
        inputs = {f"{n} elements": [torch.arange(n, 0, -1) // 2 * 1000] for n in (FEW, MANY)}
        solution.unique_stable(*inputs[f"{FEW} elements"])  # what it imports is not counted
        expect_no_loop(solution.unique_stable, inputs, MOST_GROWTH, GROWS)
        expect_no_objects(solution.unique_stable, inputs, VISITS)
