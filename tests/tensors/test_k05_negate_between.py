"""The checks of tensors/k05_negate_between: NumPy compares and negates, in float64 or int64."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import FLOATS, InPlaceFunction

BETWEEN = "Each element from {low} to {high} changes its sign, once, and no other element does."
BOUNDS = "An element that equals a bound, here {low} or {high}, is negated too."
NOTHING = "No number is {low} or more and {high} or less: x stays as it is."
NEVER = "Only what lies between {low} and {high} is touched: NaN does not, and inf times 0 is NaN."
EXACT = "Compare and negate in the dtype of x: on the way through another one, digits get lost."
FRACTION = "A bound like {low} is no integer, and must not be cut to one: what lies beside it?"

FAR = "The bounds may lie far apart: compare the elements with them, and list nothing between."

INF, NAN = float("inf"), float("nan")
SIGNED = (torch.int64, torch.int32, torch.int16, torch.int8)
# Below, at and above the bounds, on both sides of 0; -5 is what 5 becomes if it is touched.
ELEMENTS = np.arange(-6, 6).reshape(3, 4)
RANGES = [(-2, 4), (1, 3), (-3, -1), (2.5, 3.5), (-INF, 1), (2, INF)]
NONE = [(7, 9), (3, 1), (INF, -INF)]
FRACTIONS = [(-1.5, 2.5), (1.5, 3.5), (-3.5, -1.5)]
WIDE = (-(2**62), 2**62)  # too many numbers to list them all
# dtype, elements, low, high: in a narrower dtype a neighbour would lie inside too
PRECISE = [
    (torch.int64, [2**53, 2**53 + 1, 2**53 + 2], 2**53 + 1, 2**53 + 1),
    (torch.int32, [2**24, 2**24 + 1, 2**24 + 2], 2**24 + 1, 2**24 + 1),
    (torch.float32, [1.0, 1 + 2.0**-20, 1 + 2.0**-19], 1 + 2.0**-20, 1 + 2.0**-20),
    (torch.float16, [1.0, 1 + 2.0**-10, 1 + 2.0**-9], 1 + 2.0**-10, 1 + 2.0**-10),
    (torch.bfloat16, [2.0**100, 2.0**101, -3.0], 2.0**101, INF),
    (torch.float64, [1.0, 1 + 2.0**-40, 0.1], 1 + 2.0**-40, 2.0),
    (torch.float64, [0.1, 0.3, -0.1], 0.1, 0.3),
    (torch.int64, [-5, 0, 5, 2**62 + 1], *WIDE),
]


def by_way_of_a_list(x, low, high):
    """Each number an object of Python's in between."""
    x[:] = torch.tensor([-e if low <= e <= high else e for e in x.tolist()], device=x.device)
    return x


BENCHMARK = Benchmark(
    "negate_between_",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0, 2, 4),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 2 * 4 * n,  # read x and write it
    operations=lambda n: 3 * n,  # two comparisons and a sign
    naive=by_way_of_a_list,
    naive_up_to=100_000,
)


class TestNegateBetween(InPlaceFunction):
    name = "negate_between_"
    dtypes = (*FLOATS, *SIGNED)
    cases = [([[1, 2, 3], [4, 5, 6]], 2, 5), *((ELEMENTS, *bounds) for bounds in RANGES)]
    cases += [([1, 2, 3, 4, 5], *bounds) for bounds in NONE]
    cases += [([[[1, 2, 3]], [[4, 5, 6]]], 3, 4), ([2], 1, 3), (2, 2, 2)]
    cases += [(np.ones((0,)), 1, 3), (np.ones((0, 3)), 1, 3)]
    wild = [([INF, -INF, NAN, 2, 1], *bounds) for bounds in ((1, 3), (-INF, 1), (2, INF))]
    precise = [(dtype, (elements, low, high)) for dtype, elements, low, high in PRECISE]
    precise += [(dtype, (ELEMENTS, *FRACTIONS[n % 3])) for n, dtype in enumerate(SIGNED)]
    ulps = 0
    recorded = False
    hints = {
        "values": "Each element from low to high changes its sign, once, and no other one does.",
        "in place": "`x.clone()`, `-x` and `torch.where` make new tensors. Write into the x that"
        " came in.",
        "unchanged": "x[mask] reads a copy: what is done to that copy in place is lost. Assign to"
        " x[mask].",
        "precise": EXACT,
    }
    sentences = {
        "test_values": "Elements from low to high change their sign, both bounds included.",
        "test_wild_values": "NaN stays; inf changes its sign only if a bound is infinite.",
        "test_no_digit_is_lost": "Every dtype is compared to its last digit, also with fractions.",
    }

    def truth(self, x, low, high):
        return np.where((x >= low) & (x <= high), -x, x)

    def hint_of(self, row):
        return FAR if row.case[1:] == WIDE else super().hint_of(row)

    def why(self, law, arguments, got, expected):
        x, low, high = arguments
        wrong = (got != expected).numpy()
        is_bound = (x == low) | (x == high)
        is_fraction = np.isfinite(low) and low % 1 > 0
        if low > high:
            hint = NOTHING
        elif is_fraction and x.dtype.kind == "i":
            hint = FRACTION
        elif law == "precise":
            hint = EXACT
        elif law == "wild":
            hint = NEVER
        else:
            hint = BOUNDS if is_bound[wrong].all() else BETWEEN
        return hint.format(low=low, high=high)
