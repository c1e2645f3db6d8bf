"""The checks of training/k03_linear_regression: NumPy's least squares, and a loop over sums."""

import numpy as np
import torch

from dojo.checks import aspect, expect, untouched
from dojo.checks.laws import PureFunction

LAYOUTS = ("contiguous", "transposed", "every second element", "repeated")
FLOATS = (torch.float32, torch.float64)
LINE = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
SHAPE = "One number for each row of x, also if there is one row or none, or one feature."
DTYPE = "Zeros and ones that are made beside x have torch's default dtype, unless you name x's."
DEVICE = "Zeros and ones that are made beside x lie on the CPU, unless you name x's device."
PARTS = "The weight has the shape (d,), and the bias is 0-d, for one feature too."
WRONG = [  # y, and why it is refused
    ([[1.0], [3.0], [5.0]], "y has to be (n,): of (n, 1), `predictions - y` is n × n."),
    ([1.0, 3.0], "y has to be (n,): a number for each row of x. There are 3 rows here."),
    (2.0, "y has to be (n,): a number for each row of x, and not one for all."),
]
FIRST = "Compare the shapes first."
UNTRACKED = "Fit under `torch.no_grad()`, or from `x.detach()` and `y.detach()`, and return plain"
UNTRACKED += " tensors; `backward` fills the .grad of every leaf, `torch.autograd.grad` of none."
DRAWS = "nn.Linear draws its first numbers at random: begin from zeros that you make."


def numbers(*shape, seed=0):
    """From -2 to 2, with two decimals."""
    return np.round(np.random.default_rng(seed).uniform(-2, 2, shape), 2)


def samples(n, d, seed=0):
    """Features, and targets that no plane meets."""
    return numbers(n, d, seed=seed), numbers(n, seed=seed + 100)


def close_to_a_plane(x, seed):
    """x, and targets that a plane nearly meets."""
    weight = np.array([1.5, -0.5, 2.0])[: x.shape[1]]
    return x, x @ weight + 3 + numbers(len(x), seed=seed + 100) / 1e4


def hard(seed):
    """Two columns that are nearly alike: the condition number is some 2500."""
    draw = np.random.default_rng(seed)
    first = draw.uniform(-2, 2, 8)
    return close_to_a_plane(np.stack([first, first + draw.uniform(-2e-3, 2e-3, 8)], 1), seed)


HARD = [hard(seed) for seed in (3, 10)]
HARD += [close_to_a_plane(np.array([[41.0], [42.0], [43.0], [41.5], [42.25]]), 1)]


def with_ones(x):
    return np.concatenate([x, np.ones((len(x), 1))], 1)


def halves(theta):
    return theta[:-1], theta[-1]


class TestPredict(PureFunction):
    name = "predict"
    tensors = ("x", "weight", "bias")
    layouts = LAYOUTS
    dtypes = FLOATS
    cases = [
        ([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]], [2.0, -1.0], 0.5),
        (numbers(3, 3), numbers(3, seed=1), 1.5),
        (numbers(3, 1), [2.0], 0.25),
        (numbers(1, 3), numbers(3, seed=1), -0.5),
        (np.zeros((0, 2)), [1.0, 2.0], 3.0),
    ]
    gradient_cases = cases[:3]
    ulps = 32
    hints = {
        "shape": SHAPE,
        "dtype": DTYPE,
        "values": "The sum of x[i, j] * weight[j] over j, plus bias, for each row i.",
        "gradient": "Compute with x, weight and bias themselves, each of which may be alone.",
    }
    sentences = {
        "test_has_the_shape": "There is one prediction for each row: the shape is (n,).",
        "test_values": "Each row of x is multiplied with weight, and bias is added once.",
    }

    def layouts_of(self, name):
        return LAYOUTS[:3] if name == "bias" else LAYOUTS  # one number cannot be repeated

    def truth(self, x, weight, bias):
        return (x * weight).sum(1) + bias


class Fit(PureFunction):
    """What both fits share."""

    tensors = ("x", "y")
    dtypes = FLOATS
    recorded = False
    results = ("weight", "bias")

    def compare(self, record, expected, hint, rtol, atol):
        """A number may be off by a share of the largest one of both results."""
        largest = max(float(one.expected.abs().max()) for one in record.row.parts)
        share = self.share(record.row.dtype, record.row.law)
        super().compare(record, expected, hint, 0, share * max(largest, 1e-9))

    def why(self, law, arguments, got, expected):
        if law != "values":
            return ""
        place = 0 if got.dim() else 1
        for hint, results in self.mistakes(*arguments).items():
            is_same, is_right = (
                np.allclose(results[place], one, 1e-3, 1e-5) for one in (got, expected)
            )
            if is_same and not is_right:
                return hint
        return ""

    @aspect("gradient")
    def test_is_not_tracked(self, solution):
        """The results do not require grad where x and y do, and no .grad is filled."""
        row = self.plain[1]
        x, y = (one.requires_grad_() for one in self.arguments_of(row, "cpu")[:2])
        with untouched(UNTRACKED, x=x, y=y):
            results = self.results_of(self.call(solution, [x, y, *row.case[2:]]))
        for subject, got in results:
            sentence = f"returned as {subject} a tensor that requires grad; expected a plain one."
            expect(not got.requires_grad, sentence, UNTRACKED)


class TestFitLstsq(Fit):
    name = "fit_lstsq"
    layouts = LAYOUTS[:3]  # rows that are all alike have no best fit
    cases = [
        LINE,
        samples(5, 2),
        samples(7, 3, seed=1),
        ([[1.0], [3.0]], [2.0, -2.0]),
    ]
    precise = [(torch.float32, case) for case in HARD] + [(torch.float64, HARD[0])]
    refused = [((LINE[0], y), FLOATS[:1], ValueError, f"{why} {FIRST}") for y, why in WRONG]
    hints = {
        "shape": PARTS,
        "dtype": DTYPE,
        "device": DEVICE,
        "values": "Least squares for x with a column of ones: its number is the bias.",
        "precise": "The product of x and itself squares the condition number: hand x with its"
        " column of ones to torch.linalg.lstsq, or take a QR decomposition; float64 stays float64.",
    }
    sentences = {
        "test_values": "The sum of the squared errors is the least that there is.",
        "test_no_digit_is_lost": "Columns that are nearly alike, or far from 0, are fitted too.",
    }

    def truth(self, x, y):
        return halves(np.linalg.lstsq(with_ones(x), y, rcond=None)[0])

    def share(self, dtype, law):
        narrow = 0.01 if law == "precise" else 1e-4
        return narrow if dtype == torch.float32 else 1e-8

    def mistakes(self, x, y):
        through_0 = np.linalg.lstsq(x, y, rcond=None)[0]
        theta = np.linalg.lstsq(with_ones(x), y, rcond=None)[0]
        return {
            "This is the best plane through 0: fit the bias together with the weight, as the number"
            " of a column of ones.": (through_0, (y - x @ through_0).mean()),
            "The number of the column of ones is taken for a weight: the bias stands where that"
            " column stands.": (theta[[-1, *range(len(theta) - 2)]], theta[-2]),
        }


class TestFitGradientDescent(Fit):
    name = "fit_gradient_descent"
    layouts = LAYOUTS
    cases = [
        (*LINE, 0.1, 1),
        (*samples(5, 2), 0.05, 3),
        (*samples(2, 3, seed=1), 0.1, 2),
        (*samples(1, 2, seed=3), 0.05, 1),
        (*samples(4, 4, seed=4), 0.1, 0),
    ]
    refused = [
        ((LINE[0], y, 0.1, steps), FLOATS[:1], ValueError, f"{why} {FIRST}")
        for (y, why), steps in zip(WRONG, (0, 2, 2), strict=True)
    ]
    hints = {
        "shape": PARTS,
        "dtype": DTYPE,
        "device": DEVICE,
        "values": "Each step subtracts lr * 2 / n times the sum of error * x, or of error, where"
        " error is prediction - y.",
        "precise": "Only the last digits differ: stay in x's own dtype.",
        "setting": DRAWS,
    }
    sentences = {"test_values": "After each number of steps, weight and bias are where they go."}

    def truth(self, x, y, lr, steps):
        return self.descended(x, y, lr, steps)

    def share(self, dtype, law):
        return 1e-4 if dtype == torch.float32 else 1e-9

    def descended(self, x, y, lr, steps, piles=False, in_turn=False, all_pairs=False, alone=False):
        """The result; or what it is with a mistake in the gradient."""
        x, theta, slope = with_ones(x), np.zeros(x.shape[1] + 1), 0.0
        for _ in range(steps):
            if alone:
                for one, target in zip(x, y, strict=True):
                    theta = theta - lr * 2 * (one @ theta - target) * one
                continue
            error = x @ theta - (y.mean() if all_pairs else y)
            slope = 2 / len(x) * (error @ x) + (slope if piles else 0)
            theta = theta - lr * slope
            if in_turn:
                moved = x @ np.append(theta[:-1], theta[-1] + lr * slope[-1]) - y
                theta[-1] += lr * slope[-1] - lr * 2 * moved.mean()
        return halves(theta)

    def mistakes(self, x, y, lr, steps):
        if not steps:
            return {}
        return {
            "This is half a step: the slope of error² is 2 * error.": self.descended(
                x, y, lr / 2, steps
            ),
            "This is the gradient of the sum: divide by the number of samples, n.": self.descended(
                x, y, lr * len(x), steps
            ),
            "Each sample meets the targets of all samples here: (n, 1) minus (n,) is n ×"
            " n.": self.descended(x, y, lr, steps, all_pairs=True),
            "This is a step less: range(steps) has steps numbers.": self.descended(
                x, y, lr, steps - 1
            ),
            "The gradient of earlier steps is added again: backward adds to .grad, which has to be"
            " cleared before each.": self.descended(x, y, lr, steps, piles=True),
            "Weight and bias move after each sample here: a step moves them once, by the mean over"
            " all.": self.descended(x, y, lr, steps, alone=True),
            "The bias moves by a gradient that is taken after the weight has moved: take both"
            " first.": self.descended(x, y, lr, steps, in_turn=True),
        }
