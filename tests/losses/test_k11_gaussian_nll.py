"""The checks of losses/k11_gaussian_nll: entry by entry in Python's own numbers."""

import math

import numpy as np
import torch

from dojo.checks.laws import LossFunction

FLOAT = (torch.float32,)
SHAPE = "var has mean's shape, or that with 1 as its last size: compare before you compute. What"
SHAPE += " broadcasts makes entries that nobody measured."
EPS = "eps must be above 0: compare it with 0 before you compute, and raise ValueError."
NEGATIVE = "No variance is negative: look at all numbers of var before eps raises them."
# shape of mean, shapes that var must not have
MISFITS = {
    (2, 3): [(3,), (1, 3), (1, 1), (), (3, 2), (2, 2)],
    (3,): [(3, 1), (1, 3)],
    (3, 1): [(3,), (3, 2)],
    (2, 2): [(2,)],
    (): [(1,)],
}


def three(shape, var_shape, seed=0, least=0.5):
    """A mean and a target from -3 to 3, and variances from ``least`` to 4, with one decimal."""
    draw = np.random.default_rng(seed)
    numbers = draw.uniform(-3, 3, (2, *shape)), draw.uniform(least, 4, var_shape)
    return (*np.round(numbers[0], 1), np.round(numbers[1], 1))


def is_similar(a, b):
    """Whether two arrays differ by a factor alone."""
    place = np.abs(b).argmax()
    return np.allclose(a * b.flat[place], b * a.flat[place], 1e-3)


class TestGaussianNLL(LossFunction):
    name = "gaussian_nll"
    tensors = ("mean", "target", "var")
    one_shape = ("mean", "target")
    cases = [
        ([1.0, 2.0, 4.0], [1.5, 2.0, 1.0], [0.5, 3.0, 2.0]),
        ([[1.0, 2.0], [-1.0, 0.5]], [[3.0, 1.0], [-1.5, 0.5]], [[0.0, 0.5], [0.2, 1.0]], 0.5),
        (*three((3, 1), (3, 1), seed=4, least=0.1), 0.7),
        (*three((2, 2, 3), (2, 2, 1), seed=2, least=0.1), 0.7),
        (1.0, 3.0, 0.5),
        (*three((4,), (1,), seed=3), 0.7),
        (*three((2, 3), (2, 1), seed=1)[:2], [[0.2], [3.0]], 1.0),
    ]
    wild = [
        ([1000.0, -500.0], [0.0, 500.0], [0.0, 1e-8]),
        ([[2.0, 1.0], [0.25, -1.0]], [[2.0, 2.0], [0.25, 3.0]], [[0.0], [1e-9]]),
        ([0.5, -0.5], [0.5, -0.5], [0.0, 0.0]),
    ]
    wild_gradients = wild
    refused = [
        ((*three(shape, shape)[:2], np.ones(other)), FLOAT, ValueError, SHAPE)
        for shape, others in MISFITS.items()
        for other in others
    ]
    refused += [((*three((2, 3), (2, 3)), eps), FLOAT, ValueError, EPS) for eps in (0.0, -1e-6)]
    refused += [
        ((*three((2, 3), (2, 3))[:2], var), FLOAT, ValueError, NEGATIVE)
        for var in ([[1.0, -1e-9, 2.0], [1.0, 1.0, 0.5]], [[-2.0], [1.0]])
    ]
    forbidden = "gaussian_nll_loss"
    hints = {
        "shape": "The loss is one number for all entries: their mean, without a dimension.",
        "values": "(log v + d² / v) / 2 for each entry, with v = max(var, eps); then the mean.",
        "wild": "v, with its floor, stands in the logarithm and below the line.",
        "precise": "Only the last digits differ: nothing is added to var, and eps stays in the"
        " dtype of the inputs. A `torch.tensor(eps)` has float32.",
        "gradient": "For mean the slope is -d / v, for target d / v, for var (1/v - d²/v²) / 2:"
        " each over the number of entries.",
        "tracked": "Gradients reach mean, target and var: compute from them by torch's own"
        " operations.",
        "memory": "The floor holds for a copy of var: the caller's numbers stay as they are.",
        "floor": "Below eps var gets no gradient here, so that it never grows again: `clamp` cuts"
        " it off. Raise the number only, and leave the slope 1.",
        "log": "log 0 and 1 / 0 are not finite: raise var to eps in both places first.",
        "forbidden": "The kata is to make it from a logarithm, a square and a division.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor, for inputs of every shape.",
        "test_values": "Each entry costs (log v + d² / v) / 2, and the mean comes back.",
        "test_wild_values": "The loss is right for variances of 0 and differences of 1,000.",
        "test_gradients": "Gradients reach mean, target and var, also where var is below eps.",
        "test_wild_gradients": "Gradients are right for variances of 0 and large differences.",
        "test_refuses": "Another shape of var, a negative variance, or an eps of 0 or less raises"
        " ValueError.",
        "test_is_made_without": "It is made without torch's gaussian_nll_loss.",
    }

    def truth(self, mean, target, var, eps=1e-6):
        triples = np.broadcast(mean, target, np.maximum(var, eps))
        costs = [math.log(v) + (b - a) ** 2 / v for a, b, v in triples]
        return math.fsum(costs) / 2 / len(costs)

    def gradient(self, weights, mean, target, var, eps=1e-6):
        v, d = np.maximum(var, eps), target - mean
        slope = d / v / d.size * weights
        spread = (1 / v - (d / v) ** 2) / 2 / d.size * weights
        if var.shape != mean.shape:
            spread = spread.sum(-1, keepdims=True)
        return [-slope, slope, spread]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        mean, target, var, *rest = arguments
        eps, d = rest[0] if rest else 1e-6, target - mean
        is_low = var < eps
        if "gradient" in law:
            of_var, expected, got = self.gradient(1, *arguments)[2], expected.numpy(), got.numpy()
            if got.shape != var.shape or not is_similar(expected, of_var):
                return ""
            is_dead = expected[is_low].any() and not got[is_low].any()
            return self.hints["floor"] if is_dead else ""
        if not got.isfinite().all():
            return self.hints["log"]
        v, right = np.maximum(var, eps), self.truth(*arguments)
        squares, cost = (d * d / v).mean(), np.log(v + 0 * d).mean()
        with np.errstate(all="ignore"):
            others = {
                "The half is missing.": 2 * right,
                "This is the sum; divide by the number of entries.": right * d.size,
                "The constant log(2 * pi) / 2 is left out in this loss.": right
                + math.log(2 * math.pi) / 2,
                "The half is for the logarithm too.": cost + squares / 2,
                "The half is for the square too.": cost / 2 + squares,
                "A row's variance counts for each of its entries, in the logarithm too.": (
                    np.log(v).sum() / d.size + squares
                )
                / 2,
                "The logarithm is missing: without it a variance of inf would be the best.": (
                    squares / 2
                ),
                "The sign of the logarithm is wrong: a large variance has to cost.": (
                    squares - cost
                )
                / 2,
                "eps is added here; it is a floor, max(var, eps).": self.truth(
                    mean, target, var + eps
                ),
                "eps is an argument: 1e-6 is only its default.": self.truth(mean, target, var),
                "var is taken for the logarithm of the variance.": self.truth(
                    mean, target, np.exp(var), eps
                ),
                "var is taken for a standard deviation; it is the variance already.": self.truth(
                    mean, target, var * var, eps
                ),
                "d is divided by v here, and then squared; the square is divided by v.": (
                    cost + (d * d / v**2).mean()
                )
                / 2,
                "var is taken for 1 / variance.": ((d * d * v).mean() - cost) / 2,
                "The size of d stands for its square here.": (cost + (abs(d) / v).mean()) / 2,
            }
        told = (hint for hint, one in others.items() if not np.isclose(one, right))
        return next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")
