"""The checks of autograd/k09_layer_norm_backward: slopes of layer norm itself, in NumPy."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import BackwardByHand, exact_slopes

# shape of x, and eps, if it is given
SHAPES = [((2, 3),), ((2, 1, 2, 4), 0.1), ((4,), 0.5), ((3, 1), 0.01), ((0, 3),)]
AVERAGED = "This is averaged over the rows: each row adds to it, so take the sum."
CONSTANT = [[2.5, 2.5, 2.5], [-1.0, -1.0, -1.0]]


def row_by_row(grad, x, weight):
    """Right, with a step of Python for each row; only for a matrix."""
    rows, for_weight, for_bias = [], 0 * weight, 0 * weight
    for of_row, row in zip(grad, x, strict=True):
        s = (row.var(correction=0) + 1e-5).sqrt()
        n, g = (row - row.mean()) / s, of_row * weight
        rows.append((g - g.mean() - n * (g * n).mean()) / s)
        for_weight, for_bias = for_weight + of_row * n, for_bias + of_row
    return torch.stack(rows), for_weight, for_bias


BENCHMARK = Benchmark(
    "layer_norm_backward",
    means="grad and x: shape (n, 256), float32",
    inputs=lambda n: (
        torch.randint(-4, 5, (n, 256)).float(),
        torch.randint(-4, 5, (n, 256)).float(),
        torch.randint(1, 4, (256,)).float(),
    ),
    sizes=(4, 256, 16_384),
    bytes_moved=lambda n: 3 * 4 * 256 * n,  # read grad and x, write the gradient for x
    operations=lambda n: 15 * 256 * n,
    naive=row_by_row,
    naive_up_to=256,
)


def numbers(shape, seed):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


FAR = 1100 + numbers((6, 4), 4)  # the deviations of the rows are 1.1 to 2.2


def case_of(shape, *eps):
    """grad, x, weight and eps."""
    return numbers(shape, 1), numbers(shape, 5), numbers(shape[-1:], 3), *eps


def weighted(grad, x, weight, bias, eps):
    """What the gradients are of."""
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
    return (grad * (scaled * weight + bias)).sum()


def parts(g, centred, s):
    """The gradient for x in three parts: by itself, by the mean and by the deviation s."""
    n = centred / s
    return g / s, -g.mean(-1, keepdims=True) / s, -n * (g * n).mean(-1, keepdims=True) / s


def rows(x):
    """The sum over all rows."""
    return x.reshape(-1, x.shape[-1]).sum(0)


class TestLayerNormBackward(BackwardByHand):
    name = "layer_norm_backward"
    tensors = ("grad", "x", "weight")
    dtypes = (torch.float32, torch.float64)
    results = ("the gradient for x", "the gradient for weight", "the gradient for bias")
    cases = [*(case_of(*one) for one in SHAPES), (numbers((2, 3), 1), CONSTANT, [1.5, -0.5, 2.0])]
    precise = [(torch.float32, (numbers((6, 4), 1), FAR, numbers((4,), 3)))]
    ulps = {torch.float32: 84, torch.float64: 450}  # 1e-5 and 1e-13
    hints = {
        "type": "Return three tensors: `return for_x, for_weight, for_bias`.",
        "shape": "The gradients for weight and bias are summed over all leading dimensions, which"
        " may be none: then there is one row, and nothing to sum.",
        "dtype": "Stay in x's dtype: float64 has 16 digits, float32 only 7.",
        "values": "With n = (x - mean) / s and g = grad * weight: the gradient for x is"
        " (g - mean(g) - n * mean(g * n)) / s, that for weight the sum of grad * n.",
        "own memory": "The gradient for bias of a single row has the numbers of grad, in memory of"
        " its own.",
        "by hand": "Write the formulas yourself: the kata is to do what autograd does.",
        "forbidden": "Write the formulas yourself, of means and sums.",
    }
    sentences = {
        "test_returns_a_tensor": "It returns the gradients for x, weight and bias.",
        "test_has_the_shape": "The gradients have the shapes of x, weight and bias.",
        "test_values": "The gradients are those of layer norm.",
        "test_no_digit_is_lost": "They are right within 1 % where the mean is 1000 deviations.",
    }

    def truth(self, grad, x, weight, eps=1e-5):
        given = grad, x, weight, np.zeros(weight.shape), eps
        return tuple(exact_slopes(weighted, given, place) for place in (1, 2, 3))

    def compare(self, record, expected, hint, rtol, atol):
        if torch.allclose(record.kept, expected, rtol, atol):
            return
        largest = float(expected.abs().max())
        if record.row.law == "precise":
            super().compare(record, expected, hint, 0, 0.01 * largest)
            return
        grad, x, weight, *eps = record.row.arrays
        s = np.sqrt(x.var(-1, keepdims=True) + (eps or [1e-5])[0])
        sizes = np.abs(grad) * np.maximum(np.abs(weight), np.abs(x)) / s
        super().compare(record, expected, hint, 0, rtol * max(1, largest, sizes.max(initial=0)))

    def why(self, law, arguments, got, expected):
        if law == "precise":
            return "The mean is far from 0 here: subtract it before you square."
        if law != "values":
            return ""
        grad, x, weight, *eps = arguments
        eps, d = eps[0] if eps else 1e-5, x.shape[-1]
        centred = x - x.mean(-1, keepdims=True)
        variance = (centred**2).mean(-1, keepdims=True)
        s, g = np.sqrt(variance + eps), grad * weight
        unbiased, outside = np.sqrt(variance * d / max(1, d - 1) + eps), np.sqrt(variance) + eps
        of_x = parts(g, centred, s)
        others = {
            "The weight is multiplied in at the end here; it belongs in front of the means.": (
                sum(parts(grad, centred, s)) * weight
            ),
            "The weight is missing: (x - mean) / s has the gradient grad * weight.": (
                sum(parts(grad, centred, s))
            ),
            "The part of the deviation is missing: n * mean(g * n).": of_x[0] + of_x[1],
            "The part of the mean is missing: mean(g).": of_x[0] + of_x[2],
            "The mean and the deviation count as constants here; both depend on x.": of_x[0],
            "The division by s is missing.": sum(of_x) * s,
            "These are sums along the row; in the gradient for x, means belong there.": (
                of_x[0] + d * (of_x[1] + of_x[2])
            ),
            "The sign of n * mean(g * n) is wrong: it is taken away.": of_x[0] + of_x[1] - of_x[2],
            "The variance is divided by d - 1 here; divide by d.": (
                sum(parts(g, centred, unbiased))
            ),
            "eps is added to the deviation here; it belongs to the variance, under the root.": (
                sum(parts(g, centred, outside))
            ),
            "This is the sum of grad * x; weight is multiplied by (x - mean) / s.": rows(grad * x),
            "This is the sum of grad alone; weight is multiplied by (x - mean) / s.": rows(grad),
            "The division by s is missing for weight.": rows(grad * centred),
            "weight is a factor here; the gradients for weight and bias have none of it.": (
                rows(g * centred / s)
            ),
        }
        if x.size > d:
            others[AVERAGED] = expected.double().numpy() * d / x.size
        for hint, one in others.items():
            if one.shape == got.shape and np.allclose(one, got, 1e-3, 1e-5):
                return hint
        return ""
