"""The checks of layers/k09_group_norm: rows in NumPy, and gradients in closed form."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import PureFunction
from dojo.checks.laws.wording import DIGITS

ROWS = [[1.0, 2.0, 4.0, 0.5, -2.0, 3.0], [0.0, 2.0, 3.0, 8.0, 4.0, 5.0]]
FAR = np.array([[1.0, -1.0, 2.0, 0.5], [0.0, 0.25, -1.5, 1.0]])


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def parts(x, shape, axes, ddof=0):
    """x of another shape, less the mean over some axes; and the variance over these."""
    x = x.reshape(shape)
    return x - x.mean(axes, keepdims=True), x.var(axes, ddof=ddof, keepdims=True)


def group_by_group(x, num_groups, weight, bias):
    """Right, with a step of Python for each sample and each group."""
    samples = []
    for sample in x:
        parts = [part - part.mean() for part in sample.chunk(num_groups)]
        parts = [part / (part.square().mean() + 1e-5).sqrt() for part in parts]
        samples.append(torch.cat(parts))
    return torch.stack(samples) * weight[:, None, None] + bias[:, None, None]


BENCHMARK = Benchmark(
    "group_norm",
    means="x: shape (n, 32, 16, 16), float32, 8 groups",
    inputs=lambda n: (
        torch.randint(9, (n, 32, 16, 16)).float(),
        8,
        torch.arange(32) % 3.0,
        torch.arange(32) % 5.0,
    ),
    sizes=(1, 16, 256),
    bytes_moved=lambda n: 2 * 4 * 32 * 16 * 16 * n,  # read x, write the result
    operations=lambda n: 7 * 32 * 16 * 16 * n,  # two sums, a difference, a square, the affine part
    torchs=torch.nn.functional.group_norm,
    naive=group_by_group,
)


class TestGroupNorm(PureFunction):
    name = "group_norm"
    tensors = ("x", "weight", "bias")
    dtypes = (torch.float32, torch.float64)
    cases = [
        (ROWS, None, None, 2),
        (numbers(2, 4, 1, 3, 1), None, None, 2, 2.0),
        (numbers(2, 4, 2, 4), numbers(4, seed=1), numbers(4, seed=2), 2),
        (numbers(3, 6, seed=3), numbers(6, seed=1), numbers(6, seed=2), 3, 0.1),
        (numbers(2, 3, 5), None, numbers(3, seed=2), 3),
        (numbers(3, 2), None, np.zeros(2), 2, 1.0),
        (numbers(2, 3, 2), numbers(3, seed=1), None, 1),
        (np.zeros((0, 4, 2)), numbers(4), None, 2),
    ]
    precise = [(dtype, (FAR + 1e3, None, None, 2)) for dtype in dtypes]
    ulps = gradient_ulps = 64
    refused = [
        ((numbers(2, 4, 3), None, None, 3), None, ValueError, "3 does not divide 4."),
        ((numbers(3, 2), [1.0, 2.0], None, 4), None, ValueError, "4 does not divide 2."),
    ]
    forbidden = ".*(layer|batch|group|instance|rms|response)_norm.*"
    hints = {
        "shape": "Every number of x has its place in the result: give it x's shape again.",
        "dtype": "Stay in the dtype of x.",
        "raises": "A sample, a group or a channel may be single, N may be 0, and x may have any"
        " strides and any number of dimensions after C.",
        "values": "(x - mean) / sqrt(variance + eps), over the channels and places of one group of"
        " one sample.",
        "affine": "Channel c, which is x[:, c], is multiplied by weight[c]; bias[c] is added. Each"
        " of the two may come alone.",
        "precise": "Subtract the mean before you square: large squares lose the digits that"
        " matter.",
        "gradient": "The mean and the variance depend on x too: gradients go through both.",
        "tracked": "Make it from means, roots and the like: without torch's group norm, detach,"
        " .data or no_grad.",
        "forbidden": "The kata is to make it from means, roots and the like.",
    }
    sentences = {
        "test_values": "Each group of each sample is centred, divided by its deviation, scaled,"
        " shifted.",
        "test_no_digit_is_lost": "Groups whose mean is far from 0 are right within 0.001.",
        "test_refuses": "A number of groups that does not divide C raises ValueError.",
    }

    def call(self, solution, arguments):
        """Call the answer with as few arguments as the case needs."""
        x, weight, bias, groups, *eps = arguments
        given = [weight, bias, *eps]
        while given and given[-1] is None:
            given.pop()
        return getattr(solution, self.name)(x, groups, *given)

    def normalised(self, x, groups, eps):
        """x of mean 0 and variance 1 in each group, and by what that divides; in rows."""
        size = x[:1].size // groups if len(x) else 1
        centred, variance = parts(x, (len(x), groups, size), 2)
        return centred / np.sqrt(variance + eps), np.sqrt(variance + eps)

    def truth(self, x, weight, bias, groups, eps=1e-5):
        rows, _ = self.normalised(x, groups, eps)
        scale = 1 if weight is None else weight
        shift = 0 if bias is None else bias
        return (rows.reshape(x.shape).swapaxes(1, -1) * scale + shift).swapaxes(1, -1)

    def gradient(self, weights, x, weight, bias, groups, eps=1e-5):
        rows, deviation = self.normalised(x, groups, eps)
        by_channel = (-1,) + (1,) * (x.ndim - 2)
        scale = 1 if weight is None else weight.reshape(by_channel)
        g = (weights * scale).reshape(rows.shape)
        means = g.mean(2, keepdims=True), rows * (g * rows).mean(2, keepdims=True)
        others = tuple(axis for axis in range(x.ndim) if axis != 1)
        of_x = ((g - sum(means)) / deviation).reshape(x.shape)
        return [of_x, (weights * rows.reshape(x.shape)).sum(others), weights.sum(others)]

    def compare(self, record, expected, hint, rtol, atol):
        if record.row.law == "precise":
            rtol, atol = 0, 1e-3
        super().compare(record, expected, hint, rtol, atol)

    def why(self, law, arguments, got, expected):
        if law != "values":
            return ""
        if torch.allclose(got, expected, 1e-5, 1e-5):
            return DIGITS
        x, weight, bias, groups, eps = (*arguments, 1e-5)[:5]
        if weight is not None or bias is not None:  # without them, all was right
            return self.hints["affine"]
        n, c = x.shape[:2]
        rows = n, groups, -1
        others = {
            "The variance is divided by one less than the number of squares.": (rows, 2, 1),
            "A group has one mean in all samples here; each sample has its own.": (rows, (0, 2)),
            "num_groups says how many groups there are; here it is taken for their size.": (
                (n, c // groups, -1),
                2,
            ),
            "These are mean and variance of each channel; take those of its group.": (
                (n, c, -1),
                2,
            ),
            "These are mean and variance of all channels; take those of a group.": ((n, 1, -1), 2),
            "A group is every second channel or the like here; its channels are neighbours.": (
                (n, c // groups, groups, -1),
                (1, 3),
            ),
        }
        for hint, other in others.items():
            centred, variance = parts(x, *other)
            if np.allclose((centred / np.sqrt(variance + eps)).reshape(x.shape), got, 1e-3):
                return hint
        centred, variance = parts(x, rows, 2)
        is_outside = np.allclose((centred / (np.sqrt(variance) + eps)).reshape(x.shape), got, 1e-4)
        return "eps is added to the deviation; it belongs under the root." if is_outside else ""
