"""The checks of indexing/k09_top_k_mask: each row sorted by value, then index, in Python."""

import numpy as np
import torch

from dojo.checks import Benchmark, CheckFailed
from dojo.checks.laws import FLOATS, INTEGERS, PureFunction

INF = float("inf")
ROWS = [[1, 3, 2, 4], [9, 0, 7, 8]]
STACK = [[[1, 5, 3], [2, 9, 4]], [[6, 2, 8], [7, 3, 1]]]
LONG = [i * i % 5 for i in range(60)]  # long enough for sorts that are not stable to show it
# Different, though not as numbers of a narrower dtype, or as float.
CLOSE = {
    torch.float64: [1.0, 1 + 2**-50, 1 - 2**-50, 1e-300, 0.0, 5e-324],
    torch.float32: [1.0, 1 + 2**-22, 1 - 2**-22, 1e-38, 0.0, 1e-40],
    torch.float16: [1.0, 1 + 2**-10, 1 - 2**-11, 2**-14, 0.0, 2**-24],
    torch.bfloat16: [1.0, 1 + 2**-7, 1 - 2**-8, 2**-126, 0.0, 2**-133],
    torch.int64: [2**60, 2**60 + 1, 2**60 - 1, 2**53, 0, 1],
    torch.int32: [2**30, 2**30 + 1, 2**30 - 1, 2**24, 2**24 + 1, 0],
    torch.int16: [2**14, 2**14 + 1, 2**14 - 1, 2**11, 2**11 + 1, 0],
}
HIGHEST = {dtype: torch.finfo(dtype).max for dtype in FLOATS}
ENDS = {dtype: (torch.iinfo(dtype).min, torch.iinfo(dtype).max) for dtype in INTEGERS}
COUNT = "Exactly k are to be marked: some of those that are equal to the k-th largest may not be."
TIES = "Of equal entries the earlier is marked first: a sort keeps their order only if stable."
RANKS = "argsort says which entry comes at each place, and not at which place an entry comes."
EDGE = "k may be 0, and as large as the row: then none is marked, or all."
ZEROS = "0. and -0. are equal, and of equal entries the earlier is marked first."
FINITE = "The largest finite number is smaller than inf, and -inf is smaller than the smallest."
INTEGER = "`-x` has another order than x backwards: the smallest integer has no negative."
UNSIGNED = "`-x` wraps around in uint8, so that 0 stays 0, and comes before all others: -1 is 255."


def by_counting(x, k):
    """How many are ahead of each entry: it is compared with all others of its row."""
    earlier = torch.ones(x.shape[-1], x.shape[-1], dtype=torch.bool, device=x.device).tril(-1)
    one, other = x[..., :, None], x[..., None, :]
    return ((other > one) | ((other == one) & earlier)).sum(-1) < k


BENCHMARK = Benchmark(
    "top_k_mask",
    means="x: shape (16, n), float32; k: n / 8",
    inputs=lambda n: (torch.randint(n, (16, n)).float(), n // 8),
    sizes=(16, 128, 1024),
    bytes_moved=lambda n: (4 + 1) * 16 * n,  # read x, write the mask
    naive=by_counting,
)


class TestTopKMask(PureFunction):
    name = "top_k_mask"
    dtypes = (*FLOATS, *INTEGERS)
    recorded = False
    cases = [(ROWS, 2), ([3, 1, 2], 1), ([[4], [2]], 1), (STACK, 2), ([[-5, -1, -2, -3]], 3)]
    cases += [([1, 1, 2, 1], 2), ([5, 5, 5, 0], 2), ([[2, 2, 2, 2], [1, 2, 1, 2], [2, 1, 2, 1]], 3)]
    cases += [([3, 1, 2], 0), ([[2, 2], [1, 4]], 0), ([[2, 2], [1, 4]], 2), ([5], 0)]
    cases += [([LONG, LONG[::-1]], k) for k in (7, 20, 40)]
    wild = [([1, -INF, -INF, 2], 3), ([-INF, -INF, -INF], 1), ([-INF, 0.5, INF, INF, -INF], 1)]
    wild += [([0.0, -0.0, -0.0, 0.0], 2), ([-0.0, 0.0, 0.0, -1.0], 1)]
    precise = [(dtype, ([[top, INF], [-INF, -top]], 1)) for dtype, top in HIGHEST.items()]
    precise += [
        (dtype, ([[low, top, low, 1], [low, low, low, low]], 2))
        for dtype, (low, top) in ENDS.items()
    ]
    precise += [(dtype, (row, k)) for dtype, row in CLOSE.items() for k in (1, 5)]
    hints = {
        "shape": "Each entry of x has its True or False.",
        "dtype": "A mask is bool: it says yes or no, not how much and not where.",
        "values": "True for the k largest along the last dimension, each row by itself.",
        "wild": "-inf is a value like others: it is marked where there is nothing larger, the"
        " earlier one first.",
        "precise": "Compare in the dtype of x: in a narrower one, or in float for int, unequal"
        " become equal.",
        "memory": "The mask is a new tensor; x stays as it is.",
    }
    sentences = {
        "test_has_the_shape": "The mask has x's shape.",
        "test_has_the_dtype": "The mask is bool, whatever dtype x has.",
        "test_values": "Exactly k of each row are marked: the largest, and of equal ones the"
        " earlier.",
        "test_wild_values": "-inf and inf are values like others, and -0. is equal to 0.",
        "test_no_digit_is_lost": "The ends of a dtype, and values that are close, are told apart.",
    }

    def tensor(self, name, value, dtype):
        return super().tensor(name, np.abs(value) if dtype == torch.uint8 else value, dtype)

    def truth(self, x, k):
        rows = x.reshape(-1, x.shape[-1]).tolist()
        orders = [sorted(range(len(row)), key=lambda i: (-row[i], i))[:k] for row in rows]
        marks = [[i in order for i in range(x.shape[-1])] for order in map(set, orders)]
        return np.array(marks).reshape(x.shape)

    def result_dtype(self, dtype):
        return torch.bool

    def why(self, law, arguments, got, expected):
        x, k = arguments
        if law == "type":
            return ""
        is_integer = x.dtype.kind == "i"
        if is_integer and x.min() >= 0 and np.array_equal(got, self.truth(-(-x % 256), k)):
            return UNSIGNED
        if law == "precise" and x.min() < 0:
            return INTEGER if is_integer else FINITE
        if law == "wild" and (x == 0).any():
            return ZEROS
        if law == "values" and k in (0, x.shape[-1]):
            return EDGE
        has_ties = any(len(set(row)) < len(row) for row in x.reshape(-1, x.shape[-1]).tolist())
        if law == "values" and np.array_equal(got, np.argsort(-x.astype(float), kind="stable") < k):
            return RANKS
        if law == "values" and has_ties:
            return TIES if int(got.sum()) == int(expected.sum()) else COUNT
        return ""

    def compare(self, record, expected, hint, rtol, atol):
        k = record.row.case[1]
        for row, count in enumerate(record.kept.reshape(-1, expected.shape[-1]).sum(1).tolist()):
            if count != k:
                sentence = f"marked {count} entries in row {row}; expected exactly {k}."
                raise CheckFailed(sentence, hint, record.kept, expected)
        super().compare(record, expected, hint, rtol, atol)
