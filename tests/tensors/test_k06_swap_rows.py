"""The checks of tensors/k06_swap_rows: different numbers, whose rows NumPy swaps."""

import numpy as np
import torch

from dojo.checks import Benchmark, expect
from dojo.checks.laws import ALL, InPlaceFunction, places
from dojo.checks.laws.numbers import with_all_digits
from dojo.checks.messages import numbers_text

DOUBLED = "x[i] is a view: once its row is overwritten, it shows the new numbers. Copy a row first."
SAME = "What do your steps do to row i when j is the same row?"
NEGATIVE = "Negative rows count from the end: row -1 is the last one."
EXACT = "The rows move as they are: arithmetic, or another dtype on the way, changes numbers."
CLOSE = "This is the right row, but not as it was."
FOUND = "NaN equals nothing, not even itself: find a row by its number, not by its values."
EMPTY = "Here a row has no elements. Rows lie along the first dimension: row i is `x[i]`."
AROUND = "Only the two rows of x may change."

ROW = "left {got} in row {row} of x; expected {expected}, {which}."
ZERO = "made {got} of {expected}: 0.0 and -0.0 are equal, but not the same."

INF, NAN = float("inf"), float("nan")
# Rows that lose something in arithmetic or in another dtype.
DELICATE = {
    torch.float16: [[60000.0, 1.0], [0.001, 2.0], [1.0009765625, 0.1]],
    torch.complex128: [[1 + 2.0**-40 * 1j, 1e300], [1j, 2.0], [-1e-300j, 2j]],
}
# shape of x, i, j; the last four are one row, or rows of nothing
CASES = [((3, 2), 0, 2), ((5, 2), 3, 0), ((5, 2), -1, 0), ((4, 2, 3), 0, 2)]
CASES += [((3, 2, 1, 2), 2, 1), ((5, 2), 2, -3), ((5, 1), 2, 2), ((1, 1), 0, -1), ((3, 0), 0, 2)]


def by_a_copy_of_everything(x, i, j):
    """Right, but all rows are read and written though two of them change."""
    order = list(range(len(x)))
    order[i], order[j] = order[j], order[i]
    return x.copy_(x[order])


BENCHMARK = Benchmark(
    "swap_rows_",
    means="x: shape (n, 64), float32; its first and last row",
    inputs=lambda n: (torch.arange(64.0 * n).reshape(n, 64) % 7, 0, n - 1),
    sizes=(10, 1_000, 100_000),
    bytes_moved=lambda _n: 4 * 64 * 4,  # read and write two rows
    naive=by_a_copy_of_everything,
)


def almost(got, expected):
    """Whether only digits differ, or imaginary parts."""
    real = [(one.real if one.is_complex() else one).double() for one in (got, expected)]
    return torch.allclose(*real, 1e-2, 0)


class TestSwapRows(InPlaceFunction):
    name = "swap_rows_"
    dtypes = ALL  # and complex128, which precise has
    cases = [(places(shape), i, j) for shape, i, j in CASES]
    wild = [([[1.5, -0.0], [NAN, 2.0], [-INF, NAN]], 0, 2)]
    precise = [(dtype, (rows, 0, 2)) for dtype, rows in DELICATE.items()]
    ulps = 0
    recorded = False
    hints = {
        "raises": EXACT,
        "values": "Rows lie along the first dimension: row i is `x[i]`.",
        "unchanged": "Which row goes where, and is it written to x, or to a copy?",
        "wild": EXACT,
        "precise": EXACT,
        "in place": "Write into x with an assignment such as `x[…] = …`; a new tensor leaves x as"
        " it was.",
        "moved": "`x.data = …` gives x other memory. Write into the memory that it has.",
    }
    sentences = {
        "test_values": "Rows i and j change places, -1 is the last row, and the others stay.",
        "test_wild_values": "inf, NaN and -0.0 move as they are.",
        "test_no_digit_is_lost": "The numbers of both rows stay as they are, in every dtype.",
    }

    def tensor(self, name, value, dtype):
        is_place = isinstance(value, np.ndarray)
        return with_all_digits(value, dtype) if is_place else super().tensor(name, value, dtype)

    def truth(self, x, i, j):
        order = list(range(len(x)))
        order[i], order[j] = order[j], order[i]
        return x[order]

    def hint_of(self, row):
        if not np.size(row.case[0]):
            return EMPTY
        return NEGATIVE if min(row.case[1:]) < 0 else super().hint_of(row)

    def why(self, law, arguments, got, expected):
        x, i, j = arguments
        if i % len(x) == j % len(x):
            return SAME
        if law == "wild" and any(np.array_equal(got[k], x[k], equal_nan=True) for k in (i, j)):
            return FOUND
        if law != "values":
            return ""
        is_right = [torch.equal(*rows) for rows in zip(got, expected, strict=True)]
        if is_right[i] and is_right[j]:
            return AROUND
        if almost(got, expected):
            return CLOSE
        return NEGATIVE if min(i, j) < 0 else DOUBLED if torch.equal(got[i], got[j]) else ""

    def compare(self, record, expected, hint, rtol, atol):
        """A row that is wrong is shown as a whole, first those that should be swapped."""
        x, i, j = record.row.arrays
        sources, kept = self.truth(np.arange(len(x)), i, j).tolist(), record.kept
        if record.row.law == "values" and x[0].size <= 4 and not almost(kept, expected):
            for row in sorted(range(len(x)), key=lambda row: row not in (i % len(x), j % len(x))):
                got, right = (numbers_text(one[row]).strip() for one in (kept, expected))
                source = sources[row]
                which = "as before" if source == row else f"which row {source} held before"
                sentence = ROW.format(got=got, row=row, expected=right, which=which)
                expect(torch.equal(kept[row], expected[row]), sentence, hint)
        super().compare(record, expected, hint, rtol, atol)

    def expect_truth(self, record, words=""):
        super().expect_truth(record, words)
        if record.row.law != "wild":
            return
        got, right = (one.flatten().tolist() for one in (record.kept, record.row.expected))
        for now, then in zip(got, right, strict=True):
            sentence = ZERO.format(got=now, expected=then)
            expect(then != 0 or str(now) == str(then), sentence, EXACT)
