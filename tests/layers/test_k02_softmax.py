"""The checks of layers/k02_softmax: each entry beside each other one, in NumPy, and gradients."""

import math

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect_values, gradients
from dojo.checks.laws import FLOATS, PureFunction
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row

LOW = -math.inf
LARGE = [[1000.0, 1000.0, 992.0], [-1000.0, -992.0, -1000.0], [0.0, -200.0, -1000.0]]
HIDDEN = [[0.5, LOW, 1.0], [LOW, -2.0, LOW], [1.0, 0.5, -1.0]]
# what float16 can hold is below 65504
SIZES = {dtype: 1e4 if dtype == torch.float16 else 1e30 for dtype in FLOATS}
SIGNS = np.array([[1.0, 1.0, -1.0], [-1.0, -1.0, 1.0], [-0.5, LOW, -1.0], [0.0, 0.0, 0.0]])
WILD = {dtype: np.vstack([LARGE, HIDDEN, SIGNS * size]) for dtype, size in SIZES.items()}


def numbers(shape, seed=0):
    """From -2 to 2, with one decimal: the smallest of four shares is above 0.001."""
    return np.round(np.random.default_rng(seed).uniform(-2, 2, shape), 1)


def cases_of(*shapes):
    """A plain case, a 0-d one, and numbers for each shape and dim."""
    cases = [([[0.0, 1.0, 2.0], [2.0, 0.5, -1.0]], 1), (1.5, 0)]
    return cases + [(numbers(shape, seed), dim) for seed, (shape, dim) in enumerate(shapes)]


def row_by_row(x, dim):
    """Right, with a step of Python for each row; only for a matrix and its last dimension."""
    rows = [(row - row.max()).exp() for row in x]
    return torch.stack([row / row.sum() for row in rows])


BENCHMARK = Benchmark(
    "softmax",
    means="x: shape (n, 256), float32, along the last dimension",
    inputs=lambda n: (torch.randint(9, (n, 256)).float(), 1),
    sizes=(4, 256, 16_384),
    bytes_moved=lambda n: 2 * 4 * 256 * n,  # read x, write the shares
    operations=lambda n: 4 * 256 * n,  # a difference, an exp, a sum and a quotient
    torchs=torch.softmax,
    naive=row_by_row,
    naive_up_to=256,
)


class Shares(PureFunction):
    """What both functions take."""

    precise = [(dtype, (x, 1)) for dtype, x in WILD.items()]
    ulps = {torch.float32: 84, torch.float64: 450, torch.float16: 10, torch.bfloat16: 6}
    forbidden = ".*softm(ax|in).*|logsumexp|logcumsumexp|logaddexp2?|.*attention.*"
    hints = {
        "shape": "Each entry of x has its place in the result: keep the dimension of a sum.",
        "dtype": "The result has x's own dtype, also where you compute in a wider one.",
        "raises": "x has any number of dimensions, none too; one beside dim may have the size 0.",
        "gaps": "exp(-inf) is exactly 0. And subtract from each row its own largest entry: gaps"
        " below it are all that counts.",
        "precise": "Only the last digits differ: stay in x's dtype or a wider one, and add nothing"
        " to sums.",
        "size": "Here x is [{row}] along dim. Before exp, subtract the largest entry of that very"
        " row: then exp neither overflows nor gives a sum of 0.",
        "nan gradient": "Behind a right value, inf / inf or 0 * inf makes NaN on the way back: keep"
        " each exp at most 1, and each logarithm away from 0.",
        "tracked": "Compute with torch's own operations on x, without `detach` or `no_grad` around"
        " x itself.",
        "forbidden": "The kata is to make it from exp, sums, log and the like.",
    }
    sentences = {
        "test_has_the_shape": "The result has x's shape, for a 0-d and an empty x too.",
        "test_no_digit_is_lost": "Large numbers do not overflow, and -inf gets no share.",
        "test_is_made_without": "It is made without torch's softmax, logsumexp and the like,"
        " forward and backward.",
    }

    def pairs(self, x, dim):
        """Each entry of a row minus each one, which stands in the dimension before; -inf - -inf
        counts as 0."""
        rows = np.moveaxis(np.atleast_1d(x), dim, -1)
        return np.nan_to_num(rows[..., None, :] - rows[..., None], nan=0.0, posinf=np.inf)

    def put_back(self, rows, x, dim):
        """Rows along the last dimension as they stand in x."""
        return np.moveaxis(rows, -1, dim).reshape(x.shape)

    def why(self, law, arguments, got, expected):
        if "gradient" in law:
            return self.hints["nan gradient"] if got.isnan().any() else ""
        if law == "type":
            return ""
        if torch.allclose(got, expected, 0.05, 0.05):
            return self.hints["gaps"] if law == "precise" else ""
        x, dim = arguments
        for other in {*range(x.ndim)} - {dim % max(x.ndim, 1)}:
            if np.allclose(got.double(), self.truth(x, other), 1e-2, 1e-2):
                return f"These are the numbers along dimension {other}; dim is {dim}."
        far = ~np.isclose(got.double(), expected.double(), 0.05, 0.05).all(-1)
        if law == "precise" and far.any():
            row = x[far][0]
            known = self.why_row(got[torch.tensor(far)][0].double().numpy(), row)
            return known or self.hints["size"].format(row=", ".join(f"{one:g}" for one in row))
        return ""


class TestSoftmax(Shares):
    name = "softmax"
    cases = cases_of(((3, 3), 0), ((2, 3, 1, 2), -3), ((0, 3), -1))
    absolute = False
    wild_gradients = [(LARGE + HIDDEN, 1)]
    hints = Shares.hints | {
        "values": "exp(x) over the sum of exp(x), along dim.",
        "gradient": "A share s has the gradient s * (g - sum of g * s), for the gradients g of its"
        " row: the sum below the line depends on x too.",
        "nothing": "An entry of -inf has the share 0 exactly: exp(-inf) is 0, exp of a number that"
        " is put in its place may not be. Here x is [{row}] along dim.",
    }
    sentences = Shares.sentences | {
        "test_values": "The shares along dim are exp(x) over the sum of exp(x).",
        "test_wild_gradients": "Beside large numbers and -inf the gradient is right, and not NaN.",
    }

    def truth(self, x, dim):
        return self.put_back(1 / np.exp(self.pairs(x, dim)).sum(-1), x, dim)

    def gradient(self, weights, x, dim):
        shares = self.truth(x, dim)
        return [shares * (weights - (weights * shares).sum(dim, keepdims=True))]

    def why(self, law, arguments, got, expected):
        if law == "values" and expected.sum() > 1.5 and abs(got.sum() - 1) < 0.01:
            return "All of x adds up to 1 here; each row along dim should."
        return super().why(law, arguments, got, expected)

    def why_row(self, got, row):
        is_low = np.isinf(row)
        if np.isfinite(got).all() and is_low.any() and (got[is_low] != 0).any():
            return self.hints["nothing"].format(row=", ".join(f"{one:g}" for one in row))
        return ""


class TestLogSoftmax(Shares):
    name = "log_softmax"
    cases = cases_of(((3, 1, 4), -3), ((0, 3), -1))
    hints = Shares.hints | {
        "values": "x - log(sum of exp(x)), along dim.",
        "gradient": "With the gradients g of a row, that of an entry is g - softmax * sum of g.",
        "zero": "A share may be too small for its dtype, and log(0) is -inf: take the logarithm of"
        " the formula, not that of the share. Here x is [{row}] along dim.",
        "swallowed": "The logarithm of the sum is lost when it is added to a large number: subtract"
        " the largest entry from x, and then that logarithm. Here x is [{row}] along dim.",
        "added": "Each entry is too large by the largest one of its row: subtract that from x too.",
        "nothing": "An entry of -inf has the logarithm -inf. Here x is [{row}] along dim.",
    }
    sentences = Shares.sentences | {
        "test_values": "The result is the logarithm of the shares along dim.",
        "test_no_digit_is_lost": "Large numbers do not overflow, small shares keep their logarithm,"
        " and that of -inf is -inf.",
    }

    def truth(self, x, dim):
        return self.put_back(-np.logaddexp.reduce(self.pairs(x, dim), axis=-1), x, dim)

    def gradient(self, weights, x, dim):
        return [weights - np.exp(self.truth(x, dim)) * weights.sum(dim, keepdims=True)]

    def why(self, law, arguments, got, expected):
        if law == "values" and arguments[0].ndim:
            x, dim = arguments
            added = expected.double() + torch.tensor(x.max(dim, keepdims=True, initial=LOW))
            if expected.numel() and torch.allclose(got.double(), added, 1e-2, 1e-2):
                return self.hints["added"]
        return super().why(law, arguments, got, expected)

    def why_row(self, got, row):
        right = self.truth(row, 0)
        is_near = np.isclose(got, right, 0.05, 0.05)
        if np.isneginf(got[~is_near]).all() and (right[~is_near] < -80).all():
            key = "zero"
        elif np.allclose(got, row - row.max(), 0.05, 0.05):
            key = "swallowed"
        elif np.isfinite(right[~is_near]).any():
            return ""
        else:
            key = "nothing"
        return self.hints[key].format(row=", ".join(f"{one:g}" for one in row))

    @once
    def hidden_rows(self):
        """Rows with -inf beside finite numbers, whose results of -inf have the weight 0."""
        case = (LARGE + HIDDEN, 1)
        rows = [Row(self, case, dtype, n, "gradient", ("x",)) for n, dtype in enumerate(FLOATS)]
        for row in rows:
            row.weights = torch.where(row.expected == LOW, 0, row.weights)
        return rows

    @aspect("gradient")
    def test_gradients_beside_minus_infinity(self, solution):
        """Beside large numbers and -inf the gradients of finite entries are right, and not NaN."""
        for record in self.records(solution, "cpu", self.hidden_rows):
            self.expect_truth(record)
            row, cut = record.row, self.hints["tracked"]
            found = gradients(record.got, record.leaves, row.weights, cut)["x"]
            expected = row.gradients["x"]
            got = torch.where(row.expected == LOW, expected, found.detach())
            hint = self.why("gradient", row.arrays, got, expected) or self.hints["gradient"]
            limit, _ = self.gradient_limits(expected)
            expect_values(got, expected, hint, "the gradient of x", rtol=limit, atol=limit)
