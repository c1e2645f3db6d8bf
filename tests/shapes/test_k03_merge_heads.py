"""The checks of shapes/k03_merge_heads: different numbers, put together by NumPy head by head."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import MovingFunction


def token_by_token(x):
    """The right numbers, by two loops."""
    tokens = [torch.cat([x[:, h, s] for h in range(x.shape[1])], 1) for s in range(x.shape[2])]
    return torch.stack(tokens, 1)


BENCHMARK = Benchmark(
    "merge_heads",
    means="x: shape (8, 8, n, 64), float32",
    inputs=lambda n: (torch.randint(9, (8, 8, n, 64)).float(),),
    sizes=(16, 128, 1024),
    bytes_moved=lambda n: 2 * 4 * 8 * 8 * n * 64,  # read x, write the result
    naive=token_by_token,
)


class TestMergeHeads(MovingFunction):
    name = "merge_heads"
    shapes = [(2, 2, 3, 4), (2, 3, 2, 2), (2, 3, 3, 3), (1, 2, 3, 2), (2, 1, 3, 2), (2, 2, 1, 3)]
    shapes += [(2, 3, 4, 1), (1, 1, 1, 1)]
    hints = {
        "shape": "Batch, sequence, and last all features of a token: heads times size. A dimension"
        " of size 1 keeps its place.",
        "dtype": "The numbers only change places: keep their dtype, and go through no other one.",
        "values": "A token has the features of its head 0 in a row, then those of its head 1, and"
        " so on.",
        "wild": "Move the numbers without computing with them: 0 * inf and 0 * nan are nan.",
        "memory": "Leave x as it is; only the result has another shape.",
        "tracked": "Work on x itself: `detach`, `.data`, `tolist` and NumPy cut the result off.",
        "gradient": "The gradient goes the way back: what came from x[b, h, s, i] returns there.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (batch, sequence, heads * size).",
        "test_values": "result[b, s, h * size + i] is x[b, h, s, i].",
        "test_gradients": "Each number of the result sends its gradient back to its place in x.",
    }

    def truth(self, x):
        return np.concatenate([x[:, h] for h in range(x.shape[1])], axis=-1)
