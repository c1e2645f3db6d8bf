"""The checks of tensors/k09_true_mean: means taken number by number, in Python's floats."""

import math

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, dtype_name, expect_values
from dojo.checks.laws import FLOATS, INTEGERS, PureFunction

SMALL = "The sum is too large for x's own dtype: in which dtype do you sum?"
MANY = "In 16 bits, many small parts lose their digits: in which dtype do you divide, and add up?"
DOUBLE = "float64 has 15 digits: do not pass through a smaller dtype."
REACH = "bfloat16 reaches as far as float32: do not pass through float16, which ends at 65504."
WHOLE = "float32 holds this mean to 7 digits: do not pass through a 16-bit float."
SIGNED = "int64 ends at 2**63 - 1, and takes larger numbers of uint64 for negative ones."
EXACT = "float32 holds whole numbers up to 16777216: sum integers first, and round their mean."

NO_SUM = "sum, mean and others of torch do not know {dtype}: in which dtype do you sum?"
MINUS = "inf - inf is NaN: is something subtracted on the way, as for a running mean or a variance?"

INF, NAN = math.inf, math.nan
UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)
# Sums that x's dtype cannot hold. int64 may not overflow either, and float32 holds its mean.
LARGE = [
    (torch.int8, [100, 101, 127]),
    (torch.int8, [-100, -101, -128]),
    (torch.uint8, [200, 255, 250]),
    (torch.int16, [32000, 32001, 32767]),
    (torch.int32, [2**31 - 1, 2**31 - 5, 2**30]),
    (torch.int64, [2**62, 2**62, 2**61]),
    (torch.bool, [True] * 299 + [False]),
    (torch.float16, [60000.0, 50000.0, 40000.0]),
]
LONG = [
    (torch.float16, [0.001] * 1500 + [0.003] * 1500),
    (torch.float16, [1.0] * 1500 + [3.0] * 1500),
    (torch.bfloat16, [1.0] * 1500 + [3.0] * 1500),
]
PRECISE = [
    (torch.float64, [1 / 3, 1e5 / 7, 2.0]),
    (torch.float64, [1 / 3, 1e5 / 7, 2.0, 1 / 7, -0.1]),
    (torch.bfloat16, [2.0**100, 2.0**101, 2.0**102]),
    (torch.int32, [70001, 90001, 80007]),
    (torch.int64, [70001, 90001, 80007]),
    (torch.int32, [2**24 + 1, -(2**24)]),
    (torch.int64, [2**52 + 1, -(2**52)]),
]


def row_by_row(x, dim):
    """A loop, and a tensor for each mean."""
    return torch.stack([row.double().mean().float() for row in x.movedim(dim, -1)])


BENCHMARK = Benchmark(
    "true_mean",
    means="x: shape (n, 64), int8, and dim 1",
    inputs=lambda n: (torch.randint(-128, 128, (n, 64), dtype=torch.int8), 1),
    sizes=(10, 1_000, 100_000),
    bytes_moved=lambda n: 64 * n + 4 * n,  # read x, write the means
    operations=lambda n: 64 * n,
    naive=row_by_row,
    naive_up_to=1_000,
)


def numbers(*shape):
    """1, 2, 4, 7 … of a shape."""
    return np.array([1 + i * (i + 1) // 2 % 97 for i in range(math.prod(shape))]).reshape(shape)


class TestTrueMean(PureFunction):
    name = "true_mean"
    dtypes = (*FLOATS, *INTEGERS, *UNSIGNED, torch.bool)
    cases = [(numbers(2, 3), 1), (numbers(2, 3, 5), 1), (numbers(2, 3, 5), -2)]
    cases += [(numbers(3, 1, 2), 1), (numbers(2, 3), 0), (numbers(5), -1), (numbers(1, 1), -2)]
    cases += [(np.ones((0, 2, 3)), 1)]
    wild = [([[1.0, NAN, 2.0], [1.0, INF, 2.0], [-INF, 0.0, 2.0]], 1)]
    precise = [(dtype, ([row], 1)) for dtype, row in (*LARGE, *LONG, *PRECISE)]
    recorded = False
    ulps = {torch.float32: 4, torch.float64: 4, torch.float16: 1, torch.bfloat16: 1}
    absolute = False
    hints = {
        "shape": "The dimension `dim` goes, the others stay; a negative one counts from the end.",
        "dtype": "A float keeps its dtype: also float16, bfloat16 and float64. Integers and bools"
        " give float32.",
        "device": "Stay on the device of x.",
        "values": "Sum along `dim` and divide by the number of elements there, without rounding to"
        " integers.",
        "wild": "NaN and inf are part of the mean: they are not left out, or taken for something"
        " else.",
        "precise": "Only the last digits differ: no dtype on the way may hold fewer than the"
        " result's.",
        "memory": "Read x and leave it as it is.",
    }
    sentences = {
        "test_has_the_dtype": "A float keeps its dtype; integers and bools give float32.",
        "test_values": "Each element is the mean of those along dim, for every dtype.",
        "test_wild_values": "inf and NaN are part of a mean.",
        "test_no_digit_is_lost": "The mean is right where the sum is too large for x's dtype, or"
        " has many small parts.",
    }

    @aspect("values")
    def test_large_numbers_without_a_sign(self, solution, device):
        """The mean is right where uint64 holds numbers that int64 does not."""
        x = torch.tensor([[2**64 - 1, 2**64 - 1, 2**63]], dtype=torch.uint64).to(device)
        expected = torch.tensor([5 * 2.0**63 / 3])
        expect_values(self.call(solution, [x, 1]), expected, SIGNED, rtol=4 * 2.0**-23, atol=0)

    def truth(self, x, dim):
        rows = np.moveaxis(x, dim, -1)
        means = [math.fsum(row) / len(row) for row in rows.reshape(-1, x.shape[dim]).tolist()]
        return np.array(means).reshape(rows.shape[:-1])

    def result_dtype(self, dtype):
        return dtype if dtype.is_floating_point else torch.float32

    def hint_of(self, row):
        is_known = row.dtype not in UNSIGNED
        return super().hint_of(row) if is_known else NO_SUM.format(dtype=dtype_name(row.dtype))

    def why(self, law, arguments, got, expected):
        if law == "wild" and (got.isnan() & expected.isinf()).any():
            return MINUS
        if law != "precise":
            return ""
        x, dtype = arguments[0], expected.dtype
        if x.size > 1000 or dtype in (torch.float64, torch.bfloat16):
            return MANY if x.size > 1000 else DOUBLE if dtype == torch.float64 else REACH
        return EXACT if abs(expected) < 1 else WHOLE if 70001 in x else SMALL
