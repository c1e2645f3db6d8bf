"""The checks of tensors/k08_checkerboard: boards laid number by number in NumPy."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import MakingFunction

CORNER = "The corner [0, 0] holds 0."


def number_by_number(rows, cols, device):
    """The board, laid in two loops of Python."""
    lists = [[(i + j) % 2 for j in range(cols)] for i in range(rows)]
    return torch.tensor(lists, device=device)


BENCHMARK = Benchmark(
    "checkerboard",
    means="n rows and n columns, int64",
    inputs=lambda n: (n, n, torch.get_default_device()),
    sizes=(100, 300, 1_000),
    bytes_moved=lambda n: 8 * n * n,  # write each number
    naive=number_by_number,
)


class TestCheckerboard(MakingFunction):
    name = "checkerboard"
    dtypes = (torch.int64,)
    cases = [(2, 3), (2, 2), (3, 2), (3, 3), (3, 4), (4, 3), (4, 6), (5, 7)]
    cases += [(1, 1), (1, 2), (1, 5), (2, 1), (6, 1), (7, 1)]
    # float16 counts to 2048 without a gap, uint8 to 255
    precise = [(torch.int64, size) for size in ((2, 2503), (2503, 2))]
    hints = {
        "shape": "The shape is (rows, cols), whether they are odd or even.",
        "dtype": "Count with integers: int64 is what torch makes of Python's integers.",
        "device": "Make the tensor on the device that the argument names.",
        "values": "A number differs from the one beside it, and from the one below it.",
        "precise": "This board is long: its numbers must not depend on how many come before them.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (rows, cols), for odd and even sizes from 1 on.",
        "test_has_the_dtype": "The dtype is int64.",
        "test_values": "Zeros and ones take turns to the side and down, from a 0 in the corner.",
        "test_no_digit_is_lost": "Thousands of rows or columns take turns to the end.",
    }

    def truth(self, rows, cols):
        return np.array([[(i + j) % 2 for j in range(cols)] for i in range(rows)])

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        others = got[(got != 0) & (got != 1)].tolist()
        if others:
            return f"A board holds 0 and 1 alone, and {others[0]} is neither."
        return CORNER if got[0, 0] != 0 else ""
