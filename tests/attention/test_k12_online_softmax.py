"""The checks of attention/k12_online_softmax: whole rows in NumPy, by Python's exact sums."""

import math

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect, expect_values
from dojo.checks.laws import PureFunction
from dojo.checks.streams import expect_lets_go

LOW = -math.inf
ONCE = "The blocks may come from a generator: go through them once, with `for block in blocks`."
HELD = (
    "Let each block change m and s, and let it go: a list of blocks fills the memory. A name for"
    " the first block, or a view of a block, holds its memory too."
)
NEEDS = "A block that is -inf alone, the first one too, adds 0: -inf - (-inf) is NaN, so subtract 0"
NEEDS += " there."


def at_once(blocks):
    """Right, with all blocks put together."""
    x = torch.cat(blocks, -1)
    m = x.amax(-1)
    return m, (x - m[..., None]).exp().sum(-1)


BENCHMARK = Benchmark(
    "online_softmax",
    means="16 blocks of shape (64, n), float32",
    inputs=lambda n: ([torch.randint(5, (64, n)).float() for _ in range(16)],),
    sizes=(16, 256, 4096),
    bytes_moved=lambda n: 16 * 4 * 64 * n,  # read the blocks
    operations=lambda n: 16 * 3 * 64 * n,  # subtract, exp, add
    naive=at_once,
)


def blocks_of(arguments):
    return [one for one in arguments if one is not None]


def sum_around(m, x):
    """The sum of exp(x - m) along the last dimension."""
    return np.exp(x - np.where(np.isneginf(m), 0, m)[..., None]).sum(-1)


def numbers(*shape, seed=0, rises=0.0):
    """From -3 to 3 and higher, with one decimal."""
    return np.round(np.random.RandomState(seed).uniform(-3, 3, shape) + rises, 1)


PLAIN = ([[1.0, 2.0], [3.0, 0.0]], [[4.0, 3.0, 1.0], [-1.0, 2.0, 0.5]], None)


class TestOnlineSoftmax(PureFunction):
    name = "online_softmax"
    tensors = ("blocks[0]", "blocks[1]", "blocks[2]")
    results = ("m", "s")
    dtypes = (torch.float32, torch.float64)
    cases = [  # None is no block
        PLAIN,
        ([-1.5, 0.5], [2.5], [1.0, -4.0, 3.5]),
        (numbers(2, 3, 2, rises=4), numbers(2, 3, 4, seed=1), numbers(2, 3, 1, seed=2, rises=2)),
        (*(numbers(3, 1, n, seed=n, rises=-3 * n) for n in (3, 2, 4)),),
        ([[-20.5], [-19.0]], None, None),
        ([[-7.5], [3.5]], [[-9.0], [-2.0]], [[-8.5], [4.5]]),
    ]
    wild = [
        ([[500.0, -1e4], [-5e4, LOW]], [[1e4, 9999.0], [-5e4, -5e4]], [[-1e4], [-49999.0]]),
        ([[1e30, -1e30], [-1e30, -1e30]], [[1e30, 0.0], [-1e30, LOW]], [[1e30], [-1e30]]),
        ([[LOW, LOW], [LOW, LOW], [LOW, 2.0]], [[LOW], [1.0], [LOW]], [[LOW], [LOW], [3.0]]),
    ]
    ulps = {torch.float32: 1e-4 * 2**23, torch.float64: 1e-9 * 2**52}
    recorded = False
    hints = {
        "type": "Return the two tensors as `return m, s`.",
        "shape": "Both have the shape of a block without its last dimension.",
        "dtype": "Stay in the blocks' dtype: tensors that you make can have another one.",
        "device": "What you make beside the blocks has to lie where they lie.",
        "values": "When m grows, the sum so far has to shrink by exp(old m - new m).",
        "wild": "Take exp of x - m, which is at most 1, and no logarithm: beside a large m it has"
        " no digits.",
        "precise": "Stay in the blocks' dtype or a wider one.",
        "raises": "`for block in blocks` goes through a list, a tuple and a generator alike.",
        "memory": "Write into no block: it may be a part of something else.",
        "own memory": "`block[..., 0]` is a view of its block, also where that has one column: make"
        " a new tensor.",
    }
    sentences = {
        "test_has_the_shape": "m and s have the shape of a block without its last dimension.",
        "test_has_the_dtype": "m and s have the dtype of the blocks.",
        "test_stays_on_the_device": "m and s lie where the blocks lie.",
        "test_values": "They are the maximum of all blocks, and the sum of exp(x - m).",
        "test_wild_values": "-inf adds nothing, and numbers of 1e30 do not overflow.",
        "test_leaves_its_inputs": "The blocks stay as they are.",
        "test_has_memory_of_its_own": "m and s lie in memory of their own, not in that of a block.",
    }

    def call(self, solution, arguments):
        return solution.online_softmax(blocks_of(arguments))

    def truth(self, *arguments):
        x = np.concatenate(blocks_of(arguments), -1)
        m = x.max(-1)
        gaps = (x - np.maximum(m, -1e300)[..., None]).reshape(-1, x.shape[-1])
        return m, np.reshape([math.fsum(map(math.exp, row)) for row in gaps.tolist()], m.shape)

    def compare(self, record, expected, hint, rtol, atol):
        if record.row.subject == "m":  # it is one of the numbers
            rtol = atol = 0
        super().compare(record, expected, hint, rtol, atol)

    def why(self, law, arguments, got, expected):
        if law != "wild":
            return super().why(law, arguments, got, expected)
        if got.isnan().any():
            return NEEDS
        if (expected == LOW).any():
            return "Of -inf alone the maximum is -inf, and not the number that m began with."
        is_m = (expected.abs() > 1000).any()
        return "m begins with -inf: any other number may be above all entries." if is_m else ""

    def others(self, *arguments):
        blocks = blocks_of(arguments)
        tops = [one.max(-1) for one in blocks]
        running = np.maximum.accumulate(tops)
        parts = [sum_around(m, one) for m, one in zip(running, blocks, strict=True)]
        inverted = 0
        for n, part in enumerate(parts):
            inverted = inverted * np.exp(running[n] - running[max(n - 1, 0)]) + part
        last, final = blocks[-1], running[-1]
        return {
            "When m grows, the sum so far has to shrink by exp(old m - new m); here it stays.": (
                sum(parts)
            ),
            "The factor is inverted here: when m grows, exp(old m - new m) is below 1.": inverted,
            "Each block has a maximum of its own here; m is that of all blocks.": sum(
                map(sum_around, tops, blocks)
            ),
            "m is the maximum of all blocks; here it is that of the last one.": tops[-1],
            "This is the sum of the last block alone.": sum_around(final, last),
            "This is the sum of the last block alone, around its own maximum.": sum_around(
                tops[-1], last
            ),
            "m begins with 0 here, which may be above all entries: begin with -inf.": (
                np.maximum(final, 0)
            ),
            "This is log(s); s is the sum itself.": np.log(self.truth(*arguments)[1]),
        }

    @aspect("values")
    def test_goes_through_the_blocks_once(self, solution, device):
        """The blocks may come from a generator, from a tuple, or from an object with __iter__."""

        class Source:
            loops = 0

            def __iter__(self):
                self.loops += 1
                return iter(given)

        arrays = [numbers(3, n, seed=n, rises=n) for n in (2, 1, 4, 3, 2)]
        given = [torch.tensor(one).to(device) for one in arrays]
        source = Source()
        for blocks in ((one for one in given), source, tuple(given)):
            solution.hint = ONCE
            got = solution.online_softmax(blocks)
            self.expect_sums(got, arrays, ONCE)
        expect(source.loops == 1, f"went through the blocks {source.loops} times.", ONCE)

    @aspect("memory")
    def test_lets_the_blocks_go(self, solution):
        """When a block is asked for, those before the last one are gone, and no copy is left."""
        arrays = [numbers(20, 200, seed=n, rises=n % 3) for n in range(6)]
        given, solution.hint = [torch.tensor(one) for one in arrays], HELD
        got = expect_lets_go(solution.online_softmax, given, "block", HELD)
        self.expect_sums(got, arrays, HELD)

    def expect_sums(self, got, arrays, hint):
        for (subject, one), right in zip(self.results_of(got), self.truth(*arrays), strict=True):
            expect_values(one, torch.tensor(right), hint, subject, 1e-9, 0)
