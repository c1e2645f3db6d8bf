"""The checks of shapes/k02_split_heads: different numbers, cut out by NumPy head by head."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import ViewFunction, places


def with_a_copy(x, heads):
    """The right numbers, each of them copied."""
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2).contiguous()


BENCHMARK = Benchmark(
    "split_heads",
    means="x: shape (8, n, 512), float32, 8 heads",
    inputs=lambda n: (torch.randint(9, (8, n, 512)).float(), 8),
    sizes=(16, 128, 1024),
    naive=with_a_copy,
)


# shape of x, heads
CASES = [((2, 3, 8), 2), ((2, 3, 6), 3), ((1, 3, 4), 2), ((2, 1, 6), 2)]
CASES += [((2, 3, 4), 1), ((2, 3, 4), 4), ((1, 1, 1), 1)]
# In the last two heads divides the length of the sequence, and so the number of all elements.
UNDIVIDED = [((1, 5, 5), 2), ((1, 3, 2), 4), ((1, 3, 1), 5), ((2, 4, 6), 4), ((1, 3, 4), 3)]
UNDIVIDED += [((2, 3, 7), 3), ((1, 2, 10), 4), ((1, 5, 9), 6), ((1, 1, 12), 8)]
DIVIDE = "{} features cannot be shared by {} heads: ask whether they can before you split them."

SHARED = "{} heads share {} features here: it is the last size of x, x.shape[2], that is divided."

SPLIT = "Split the features alone, and join no dimensions: that needs a copy for some strides."


class TestSplitHeads(ViewFunction):
    name = "split_heads"
    cases = [(places(shape), heads) for shape, heads in CASES]
    refused = [
        ((places(shape), heads), [torch.float32], ValueError, DIVIDE.format(shape[2], heads))
        for shape, heads in UNDIVIDED
    ]
    hints = {
        "shape": "Batch, heads, sequence, and last what each head has of the features. A dimension"
        " of size 1 keeps its place.",
        "dtype": "Only the shape changes, not the kind of number.",
        "values": "Head h of a token has `size` features in a row: those from `h * size` on.",
        "view": "Splitting a dimension and swapping two need no copy. Which operation of yours"
        " makes one?",
        "memory": "Return another view, and leave the shape and the numbers of x itself alone.",
        "gradient": "The gradient goes the way back: result[b, h, s, i] came from"
        " x[b, s, h * size + i].",
    }
    sentences = {
        "test_has_the_shape": "The shape is (batch, heads, sequence, features / heads).",
        "test_values": "result[b, h, s, i] is x[b, s, h * size + i].",
        "test_refuses": "Features that cannot be divided by heads raise ValueError.",
    }

    def truth(self, x, heads):
        return np.stack(np.split(x, heads, axis=2), axis=1)

    def hint_of(self, row):
        if row.words:
            return f"{SPLIT} {row.words}"
        x, heads = row.case
        return SHARED.format(heads, x.shape[2])
