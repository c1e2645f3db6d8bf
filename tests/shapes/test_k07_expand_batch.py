"""The checks of shapes/k07_expand_batch: x itself, beside each element of the batch."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect, expect_tensor, shares_storage
from dojo.checks.laws import ViewFunction, places

COPY = "returned a copy: its {batch} times {size} numbers lie in other memory than those of x."
COPY_OF_X = "returned a view of a copy: its {size} numbers lie in other memory than those of x."
STRIDE = (
    "returned a tensor with the strides {strides}; expected stride 0 in the first dimension, "
    "so that the {batch} elements of the batch are one."
)
ZERO = "With the stride 0, each step along the first dimension leads to the same memory."


def by_repeating(x, batch):
    """The same numbers, copied once for each element of the batch."""
    return x.repeat(batch, 1, 1)


BENCHMARK = Benchmark(
    "tile_batch",
    means="x: shape (64, 64), float32; batch: n",
    inputs=lambda n: ((torch.arange(64 * 64) % 7.0).reshape(64, 64), n),
    sizes=(1, 32, 1024),
    naive=by_repeating,
)


# shape of x, batch: several dimensions, none, one, sizes of 1; then one element, or none
CASES = [((2, 3), 4), ((), 4), ((3,), 2), ((1, 1), 3), ((2, 1, 2), 5), ((2, 3), 1)]
CASES += [((), 1), ((3,), 0), ((0, 3), 2), ((2, 0), 3)]


class TestTileBatch(ViewFunction):
    name = "tile_batch"
    cases = [(places(shape), batch) for shape, batch in CASES]
    gradient_ulps = 8  # a number has a gradient from each element of the batch
    hints = {
        "shape": "One new dimension, of size batch, in front of all those that x has.",
        "values": "result[i] is x, for each i from 0 to batch - 1.",
        "raises": "x has any number of dimensions, also none, and batch may be 0.",
        "view": "`repeat`, `tile`, `stack`, `contiguous` and indexing copy. Which method only sets"
        " strides?",
        "view of x": "`clone` and `contiguous` copy x. A view can be made of x itself, whatever its"
        " strides.",
        "memory": "`unsqueeze_` and other methods that end in _ change x itself.",
        "gradient": "A number of x has the sum of what was given to it in all result[i].",
    }
    sentences = {
        "test_has_the_shape": "The shape is (batch, *x.shape), whatever shape x has.",
        "test_values": "result[i] has the numbers of x, for each i.",
    }

    def truth(self, x, batch):
        return np.stack([x] * batch) if batch else np.zeros((0, *x.shape), x.dtype)

    @aspect("memory")
    def test_is_a_view(self, solution, device):
        """The result is a view of x, with stride 0 in its first dimension, however x lies."""
        rows = [*self.usual(device), *self.tracked_on(device)]
        for record in self.records(solution, device, rows):
            expect_tensor(record.got)
            (x, batch), strides = record.arguments, record.got.stride()
            if x.numel() == 0 or batch == 0:
                continue
            sentence, hint = COPY, self.hints["view"]
            if strides[0] == 0 or record.row.words:
                sentence, hint = COPY_OF_X, self.hints["view of x"]
            hint = f"{hint} {record.row.words}".strip()
            sentence = sentence.format(batch=batch, size=x.numel())
            expect(shares_storage(record.got, x), sentence, hint)
            is_one = batch == 1 or strides[0] == 0
            expect(is_one, STRIDE.format(strides=strides, batch=batch), ZERO)
