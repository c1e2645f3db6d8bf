"""The checks of tensors/k01_grid: each coordinate is a fraction, which NumPy computes."""

import warnings

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, dtype_name, expect, expect_shape, expect_values
from dojo.checks.laws import FLOATS, MakingFunction

STEPS = "h points lie h - 1 steps apart, w points w - 1 steps."
ONE = "A single row or column has the coordinate 0: there are 0 steps, so do not divide by them."
COUNT = "A rounded step gives one point too many or too few: count the points instead."
DIGITS = (
    "This is {dtype}. Digits that a narrower dtype, or adding up step by step, has lost do not "
    "come back: in which dtype is each point counted, and each coordinate computed?"
)
INSIDE = "The last coordinate is 1 itself, and rounding must not lead beyond it."

OUTSIDE = "returned {got} at index {index}; expected no coordinate outside of [0, 1]."

LONG = (3, 700)  # uint8 counts to 255 and float16 to 2048: less than there are columns or points
# The exact coordinates of so many points
LINES = [torch.arange(n, dtype=torch.float64) / max(n - 1, 1) for n in range(131)]


def point_by_point(h, w, device, dtype):
    """Each point a list of Python's."""
    points = [[[i / max(h - 1, 1), j / max(w - 1, 1)] for j in range(w)] for i in range(h)]
    return torch.tensor(points, device=device, dtype=dtype)


BENCHMARK = Benchmark(
    "grid",
    means="h = w = n, float32",
    inputs=lambda n: (n, n, torch.get_default_device(), torch.float32),
    sizes=(30, 300, 3_000),
    bytes_moved=lambda n: 2 * 4 * n * n,  # write the two coordinates of each point
    naive=point_by_point,
    naive_up_to=300,
)


class TestGrid(MakingFunction):
    name = "grid"
    dtypes = FLOATS
    last = ("device", "dtype")
    cases = [(3, 2), (2, 3), (3, 3), (5, 4), (1, 3), (3, 1), (1, 1)]
    precise = [(dtype, case) for dtype in FLOATS for case in ((5, 4), LONG)]
    hints = {
        "shape": "First the rows, then the columns, then the two coordinates of each point.",
        "dtype": "Nothing converts by itself: which argument names the dtype of what is made?",
        "device": "Which argument of the functions that make tensors names the device?",
        "values": "[i, j, 0] says how far down row i is, [i, j, 1] how far to the right column j"
        " is.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (h, w, 2).",
        "test_values": "Each point holds its row coordinate, then its column coordinate, from 0 to"
        " 1.",
        "test_no_digit_is_lost": "Each coordinate is as precise as the dtype, and lies in [0, 1].",
    }

    def truth(self, h, w):
        lines = np.arange(h) / max(h - 1, 1), np.arange(w) / max(w - 1, 1)
        return np.stack(np.meshgrid(*lines, indexing="ij"), -1)

    def call(self, solution, arguments):
        with warnings.catch_warnings():  # torch warns of a meshgrid that leaves the order open
            warnings.simplefilter("ignore")
            return super().call(solution, arguments)

    def why(self, law, arguments, got, expected):
        if law != "values":
            return ""
        if 1 in arguments:
            return ONE
        h, w = arguments
        first, last = got.aminmax()
        exact = torch.tensor(self.truth(h, w)) * torch.tensor([h - 1, w - 1])
        has_one_step = any(torch.allclose(got.double() * n, exact) for n in (h - 1, w - 1))
        return STEPS if first != 0 or abs(last - 1) > 1e-5 or has_one_step else ""

    def compare(self, record, expected, hint, rtol, atol):
        """Each number is right to a unit in the last place of 1, and lies in [0, 1]."""
        row, kept = record.row, record.kept.double()
        if row.law == "precise":
            hint = DIGITS.format(dtype=dtype_name(row.dtype))
        exact, limit = torch.tensor(self.truth(*row.case)), torch.finfo(row.dtype).eps
        expect_values(kept, exact, hint, rtol=0, atol=limit)
        for index in ((kept < 0) | (kept > 1)).nonzero().tolist()[:1]:
            at = tuple(index)
            expect(False, OUTSIDE.format(got=kept[at].item(), index=at), INSIDE)

    @aspect("values")
    def test_every_size_is_right(self, solution):
        """The coordinates are right for each number of rows and columns from 1 to 130."""
        for turn, dtype in enumerate(self.dtypes):
            limit, hint = torch.finfo(dtype).eps, DIGITS.format(dtype=dtype_name(dtype))
            for n in range(1, 131, 1 if limit < 1e-6 else 3):
                h, w = (n, 2) if (n + turn) % 2 else (2, n)
                got = self.call(solution, [h, w, "cpu", dtype])
                expect_shape(got, (h, w, 2), COUNT)
                line = (got[:, 1, 0] if w == 2 else got[1, :, 1]).detach().double()
                if (line - LINES[n]).abs().max() > limit:
                    expect_values(line, LINES[n], hint, rtol=0, atol=limit)
