"""The checks of indexing/k10_segment_ids: numbers repeated by Python's own lists."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect
from dojo.checks.laws import PureFunction
from dojo.checks.looping import expect_no_loop

LENGTHS = [[2, 1, 3], [1, 1, 1], [4], [3, 1, 2, 5]]
WITH_EMPTY = [[0, 2], [2, 0, 3], [2, 0], [1, 0, 0, 0, 2], [3, 0, 0], [0, 2, 0, 0, 1, 0, 0, 4, 0]]
WITH_NOTHING = [[], [0], [0, 0, 0]]
# lengths whose sum, or of which there are, more than 8 or 16 bits can count
BEYOND = [[100, 0, 250, 50], [1] * 300, [3, 40_000, 2], [0] * 33_000 + [2]]
EMPTY = "A segment of length 0 does not occur, but the next one has the next number all the same."
NOTHING = "Without any element an int64 tensor of shape (0,) is due."
MANY = "Stay in int64 on the way: {bits} bits are too few to count that far."
LOOP = "One operation for all segments at once: no loop in Python, no `tolist`, no `item` for each."
GROWING = {
    "4 lengths": [2, 0, 3, 1],
    "128 lengths": [i * i % 5 for i in range(128)],
    "4 lengths that add up to 400": [100, 0, 250, 50],
}
SPARE = 10  # operations or steps that may come with the size: a branch, but no loop


def piece_by_piece(lengths):
    """A tensor for each segment, then all of them joined."""
    pieces = [torch.full((int(length),), i) for i, length in enumerate(lengths)]
    return torch.cat(pieces)


BENCHMARK = Benchmark(
    "segment_ids",
    means="lengths: shape (n,), from 0 to 7",
    inputs=lambda n: (torch.arange(n) % 8,),
    sizes=(16, 1024, 1 << 20),
    bytes_moved=lambda n: 8 * n + 28 * n,  # read the lengths, write 3.5 times as many numbers
    naive=piece_by_piece,
    naive_up_to=1024,
)


class TestSegmentIds(PureFunction):
    name = "segment_ids"
    tensors = ("lengths",)
    dtypes = (torch.int64,)
    layouts = ("contiguous", "every second element", "at an offset", "repeated")
    recorded = False
    cases = [(lengths,) for lengths in [*LENGTHS, *WITH_EMPTY, *WITH_NOTHING]]
    precise = [(torch.int64, (lengths,)) for lengths in BEYOND]
    hints = {
        "shape": "Each element of each segment has its place: as many as the lengths add up to.",
        "dtype": "Numbers of segments are indices, and so int64.",
        "device": "Make new tensors where lengths is: `device=lengths.device`.",
        "values": "The number i stands as often as lengths[i] says, counted from 0.",
        "memory": "The numbers go into a new tensor; lengths stays as it is.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (sum of the lengths,).",
        "test_has_the_dtype": "The numbers are int64.",
        "test_values": "The number i stands as often as lengths[i] says, in ascending order.",
        "test_no_digit_is_lost": "There may be more segments and more elements than a small"
        " integer can count.",
    }

    def tensor(self, name, value, dtype):
        return torch.from_numpy(np.array(value, dtype=np.int64))  # of thousands, in less time

    def truth(self, lengths):
        numbers = [i for i, n in enumerate(lengths.tolist()) if n for _ in range(n)]
        return np.array(numbers, dtype=np.int64)

    def why(self, law, arguments, got, expected):
        lengths = arguments[0]
        if law == "precise":
            bits = 16 if max(lengths.sum(), lengths.size) > 2**15 else 8
            return f"{self.hints['values']} {MANY.format(bits=bits)}"
        return EMPTY if law == "values" and (lengths == 0).any() else ""

    def hint_of(self, row):
        return super().hint_of(row) if row.arrays[0].any() else NOTHING

    @aspect("cost")
    def test_does_not_loop(self, solution):
        """The number of operations does not grow with the lengths."""
        inputs = {words: [torch.tensor(lengths)] for words, lengths in GROWING.items()}
        expect_no_loop(solution.segment_ids, inputs, SPARE, LOOP)
