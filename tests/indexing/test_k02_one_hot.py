"""The checks of indexing/k02_one_hot: rows of 0 and 1 that Python writes down."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import PureFunction

MANY = [0, 1, 129, 255, 256, 257, 258, 299], 300
FEW_NUMBERS = (torch.float32, torch.bfloat16, torch.int8, torch.uint8)  # all but one lack 257
# index, classes, the number that is no class
OUTSIDE = [([[0, 1], [7, 2]], 3, "7"), ([0, 3, 1], 3, "3"), ([0, 1, -1], 3, "-1"), (3, 3, "3")]
OUTSIDE += [([[-3, 1], [0, 2]], 3, "-3"), (-1, 3, "-1"), ([2**40, 0], 2, "2 ** 40")]
OUTSIDE += [([1, 0], 1, "1")]
RAISE = "Compare all numbers of index with 0 and classes - 1 first, and raise ValueError yourself."


def by_loop(index, classes, dtype):
    """One number at a time."""
    rows = []
    for number in index:
        row = torch.zeros(classes, dtype=dtype)
        row[number] = 1
        rows.append(row)
    return torch.stack(rows)


BENCHMARK = Benchmark(
    "one_hot",
    means="index: shape (n,); 16 classes, float32",
    inputs=lambda n: (torch.randint(16, (n,)), 16, torch.float32),
    sizes=(10, 1_000, 1_000_000),
    bytes_moved=lambda n: 8 * n + 16 * 4 * n,  # read index, write the rows
    naive=by_loop,
    naive_up_to=1_000,
)


class TestOneHot(PureFunction):
    name = "one_hot"
    tensors = ("index",)
    dtypes = (torch.int64,)
    recorded = False
    cases = [
        ([2, 0], 3, torch.float32),
        ([1, 3, 3], 6, torch.float64),  # more classes than index uses
        ([[0, 4, 1], [3, 2, 2]], 5, torch.float32),
        ([[[1], [0]], [[0], [1]], [[1], [1]]], 2, torch.float16),
        (2, 4, torch.int64),  # a single number
        ([0, 0], 1, torch.int32),
        ([1], 2, torch.int16),
        ([[0, 1, 2], [2, 1, 0], [1, 1, 1]], 3, torch.int8),  # all sizes are equal
        ([[2, 1], [0, 0]], 3, torch.uint8),
        ([1, 0, 1], 2, torch.bool),
        (np.zeros((0,)), 4, torch.bfloat16),
        (np.zeros((2, 0)), 4, torch.float32),
        (np.zeros((0, 3)), 4, torch.int64),
    ]
    precise = [(torch.int64, (*MANY, dtype)) for dtype in FEW_NUMBERS]
    refused = [
        ((numbers, classes, torch.float32), None, ValueError, f"{RAISE} Here {bad} is no class.")
        for numbers, classes, bad in OUTSIDE
    ]
    forbidden = "one_hot"
    hints = {
        "shape": "Each number becomes a row: the result has the shape of index, and classes at its"
        " end.",
        "dtype": "The argument dtype says what the result is made of.",
        "device": "The row lies where index lies: new tensors need device=index.device.",
        "values": "Along the last dimension there is 1 at the place of the number, 0 elsewhere.",
        "raises": "A number of index, of whatever shape, becomes a row of so many classes.",
        "empty": "An empty index gives an empty result: no number is outside, nor is one the"
        " smallest.",
        "precise": "With 300 classes, compare numbers in a dtype that holds them all, as int64.",
        "memory": "Only look at index: methods with a trailing underscore change it.",
        "forbidden": "Write it from smaller operations: which number is equal to which class?",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape (*index.shape, classes).",
        "test_has_the_dtype": "The result has the dtype that is asked for.",
        "test_values": "Along the last dimension there is 1 at the place of the number, and 0"
        " elsewhere.",
        "test_no_digit_is_lost": "In each dtype there may be more classes than it has numbers.",
        "test_refuses": "A number below 0 or above classes - 1 raises ValueError.",
        "test_is_made_without": "torch's own one_hot is not used.",
    }

    def hint_of(self, row):
        return self.hints["empty"] if np.size(row.case[0]) == 0 else super().hint_of(row)

    def truth(self, index, classes, dtype):
        rows = [[int(k == number) for k in range(classes)] for number in index.flatten()]
        return np.array(rows).reshape(*index.shape, classes)

    def expected(self, arrays, dtype, part=None):
        return super().expected(arrays, dtype, part).to(arrays[2])
