"""The checks of shapes/k01_nchw_to_nhwc: different numbers, placed by NumPy."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import ViewFunction


def with_a_copy(x):
    """The right numbers, each of them copied."""
    return x.permute(0, 2, 3, 1).contiguous()


BENCHMARK = Benchmark(
    "nchw_to_nhwc",
    means="x: shape (8, 3, n, n), float32",
    inputs=lambda n: (torch.randint(9, (8, 3, n, n)).float(),),
    sizes=(16, 128, 512),
    naive=with_a_copy,
)


class TestNchwToNhwc(ViewFunction):
    name = "nchw_to_nhwc"
    shapes = [(2, 3, 2, 4), (1, 3, 4, 2), (2, 1, 2, 3), (2, 3, 1, 2), (1, 1, 1, 1)]
    hints = {
        "shape": "The channels come last; height and width follow the batch in their old order. A"
        " dimension of size 1 keeps its place.",
        "dtype": "Only the order of the dimensions changes, not the kind of number.",
        "values": "`result[n, h, w, c]` is `x[n, c, h, w]`: the dimensions change places, no number"
        " does.",
        "view": "Sizes and strides say it all: which operation reads the same memory in another"
        " order?",
        "memory": "Return another view, and leave the shape and the numbers of x itself alone.",
        "gradient": "The gradient goes the way back: what came from x[n, c, h, w] returns there.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (batch, height, width, channels).",
        "test_values": "result[n, h, w, c] is x[n, c, h, w].",
    }

    def truth(self, x):
        return np.moveaxis(x, 1, 3)
