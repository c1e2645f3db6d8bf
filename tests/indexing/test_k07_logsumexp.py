"""The checks of indexing/k07_logsumexp: sums in Python's floats, and shares as gradients."""

import math

import numpy as np
import torch

from dojo.checks import aspect, expect_values, gradients
from dojo.checks.laws import FLOATS, PureFunction
from dojo.checks.laws.rows import Row

LOW = -math.inf
LARGE = np.array([[3.0, 3.0, 2.0], [-2.0, -3.0, -2.0], [3.0, -3.0, 0.0], [0.0, -1.0, -3.0]])
ROWS = [[LOW, 3, LOW], [LOW, LOW, LOW], [1, 0.5, LOW], [LOW, 800, 800]]
# shape of x, dim
CASES = [((2, 3), 1), ((3,), 0), ((3, 2), 0), ((3, 3), -2), ((2, 3, 4), 1), ((1, 3), 1)]
CASES += [((3, 1), 1), ((1,), 0)]
# dtype, the factor of the large numbers above
SIZES = [(torch.float32, 1e3), (torch.float64, 1e3), (torch.float16, 2e4), (torch.bfloat16, 1e38)]
SIZES += [(torch.float32, 1e38), (torch.float64, 5e307)]
# exp(x - result) is a share too, and torch's own: the result has few digits behind the point
NEAR = 1e-11
LIMITS = [(dtype, torch.finfo(dtype).min, torch.finfo(dtype).max) for dtype in FLOATS]


def numbers(shape, seed):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def of_row(row):
    """log of the sum of exp of some numbers, by Python's own."""
    top = max(row)
    if top == LOW:
        return LOW
    return top + math.log(math.fsum(math.exp(value - top) for value in row))


class TestLogsumexp(PureFunction):
    name = "logsumexp"
    cases = [(numbers(shape, seed), dim) for seed, (shape, dim) in enumerate(CASES)]
    wild = [([[1000.0, 1000.0, 0.0], [-1000.0, -1001.0, -1002.0]], 1)]
    wild += [([[LOW, 3.0], [LOW, LOW]], 1), (ROWS, 1)]
    precise = [(dtype, (LARGE * factor, 1)) for dtype, factor in SIZES]
    precise += [(dtype, ([[low, low], [high, low], [low, LOW]], 1)) for dtype, low, high in LIMITS]
    precise += [(torch.float16, ([[16.0625], [-20.0625]], 1))]  # bfloat16 does not hold these
    ulps = {torch.float16: 3, torch.bfloat16: 3}
    # of 800, 16 bits have no digit behind the point to read a share off
    wild_gradients = [(ROWS[:3], 1), ([[LOW], [2.0]], 1)]
    forbidden = "logsumexp|logcumsumexp|logaddexp|.*softmax.*"
    hints = {
        "shape": "dim goes, as in a sum; the other dimensions stay, those of size 1 too.",
        "values": "The result is log of the sum of exp(x) along dim.",
        "wild": "exp(-inf) is 0 and adds nothing. A row of -inf alone gives -inf, but -inf minus"
        " -inf is NaN.",
        "precise": "Only the last digits differ: stay in x's dtype or a wider one, and add nothing"
        " to sums.",
        "size": "exp(x) overflows, or all of it comes to 0: subtract from each row its own largest"
        " entry.",
        "limits": "The smallest and largest finite number are numbers like others; -inf alone is"
        " -inf.",
        "tracked": "Compute with torch's own operations on x, without `detach` or `no_grad` around"
        " x itself.",
        "gradient": "With the gradient g of a row, that of an entry is g * exp(x) / sum of exp(x).",
        "wild gradient": "Of -inf alone the sum is 0, log(0) has the gradient inf, and 0 * inf is"
        " NaN.",
        "forbidden": "The kata is to make it from exp, sums, log and the like.",
    }
    sentences = {
        "test_values": "The result is log of the sum of exp(x) along dim.",
        "test_wild_values": "-inf adds nothing to the sum, and -inf alone gives -inf.",
        "test_no_digit_is_lost": "Numbers as large or small as the dtype allows give no inf, -inf"
        " or NaN.",
        "test_gradients": "The gradient of an entry is its share in the sum.",
        "test_wild_gradients": "-inf has the gradient 0, in a row of -inf alone too.",
        "test_is_made_without": "It is made without torch's logsumexp, logaddexp and softmax,"
        " forward and backward.",
    }

    def truth(self, x, dim):
        return np.apply_along_axis(of_row, dim, x)

    def gradient(self, weights, x, dim):
        """The weights times exp(x) over the sum of exp(x), and 0 in a row of -inf alone."""
        top = x.max(dim, keepdims=True)
        shares = np.exp(x - np.where(np.isfinite(top), top, 0))
        total = shares.sum(dim, keepdims=True)
        return [np.expand_dims(weights, dim) * shares / np.where(total == 0, 1, total) + 0.0]

    def why(self, law, arguments, got, expected):
        x = arguments[0]
        if law == "wild gradient" and not got.isnan().any():
            return "exp(-inf) is 0: -inf has no share in the sum, and its gradient is 0."
        if law == "precise" and x.shape == LARGE.shape:
            return f"{self.hints['size']} Here x is {x.tolist()}."
        if law == "precise" and x.shape[1] > 1:
            return self.hints["limits"]
        return self.hints["size"] if law == "wild" and np.isfinite(x).all() else ""

    @aspect("gradient")
    def test_large_numbers_have_gradients(self, solution, device):
        """The gradient of a large number is its share in the sum."""
        # With 5e307, x + log(2) is x: of two that are equally large, no share can be read off.
        for rows, factor in ((LARGE, 1e3), (LARGE[2:], 5e307)):
            row = Row(self, (rows * factor, 1), torch.float64, 0, "size", ["x"])
            for record in self.records(solution, device, [row]):
                self.expect_truth(record)
                weights, cut = row.weights.to(device), self.hints["tracked"]
                found = gradients(record.got, record.leaves, weights, cut)["x"]
                what = "the gradient of x"
                expect_values(found, row.gradients["x"], self.hints["size"], what, NEAR, NEAR)
