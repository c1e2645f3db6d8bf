"""The checks of layers/k06_layer_norm: the formula in NumPy, and its gradient by differences."""

import numpy as np
import torch

from dojo.checks import Benchmark, aspect, expect_values
from dojo.checks.laws import PureFunction

LARGE = [[6e4, -6e4, 3e4, 5e4], [3e2, 2e2, 1e2, 0.0]]
# bfloat16 holds these numbers, but not their mean, which is 259
EVEN = [[256.0, 258.0, 260.0, 262.0], [262.0, 256.0, 258.0, 260.0]]


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def row_by_row(x):
    """Right, with some steps of Python for each row; only for a matrix without weights."""
    rows = [(row - row.mean()) / (row.var(correction=0) + 1e-5).sqrt() for row in x]
    return torch.stack(rows)


BENCHMARK = Benchmark(
    "layer_norm",
    means="x: shape (n, 256), float32, without weight and bias",
    inputs=lambda n: (torch.randint(9, (n, 256)).float(),),
    sizes=(4, 256, 16_384),
    bytes_moved=lambda n: 2 * 4 * 256 * n,  # read x, write the result
    operations=lambda n: 6 * 256 * n,  # two sums, a difference, a square, the scale
    torchs=lambda x: torch.nn.functional.layer_norm(x, x.shape[-1:]),
    naive=row_by_row,
    naive_up_to=256,
)


class TestLayerNorm(PureFunction):
    name = "layer_norm"
    tensors = ("x", "weight", "bias")
    cases = [
        ([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]],),
        (numbers(3, 3), numbers(3, seed=1), numbers(3, seed=2)),
        (numbers(2, 3, 4), numbers(4, seed=1), numbers(4, seed=2), 0.1),
        (numbers(4), numbers(4, seed=1), None),
        (numbers(2, 5), None, numbers(5, seed=2), 2.0),
        ([[2.5, 2.5], [1.0, -1.0]], [1.5, -0.5], [0.1, 0.2], 1e-3),
        (numbers(3, 1), [2.0], [0.5]),
        (np.zeros((0, 3)), numbers(3)),
    ]
    precise = [(torch.float16, (LARGE,)), (torch.bfloat16, (LARGE,)), (torch.bfloat16, (EVEN,))]
    precise += [(torch.float16, (LARGE, numbers(4, seed=1), numbers(4, seed=2)))]
    ulps = {torch.float32: 64, torch.float64: 64, torch.float16: 10, torch.bfloat16: 6}
    forbidden = ".*(layer|batch|group|instance|rms|response)_norm.*"
    hints = {
        "shape": "Every number of x has its place in the result: keep the dimension of a mean.",
        "dtype": "Compute in float32 where x has 16 bits, but return x's own dtype.",
        "values": "(x - mean) / sqrt(variance + eps) * weight + bias, for each row by itself."
        " Weight and bias may each come alone.",
        "precise": "Squares of 300 are inf in float16, and bfloat16 holds two digits: compute in"
        " float32, but float64 in itself.",
        "far": "Subtract the mean before you square: large squares lose the digits that matter.",
        "gradient": "The mean and the variance depend on x too: gradients go through both.",
        "forbidden": "The kata is to make it from means, roots and the like.",
    }
    sentences = {"test_values": "Each row is centred, divided by its deviation, scaled, shifted."}

    def truth(self, x, weight=None, bias=None, eps=1e-5):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
        return scaled * (1 if weight is None else weight) + (0 if bias is None else bias)

    def why(self, law, arguments, got, expected):
        if law != "values" or len(arguments) > 1:  # the plain row shows which mistake it is
            return ""
        x, mean = arguments[0], arguments[0].mean(-1, keepdims=True)
        others = {
            "The variance is divided by D - 1 here; divide by D.": (x - mean)
            / x.std(-1, ddof=1, keepdims=True),
            "These are the mean and variance of all of x; take those of each row.": (x - x.mean())
            / x.std(),
        }
        return "".join(hint for hint, one in others.items() if np.allclose(one, got, 1e-3))

    @aspect("values")
    def test_is_right_far_from_zero(self, solution, device):
        """Rows whose mean is far from 0 are right within 0.01."""
        for dtype, far in ((torch.float32, 1e4), (torch.float64, 1e8)):
            x = far + np.array([[1.0, -1.0, 2.0, 0.5], [0.0, 0.25, -1.5, 1.0]])
            got = solution.layer_norm(torch.tensor(x, dtype=dtype).to(device))
            expected = torch.tensor(self.truth(x), dtype=dtype)
            expect_values(got, expected, self.hints["far"], rtol=0, atol=0.01)
