"""The checks of autograd/k01_gradient_by_hand: slopes of the loss itself, computed in NumPy."""

import numpy as np
import torch

from dojo.checks.laws import BackwardByHand, exact_slopes

# n, d, k
SIZES = [(4, 2, 3), (3, 1, 2), (5, 2, 1), (1, 3, 2), (1, 1, 1)]


def numbers(*shape, seed=0):
    """From -1 to 1, with one decimal: tanh of a few of them is not yet flat."""
    return np.round(np.random.default_rng(seed).uniform(-1, 1, shape), 1)


def case_of(n, d, k):
    """x, w, b and t."""
    return numbers(n, d, seed=1), numbers(d, k, seed=2), numbers(k, seed=3), numbers(n, k, seed=4)


# weights before the first step: y is exactly 0, and so is x @ w + b
FROM_0 = numbers(2, 3, seed=5), np.zeros((3, 2)), np.zeros(2), numbers(2, 2, seed=6)
MEAN = "This is averaged over the samples: each sample adds to it, so take the sum."
# sums of 10,000 in size, and small ones beside them
LARGE = [[1.0, 0.5], [-1.0, 2.0], [0.5, -0.25]], [[1e4, 0.5, -200.0], [1.0, -1.0, 100.5]]


def loss(x, w, b, t):
    """What the gradients are of."""
    return ((np.tanh(x @ w + b) - t) ** 2).mean()


class TestGradientByHand(BackwardByHand):
    name = "gradient_by_hand"
    tensors = ("x", "w", "b", "t")
    dtypes = (torch.float32, torch.float64)
    results = ("the gradient for w", "the gradient for b")
    cases = [*(case_of(*sizes) for sizes in SIZES), FROM_0]
    wild = [(*LARGE, [0.5, -0.25, 70.0], numbers(3, 3)), ([[1.0]], [[1e4]], [-2e4], [[0.5]])]
    ulps = {torch.float32: 84, torch.float64: 450}  # 1e-5 and 1e-13
    hints = {
        "type": "Return the gradient for w, then that for b: `return for_w, for_b`.",
        "shape": "A gradient has the shape of what it is for: sum over the rows, the samples.",
        "dtype": "Stay in x's dtype: float64 has 16 digits, float32 only 7.",
        "values": "With y = tanh(x @ w + b): the slope of the mean is 2 * (y - t) / (n * k), that"
        " of tanh is 1 - y², and x[r, i] is that of a sum for w[i, j].",
        "wild": "Where a sum is large, y is 1 or -1 and the slope 1 - y² is 0; exp would overflow.",
        "by hand": "Write the formulas yourself: the kata is to do what autograd does.",
        "forbidden": "The slope of tanh is 1 - y²; write that yourself.",
    }
    sentences = {
        "test_returns_a_tensor": "It returns two tensors: the gradients for w and for b.",
        "test_has_the_shape": "The gradients have the shapes of w and b.",
        "test_values": "The gradients are those of mean((tanh(x @ w + b) - t)²).",
        "test_wild_values": "Where the sums are large, the gradients are 0, and not NaN.",
    }

    def truth(self, *arguments):
        return exact_slopes(loss, arguments, 1), exact_slopes(loss, arguments, 2)

    def why(self, law, arguments, got, expected):
        if law == "type" or got.isnan().any():
            return ""
        x, w, b, t = arguments
        sums = x @ w + b
        y, (n, k) = np.tanh(sums), t.shape
        right = 2 / t.size * (y - t) * (1 - y * y)
        others = {
            MEAN: right / n if got.dim() == 1 else 0 * right,
            "It is k times too large: the mean is that of all n * k entries.": right * k,
            "It is n times too large: the mean is that of all n * k entries.": right * n,
            "It is n * k times too large: the loss is the mean of the squares, not their sum.": (
                right * n * k
            ),
            "It is half of the gradient: the slope of a square e² is 2 * e.": right / 2,
            "The sign is wrong: the slope of (y - t)² is 2 * (y - t), not 2 * (t - y).": -right,
            "The slope of tanh is 1 - y², with its output y; here it is made from its input.": (
                2 / t.size * (y - t) * (1 - sums**2)
            ),
            "The slope of tanh, 1 - y², is missing.": 2 / t.size * (y - t),
            "The slope of the square, 2 * (y - t), is missing.": (1 - y * y) / t.size,
        }
        for hint, of_sums in others.items():
            one = x.T @ of_sums if got.dim() == 2 else of_sums.sum(0)
            if np.allclose(one, got, 1e-4, 1e-7) and not np.allclose(one, expected, 1e-4, 1e-7):
                return hint
        return ""
