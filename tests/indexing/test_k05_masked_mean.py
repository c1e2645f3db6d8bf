"""The checks of indexing/k05_masked_mean: means of the numbers that were kept, row by row."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import PureFunction

INF, NAN = float("inf"), float("nan")
T, F = True, False
X = [
    [[1, 2, 4, 9], [16, 3, 7, 5], [8, 12, 6, 10]],
    [[11, 32, 13, 14], [15, 40, 17, 18], [21, 19, 64, 23]],
]
MASK = [
    [[T, F, T, T], [F, T, F, T], [T, T, T, T]],
    [[F, T, T, F], [T, F, F, F], [F, T, F, T]],
]
# any dimension may be mistaken, and a kept 0 be left out
SQUARE = [[1.1, 0.0, 6.0], [3.7, 5.0, 4.0], [9.0, 7.0, 8.3]]
SQUARE_MASK = [[T, T, F], [F, T, F], [T, F, F]]
# what is hidden is wild, and nothing is kept in the last row and in the last column
WILD = [[1.0, NAN, 3.0, INF], [INF, 5.0, -INF, NAN], [7.0, 8.0, 3e38, 3e38], [NAN, INF, -INF, 1.0]]
WILD_MASK = [[T, F, T, F], [F, T, F, F], [T, T, F, F], [F, F, F, F]]
KEPT = [[INF, 1.0, NAN], [NAN, 2.0, 3.0], [4.0, INF, -INF], [-INF, 5.0, 6.0]]
KEPT_MASK = [[T, T, F], [T, T, T], [F, T, T], [T, T, T]]
MANY = 2051  # entries; no 16-bit float and no 8-bit integer holds this number
HALF = (X, [[[T]], [[F]]], 1)  # nothing is kept in the second half


def with_a_mask_of_floats(x, mask, dim):
    """A product with 0 and 1, which need as much memory as x."""
    weights = mask.expand_as(x).to(x.dtype)
    return (x * weights).sum(dim) / weights.sum(dim).clamp(min=1)


BENCHMARK = Benchmark(
    "masked_mean",
    means="x and mask: shape (n, 64), float32, along dimension 1",
    inputs=lambda n: (torch.randint(9, (n, 64)).float(), torch.rand(n, 64) < 0.5, 1),
    sizes=(10, 1_000, 100_000),
    bytes_moved=lambda n: n * (64 * (4 + 1) + 4),  # read x and mask, write the means
    operations=lambda n: n * 64,
    naive=with_a_mask_of_floats,
)


class TestMaskedMean(PureFunction):
    name = "masked_mean"
    tensors = ("x", "mask")
    fixed = {"mask": torch.bool}
    dtypes = (torch.float32, torch.float64)
    cases = [([[4.0, 0.0], [5.0, 8.0]], [[T, T], [T, F]], 1), (SQUARE, SQUARE_MASK, 0)]
    cases += [([[1.0, 2.0], [3.0, 5.0]], [[F, F], [T, T]], 1)]
    cases += [HALF, (X, [[T, F, F, T], [F, T, T, T], [T, F, T, F]], 1)]
    cases += [(SQUARE, [T, F, T], -1), (X, [[T], [T], [F]], 2), (X, MASK, -1), (SQUARE, F, 0)]
    cases += [([[[1], [2], [4]]], [[[T], [F], [T]]], -2), ([7.0], [T], 0)]
    wild = [(WILD, WILD_MASK, 1), (WILD, WILD_MASK, 0), (KEPT, KEPT_MASK, 1)]
    wild += [([[NAN, 1.0], [INF, 2.0]], F, 0)]
    wild_gradients = [(WILD, WILD_MASK, 1), HALF]
    precise = [
        (dtype, ([1 + tiny, 5, 1 + 3 * tiny], [T, F, T], 0))
        for dtype, tiny in ((torch.float64, 2.0**-40), (torch.float32, 2.0**-20))
    ]
    precise += [(torch.float32, (np.arange(MANY) % 2, [T] * MANY, 0))]
    ulps = 4
    absolute = False
    hints = {
        "shape": "Dimension dim goes, and the others stay, even those of size 1.",
        "dtype": "The mean has the dtype of x.",
        "values": "The mean is the sum of what is kept (True), divided by how many are kept.",
        "precise": "Stay in the dtype of x, and divide by the exact count.",
        "wild": "Only what is hidden does no harm: an inf or NaN that is kept is part of the mean.",
        "memory": "Only look at x and mask: methods with a trailing underscore change them.",
        "tracked": "Use torch's operations on x, without `detach`, `.data`, `no_grad` or"
        " `torch.tensor`.",
        "gradient": "A kept entry gets the gradient of its mean, divided by how many are kept;"
        " others get 0.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of x without dimension dim.",
        "test_values": "The mean along dim is that of the entries at which the mask is True.",
        "test_wild_values": "NaN and inf that are hidden change nothing; those that are kept are"
        " part of the mean.",
        "test_no_digit_is_lost": "The mean is as precise as its dtype, of thousands too.",
        "test_gradients": "A kept entry gets its share of the gradient of its mean, others get 0.",
        "test_wild_gradients": "A hidden entry has the gradient 0, whatever it is.",
    }

    def truth(self, x, mask, dim):
        rows, keeps = (np.moveaxis(one, dim, -1) for one in (x, np.broadcast_to(mask, x.shape)))
        shape, size = rows.shape[:-1], rows.shape[-1]
        pairs = zip(rows.reshape(-1, size), keeps.reshape(-1, size), strict=True)
        kept = [row[keep] for row, keep in pairs]
        return np.array([row.sum() / max(len(row), 1) for row in kept]).reshape(shape)

    def gradient(self, weights, x, mask, dim):
        keeps = np.broadcast_to(mask, x.shape)
        return [keeps / keeps.sum(dim, keepdims=True).clip(1) * np.expand_dims(weights, dim)]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        x, mask, dim = arguments
        if np.array_equal(got, self.truth(x, ~mask, dim)):
            return "True keeps an entry and False hides it; here it is the other way round."
        wrong = got.isnan() & ~expected.isnan()
        if "gradient" in law:
            words = "In backward 0 times inf is NaN: divide by no count of 0, not even where it is"
            return f"{words} dropped." if wrong.any() else ""
        if wrong.any() and (expected[wrong].any() or (law == "wild" and not mask.any())):
            return "0 * inf and 0 * NaN are NaN: choose between x and 0, do not multiply."
        if wrong.any():
            return "Where nothing is kept, the mean is 0: 0 / 0 is NaN, but 0 / 1 is 0."
        if law == "precise" and x.size == MANY:
            return f"{MANY} entries are kept: count in a dtype that holds such a number, as int64."
        if mask.shape != x.shape:
            return (
                f"A mask of shape {mask.shape} stands for one of shape {x.shape}: "
                "count what that one keeps."
            )
        return ""
