"""The checks of tensors/k07_float_bits: memory that was filled with known bits."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect
from dojo.checks.laws import PureFunction, ViewFunction
from dojo.checks.laws.rows import Row

MEMORY = (
    "`contiguous`, `clone` and `reshape` may copy, and nothing has to be copied: describe the"
    " memory of x anew, by another dtype."
)
SIGN = "The sign bit is lost: `abs` and some masks take it away, and x + 0.0 makes 0.0 of -0.0."
ORDER = "These are the right bits in another order: x has an offset and strides, which count too."
WRITTEN = "wrote to {one}, and {other} shows {got}; expected {expected}, as both share memory."

# The bits of 1.5, -2.0, -0.0, inf, the smallest and the largest float32, a NaN with a message in
# its fraction, a negative NaN, and 16777216.0, the first float32 whose neighbour is 2 away.
BITS = [0x3FC00000, -0x40000000, -0x80000000, 0x7F800000, 1, 0x7F7FFFFF]
BITS += [0x7FC01234, -0x3FFFFF, 0x4B800000, 0]
SHAPES = [(2, 3), (10,), (3, 1, 2), (2, 2, 2), (1,), (), (0,), (2, 0)]
ONE, TWO = 0x3F800000, 0x40000000  # the bits of 1.0 and 2.0

BENCHMARK = Benchmark(
    "float_bits",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0,),
    sizes=(1_000, 100_000, 10_000_000),
    naive=lambda x: x.clone().view(torch.int32),
)


class TestFloatBits(ViewFunction):
    name = "float_bits"
    dtypes = (torch.float32,)
    cases = [(np.array(BITS[: int(np.prod(shape))]).reshape(shape),) for shape in SHAPES]
    recorded = False
    moves_wild = False  # such numbers are in every case
    may_be_itself = False
    compare = PureFunction.compare
    hints = {
        "shape": "Each float32 is one int32: the shape stays as it is.",
        "dtype": "int32 is as wide as float32, and has a sign: read the bits as this dtype.",
        "device": "NumPy reads the CPU's memory only, and a copy there is not x's: where x lies,"
        " the integers lie.",
        "values": "`to` and `int` convert the number. Which method reads the same memory as another"
        " dtype?",
        "raises": "Which method reads the memory of x as another dtype, however x lies there?",
        "view": MEMORY,
        "memory": "x stays as it is, down to the last bit.",
    }
    sentences = {
        "test_has_the_shape": "Each float32 becomes one int32, in every shape.",
        "test_has_the_dtype": "The dtype is int32.",
        "test_values": "The integers have the bits of the floats, those of -0.0, inf and NaN too.",
        "test_is_a_view": "The integers lie in x's own memory: nothing is copied.",
    }

    def tensor(self, name, value, dtype):
        return torch.tensor(value, dtype=torch.int32).view(dtype)

    def other_case(self, arrays):
        return [np.roll(self.truth(*arrays), 1)]

    def truth(self, x):
        return x.astype(np.float32).view(np.int32)

    def why(self, law, arguments, got, expected):
        if law != "values":
            return ""
        wrong = got != expected
        if torch.equal(got[wrong], expected[wrong] & 0x7FFFFFFF):
            return SIGN
        is_moved = torch.equal(got.flatten().sort().values, expected.flatten().sort().values)
        return ORDER if is_moved else ""

    def result_dtype(self, dtype):
        return torch.int32

    @aspect("memory")
    def test_writes_are_seen_both_ways(self, solution, device):
        """What is written to x shows in the integers, and the other way round."""
        for row in (Row(self, self.cases[0], torch.float32, place) for place in (0, 1)):
            x = self.arguments_of(row, device)[0]
            got = self.call(solution, [x])
            hint = f"{row.words} {MEMORY}".strip()
            x[1, 2] = 1.0
            seen = got[1, 2].tolist()
            sentence = WRITTEN.format(one="x", other="the result", got=seen, expected=ONE)
            expect(seen == ONE, f"was called; a check {sentence}", hint)
            with torch.no_grad():
                got[0, 1] = TWO
            seen = x[0, 1].tolist()
            sentence = WRITTEN.format(one="the result", other="x", got=seen, expected=2.0)
            expect(seen == 2.0, f"was called; a check {sentence}", hint)
