"""The checks of losses/k01_mse: squares summed up by Python, and their slopes in closed form."""

import math

import numpy as np
import torch

from dojo.checks.laws import LossFunction

CHOICE = "Only mean, sum and none are known; any other string raises ValueError."
# in float64 the first difference of the second has bits that float32 does not hold
NEAR = [1000.5, -2000.0, 3000.25], [1000.25, -2000.5, 3000.0]
NEARER = [2.0**30 + 0.5, 1.0], [2.0**30, 1 + 2.0**-30]
LARGE = [1e15, 2.0, -4e14], [0.5, -1e15, 1e14]


def pair(*shape, seed=0):
    """A prediction and a target from -3 to 3, with one decimal."""
    draw = np.random.default_rng(seed)
    return tuple(np.round(draw.uniform(-3, 3, shape), 1) for _ in range(2))


class TestMseLoss(LossFunction):
    name = "mse_loss"
    tensors = ("prediction", "target")
    one_shape = ("prediction", "target")
    cases = [
        ([1.0, 2.0, 4.0], [0.5, 3.0, 1.0]),
        (*pair(3, 1, 2, seed=2), "none"),
        (*pair(2, 3, seed=1), "sum"),
        pair(4, 2, seed=3),
        (2.5, 1.0),
        (2.0, -1.5, "none"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "sum"),
        (np.zeros((2, 0)), np.zeros((2, 0)), "none"),
    ]
    wild = [LARGE, (*LARGE, "none")]
    wild_gradients = [(*LARGE, "sum")]
    precise = [(torch.float32, NEAR), (torch.float64, NEARER)]
    refused = [
        ((*pair(2, 3), word), None, ValueError, CHOICE)
        for word in ("", "Mean", "mean ", "batchmean")
    ]
    forbidden = "mse_loss(_backward)?"
    hints = {
        "shape": "Mean and sum go over all entries and leave a 0-d tensor; none keeps the shape.",
        "values": "(prediction - target)² for each entry; then their mean, their sum or nothing.",
        "raises": "Any shape is right that both inputs have: 0-d, and for sum and none empty ones.",
        "wild": "Differences may be as large as 1e15: square them as they are.",
        "precise": "Take the difference before the square, in the dtype of the inputs: the squares"
        " of two large numbers lose what is between them.",
        "gradient": "The slope of each square is 2 (prediction - target) for prediction, and its"
        " negative for target; the mean divides it by the number of entries.",
        "tracked": "Gradients reach both inputs: compute from them by torch's own operations,"
        " without detach or no_grad.",
        "forbidden": "The kata is to make it from differences, squares, sums and means.",
    }
    sentences = {
        "test_has_the_shape": "mean and sum give a 0-d tensor, none gives the shape of the inputs.",
        "test_values": "Each difference is squared, then the mean, the sum or each one comes back.",
        "test_wild_values": "Differences may be as large as 1e15.",
        "test_no_digit_is_lost": "The difference of two large numbers that are close is right.",
        "test_wild_gradients": "Gradients are right for differences as large as 1e15.",
        "test_refuses": "A reduction other than mean, sum and none raises ValueError.",
    }

    def truth(self, prediction, target, reduction="mean"):
        pairs = zip(prediction.flatten().tolist(), target.flatten().tolist(), strict=True)
        squares = [(a - b) * (a - b) for a, b in pairs]
        if reduction == "none":
            return np.reshape(squares, prediction.shape)
        return math.fsum(squares) / (len(squares) if reduction == "mean" else 1)

    def gradient(self, weights, prediction, target, reduction="mean"):
        slope = 2 * (prediction - target) * weights
        slope = slope / prediction.size if reduction == "mean" else slope
        return [slope, -slope]

    def why(self, law, arguments, got, expected):
        if law not in ("values", "wild") or got.isnan().any():
            return ""
        prediction, target, *rest = arguments
        reduction = rest[0] if rest else "mean"
        reduce = {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction]
        squares = (prediction - target) ** 2
        others = {
            "This is half of the right number: leave the factor 1/2 out.": reduce(squares) / 2,
            "These are the differences without a square.": reduce(np.abs(prediction - target)),
            "This is the root of the right number: leave the root out.": np.sqrt(reduce(squares)),
            f"This is the sum; reduction is {reduction}.": squares.sum(),
            f"This is the mean; reduction is {reduction}.": squares.sum() / max(squares.size, 1),
            "The sum is divided by the first size here; divide by the number of all entries.": (
                squares.sum() / max(len(np.atleast_1d(squares)), 1)
            ),
        }
        told = (hint for hint, one in others.items() if not np.allclose(one, expected))
        return next((hint for hint in told if np.allclose(others[hint], got)), "")

    def why_shape(self, arguments, shape):
        if arguments[2:] == ["none"]:
            return "With none each square keeps its place: the result has the shape of the inputs."
        return "`mean(0)` and `sum(0)` go over the first dimension alone; leave the dimension out."
