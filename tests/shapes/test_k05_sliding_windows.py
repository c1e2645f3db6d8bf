"""The checks of shapes/k05_sliding_windows: different numbers, cut out by NumPy one by one."""

import numpy as np
import torch

from dojo.checks import Benchmark, MemoryTrace, aspect, expect
from dojo.checks.laws import ViewFunction, places

THRIFTY = "Windows that overlap share their numbers in memory: none has to be copied on the way."
MEMORY = "took {new:,} bytes of new memory for an x of {own:,} bytes; expected none."


def stacked(x, size, step):
    """The right numbers, each copied into every window that it is in."""
    starts = range(0, x.shape[-1] - size + 1, step)
    return torch.stack([x[..., start : start + size] for start in starts], -2)


BENCHMARK = Benchmark(
    "windows",
    means="x: shape (n,), float32, size 64, step 1",
    inputs=lambda n: (torch.randint(9, (n,)).float(), 64, 1),
    sizes=(100, 1_000, 100_000),
    naive=stacked,
)


# shape of x, size, step; the last number is not always in a window
CASES = [((7,), 3, 1), ((8,), 3, 2), ((7,), 7, 2), ((1,), 1, 1), ((3, 7), 3, 2)]
CASES += [((2, 6), 2, 2), ((2, 1, 7), 2, 9), ((2, 3, 6), 4, 1), ((2, 1, 3, 4), 1, 1)]


class TestWindows(ViewFunction):
    name = "windows"
    cases = [(places(shape), size, step) for shape, size, step in CASES]
    gradient_ulps = 8  # a number has a gradient from each of its windows
    hints = {
        "shape": "Count the windows that fit whole; they come next to last, and their numbers"
        " last.",
        "dtype": "Only the shape changes, not the kind of number.",
        "values": "Window k begins at k * step, and holds the numbers that follow there.",
        "view": "stack, cat, an index tensor and contiguous copy; describe the memory of x anew"
        " instead.",
        "memory": "Return another view, and leave the shape and the numbers of x itself alone.",
        "gradient": "A number of x has the sum of what was given to it in all of its windows.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (..., n, size), for the n windows that fit whole.",
        "test_values": "result[..., k, i] is x[..., k * step + i].",
        "test_is_a_view": "The result lies in the memory of x, however windows overlap.",
    }

    def truth(self, x, size, step):
        starts = range(0, x.shape[-1] - size + 1, step)
        return np.stack([x[..., start : start + size] for start in starts], axis=-2)

    @aspect("memory")
    def test_takes_no_new_memory(self, solution):
        """The windows of 300 numbers out of 600 take no memory beyond that of x."""
        for x in (torch.arange(600.0), torch.arange(1200.0).view(600, 2).T):
            own = x.numel() * x.element_size()
            with MemoryTrace() as trace:
                solution.windows(x, 300, 1)
            new = sum(trace.new)
            # a few numbers, such as an int64 for each window, are no copy; the windows are 150 x
            expect(new <= 4 * own, MEMORY.format(new=new, own=own), THRIFTY)
