"""The checks of indexing/k12_length_mask: rows of Python's True and False."""

import numpy as np
import torch

from dojo.checks import Benchmark, CheckFailed
from dojo.checks.laws import PureFunction

CASES = [([1, 3, 2], 3), ([2], 4), ([0], 3), ([3], 3), ([2, 0, 3], 4), ([2, 2, 2], 5)]
CASES += [([0, 4, 1, 3, 2, 4, 0], 4), ([1, 0], 1), ([0, 0, 0], 2), ([0, 0, 0], 0), ([0], 0)]
LONG = [([0, 127, 128, 255, 256, 300], 300), ([2049, 2051], 2052)]
EMPTY = "A row of length 0 is False everywhere. The index lengths - 1 is -1 there: the last place."
INVERTED = "This mask is the other way round: True is for what is there, not for the padding."


def row_by_row(lengths, max_length):
    """One comparison for each row, and a copy of them all."""
    positions = torch.arange(max_length)
    return torch.stack([positions < length for length in lengths])


BENCHMARK = Benchmark(
    "length_mask",
    means="lengths: shape (n,), max_length: 64",
    inputs=lambda n: (torch.randint(65, (n,)), 64),
    sizes=(100, 10_000, 1_000_000),
    bytes_moved=lambda n: 8 * n + 64 * n,  # read lengths, write the mask
    operations=lambda n: 64 * n,
    naive=row_by_row,
    naive_up_to=10_000,
)


class TestLengthMask(PureFunction):
    name = "length_mask"
    tensors = ("lengths",)
    dtypes = (torch.int64,)
    layouts = ("contiguous", "every second element", "at an offset", "repeated")
    recorded = False
    cases = CASES
    precise = [(torch.int64, case) for case in LONG]
    hints = {
        "shape": "One row for each length, also if there is only one; max_length columns, also"
        " where no length is that large.",
        "dtype": "What dtype has the result of a comparison?",
        "device": "A tensor made from a number lies on the CPU, unless you say where: where lengths"
        " lies, not where there is a GPU.",
        "values": "Positions count from 0: the first n of them are 0 to n - 1.",
        "precise": "Beyond 127 or 255 positions need more than 8 bits, and beyond 2048 more than"
        " float16 holds.",
        "memory": "Compare lengths; don't write to it.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (B, max_length), whatever the lengths are.",
        "test_has_the_dtype": "The mask is bool.",
        "test_values": "Row b is True in its first lengths[b] elements, and False after them.",
        "test_no_digit_is_lost": "Rows may be longer than a small integer or float16 can count.",
    }

    def truth(self, lengths, max_length):
        rows = [[True] * n + [False] * (max_length - n) for n in lengths.tolist()]
        return np.array(rows, dtype=bool)

    def result_dtype(self, dtype):
        return torch.bool

    def why(self, law, arguments, got, expected):
        if law != "values":
            return ""
        if (arguments[0][(got != expected).any(1).numpy()] == 0).all():
            return EMPTY
        return INVERTED if torch.equal(got, ~expected) else ""

    def hint_of(self, row):
        return super().hint_of(row) if row.case[1] else self.hints["shape"]

    def compare(self, record, expected, hint, rtol, atol):
        """The first row that differs is shown beside its length, where it can be read."""
        lengths, max_length = record.row.arrays
        rows = zip(lengths.tolist(), record.kept.tolist(), expected.tolist(), strict=True)
        for length, row, right in rows:
            if row != right and max_length <= 12:
                sentence = f"returned the row {row} for length {length}; expected {right}."
                raise CheckFailed(sentence, hint, record.kept, expected)
        super().compare(record, expected, hint, rtol, atol)
