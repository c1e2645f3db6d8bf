"""The checks of indexing/k03_accumulate: sums of small whole numbers, row by row."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect
from dojo.checks.laws import FLOATS, INTEGERS, InPlaceFunction
from dojo.checks.laws.once import once
from dojo.checks.laws.rows import Row

INF, NAN = float("inf"), float("nan")
BUFFER = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [0, 1, 0]]
INDEX = [2, 0, 2, 3, 2, 0]
SOURCE = [[10, 20, 30], [1, 1, 2], [40, 0, 5], [3, 3, 3], [10, 20, 30], [20, 30, 40]]
WILD = [[1.0, 1.0], [INF, 1.0], [1.0, NAN], [1.0, 1.0], [1.0, 1.0]]
WILD_SOURCE = [[INF, 1.0], [NAN, 2.0], [3.0, -INF], [4.0, 5.0]]
# dtype → numbers whose sum it holds, though a narrower one, or float for int, does not
LONG = {
    torch.float64: (1 + 2.0**-40, 2 + 2.0**-40),
    torch.float32: (1 + 2.0**-20, 2 + 2.0**-20),
    torch.float16: (1 + 2.0**-9, 2 + 2.0**-9),
    torch.bfloat16: (2.0**100, 2.0**101),
    torch.int64: (2**60 + 1, 2**61 + 2),
    torch.int32: (2**29 + 1, 2**30 + 2),
}


def row_by_row(buffer, index, source):
    """One row after the other."""
    for i, row in zip(index, source, strict=True):
        buffer[i] += row
    return buffer


BENCHMARK = Benchmark(
    "accumulate_",
    means="buffer: shape (256, 16); source: shape (n, 16), float32",
    inputs=lambda n: (
        torch.zeros(256, 16),
        torch.randint(256, (n,)),
        torch.randint(9, (n, 16)).float(),
    ),
    sizes=(10, 1_000, 1_000_000),
    bytes_moved=lambda n: n * (8 + 16 * 4) + 2 * 256 * 16 * 4,  # read all, write buffer
    operations=lambda n: n * 16,
    naive=row_by_row,
    naive_up_to=1_000,
)


def case(shape, index):
    """A buffer of this shape, and small numbers for each row that an index names."""
    buffer = np.arange(np.prod(shape)).reshape(shape)
    source = np.arange(len(index) * buffer[0].size) % 7 + 1
    return buffer, np.array(index, dtype=int), source.reshape(len(index), *shape[1:])


class TestAccumulate(InPlaceFunction):
    name = "accumulate_"
    tensors = ("buffer", "index", "source")
    fixed = {"index": torch.int64}
    dtypes = (*FLOATS, *INTEGERS)
    recorded = False
    cases = [([1, 2, 3], [2, 0, 2], [10, 20, 40]), (BUFFER, INDEX, SOURCE)]
    cases += [case((3, 2, 2), [2, 0, 2, 2]), case((5, 2), [i * i % 7 % 5 for i in range(40)])]
    cases += [case((1, 2), [0, 0, 0]), case((5, 1), [4]), case((3,), []), case((1,), [0, 0])]
    wild = [(WILD, [3, 0, 3, 1], WILD_SOURCE)]
    precise = [(dtype, ([one, 0], [0, 1], [other, 0])) for dtype, (one, other) in LONG.items()]
    ulps = 0
    hints = {
        "values": "Each source row is added once to the buffer row of its index, to what stands"
        " there already.",
        "lost": "Only the last of several rows with the same index arrived: each of them is to be"
        " added.",
        "taken": "The source rows took the place of the buffer rows: they are to be added to them.",
        "raises": "A row may be a number, a row or a matrix: only the first dimension is indexed.",
        "empty": "index and source may be empty: nothing is added, and there is no largest index.",
        "numpy": "NumPy has neither a GPU nor bfloat16. Which of torch's own operations adds rows"
        " in place, also where an index repeats?",
        "wild": "0 * inf is NaN: add each row to its own place, and nothing to the others.",
        "precise": "Stay in the dtype of buffer: on the way through another one, digits get lost.",
        "in place": "`buffer = …` only gives a new tensor that name. Write into the memory that"
        " buffer has.",
        "itself": "buffer itself is meant: the object that came in.",
        "copied": "`reshape` and `contiguous` copy such a buffer: write into buffer itself.",
        "moved": "`buffer = …` and `buffer.data = …` only give it other memory. Write into the"
        " memory that it has.",
        "memory": "Only buffer may change.",
    }
    sentences = {
        "test_values": "Each source row is added to the buffer row of its index, also where the"
        " index repeats.",
        "test_wild_values": "inf and NaN in source reach the row of their index only, and those in"
        " buffer stay there.",
        "test_no_digit_is_lost": "The sums are as precise as the dtype of buffer.",
    }

    @once
    def precise_rows(self):
        """They are asked once more where every second element of a memory is the buffer's."""
        return [
            Row(self, case, dtype, place, "precise")
            for place in (0, 2)
            for dtype, case in self.precise
        ]

    def hint_of(self, row):
        if np.size(row.case[1]) == 0:
            return self.hints["empty"]
        is_numpys = row.dtype == torch.bfloat16 and not row.words
        if is_numpys:
            return self.hints["numpy"]
        return f"{super().hint_of(row)} {self.hints['copied'] if row.words else ''}".strip()

    def truth(self, buffer, index, source):
        sums = buffer.copy()
        for i, row in zip(index, source, strict=True):
            sums[i] = sums[i] + row
        return sums

    def others(self, buffer, index, source):
        last, taken = buffer.copy(), buffer.copy()
        for i, row in zip(index, source, strict=True):
            last[i], taken[i] = buffer[i] + row, row
        return {self.hints["lost"]: last, self.hints["taken"]: taken}

    @aspect("values")
    def test_source_may_be_repeated(self, solution, device):
        """It is right for an index and a source that are one part of memory, repeated."""
        self.expect_unchanged_inputs(solution)
        row = Row(self, ([[1, 2], [3, 4], [5, 6]], [2, 2, 2], [[10, 20]] * 3), torch.float32)
        arguments = self.arguments_of(row, device)
        arguments[1:] = [one[:1].expand(one.shape) for one in arguments[1:]]
        self.expect_truth(self.ask_again(solution, device, row, arguments))
