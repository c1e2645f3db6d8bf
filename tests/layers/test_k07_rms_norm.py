"""The checks of layers/k07_rms_norm: the formula in NumPy, and its gradient in closed form."""

import numpy as np
import torch

from dojo.checks import expect_values
from dojo.checks.draws import Constant
from dojo.checks.laws import FLOATS, ModuleClass

LARGE = [[6e4, -6e4, 3e4], [3e2, 2e2, 1e2]], [1.0, -0.5, 2.0]
SMALL = [[0.001, -0.002], [0.0, 0.0]]
# a rounding in 16 bits before the end shows in these: of the squares, of the root, of its inverse
TIGHT = {
    torch.float16: (
        [[-2.5, -0.3, -1.0, -1.5], [0.3, 3.0, 2.0, -2.4], [-1.4, -2.5, 2.2, 0.1]],
        [2.5, 1.5, 2.2, 1.0],
    ),
    torch.bfloat16: (
        [[0.3, 0.4, -0.3, 2.8], [0.4, 2.6, -0.7, -3.0], [-2.4, -1.1, 0.3, -2.8]],
        [1.2, 1.9, 1.0, 0.7],
    ),
}


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def near(a, b):
    """Whether two arrays hold the same but for rounding; 1e-6 beside 1 is more than that."""
    return np.allclose(a, b, 3e-7, 1e-9)


class TestRMSNorm(ModuleClass):
    name = "RMSNorm"
    tensors = ("x", "weight")
    parameters = ("weight",)
    torchs = torch.nn.RMSNorm
    dtypes = FLOATS
    cases = [([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]], [1.0, 0.5, 2.0]), (SMALL, [1.5, -0.5])]
    cases += [(numbers(2, 3, 4), numbers(4, seed=1), 0.1), (numbers(4), numbers(4, seed=3), 2.0)]
    cases += [(numbers(3, 1), [2.0], 1e-3), (np.zeros((0, 3)), numbers(3))]
    wild = wild_gradients = [LARGE]
    precise = list(TIGHT.items())
    ulps = {torch.float32: 32, torch.float64: 32, torch.float16: 1.2, torch.bfloat16: 1.2}
    drawn_with = [(300,)]
    forbidden = ".*(layer|batch|group|instance|rms|response)_norm.*"
    hints = {
        "parameters": "`weight` has a number for each feature; there is no bias.",
        "shape": "Every number of x has its place in the result: keep the dimension of a mean.",
        "dtype": "Compute in float32 where x has 16 bits, but return x's own dtype.",
        "values": "x / sqrt(mean of x² + eps) * weight, for each row by itself.",
        "wild": "The square of 300 is inf in float16: compute 16 bits in float32.",
        "precise": "Compute 16 bits in float32 up to the division, and float64 in itself.",
        "initial": "The weight begins with ones.",
        "gradient": "The mean of x² depends on x too: gradients go through it.",
        "forbidden": "The kata is to make it from means, roots and the like.",
    }
    sentences = {
        "test_values": "Each row is divided by its root mean square, and scaled.",
        "test_wild_values": "Numbers as large as 60,000 are right in 16 bits too.",
        "test_wild_gradients": "Gradients are finite and right beside numbers as large as 60,000.",
        "test_initial_values": "A new layer holds ones.",
        "test_is_made_without": "It is made without torch's norm layers, forward and backward.",
    }

    def made_with(self, x, weight, *eps):
        return (len(weight), *eps)

    def initial(self, dim, *eps):
        return {"weight": Constant(1.0)}

    def truth(self, x, weight, eps=1e-6):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * weight

    def gradient(self, weights, x, weight, eps=1e-6):
        size = np.sqrt((x**2).mean(-1, keepdims=True) + eps)
        scaled, slopes = x / size, weights * weight
        of_x = (slopes - scaled * (slopes * scaled).mean(-1, keepdims=True)) / size
        return [of_x, (weights * scaled).reshape(-1, len(weight)).sum(0)]

    def compare(self, record, expected, hint, rtol, atol):
        """Compare with the truth itself: to round it to 16 bits would take half of the room."""
        exact = torch.tensor(self.truth(*record.row.arrays))
        expect_values(record.kept.double(), exact, hint, "", rtol, atol / 1000)

    def gradient_limits(self, expected):
        is_narrow = expected.dtype in (torch.float16, torch.bfloat16)
        share = 0.05 if is_narrow else 32 * torch.finfo(expected.dtype).eps
        return share, share * max([1.0, *expected.abs().flatten().tolist()])

    def why(self, law, arguments, got, expected):
        if law != "values" or got.dtype != torch.float32:
            return ""
        x, weight, eps = [*arguments, 1e-6][:3]
        far, square = x - x.mean(-1, keepdims=True), (x**2).mean(-1, keepdims=True)
        with np.errstate(all="ignore"):
            others = {
                "eps is added to the root here; it belongs under the root.": x
                / (square**0.5 + eps),
                "eps has no effect on these numbers: add it under the root.": np.nan_to_num(
                    x / square**0.5
                ),
                "These are the numbers for eps = 1e-6.": x / (square + 1e-6) ** 0.5,
                "These are the numbers for eps = 1e-5.": x / (square + 1e-5) ** 0.5,
                "The mean is subtracted here, as in layer norm; RMS norm leaves it in.": far
                / ((far**2).mean(-1, keepdims=True) + eps) ** 0.5,
                "x is divided by the root of the sum of squares; take their mean.": x
                / (square * x.shape[-1] + eps) ** 0.5,
                "x is divided by the mean of the squares; take its root.": x / (square + eps),
                "This is the mean square of all of x; take that of each row.": x
                / ((x**2).mean() + eps) ** 0.5,
                "1 is added to the weight here.": x / (square + eps) ** 0.5 * (weight + 1) / weight,
            }
        shown = np.nan_to_num(got.double().numpy())
        return next((words for words, one in others.items() if near(one * weight, shown)), "")
