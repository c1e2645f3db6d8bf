"""The checks of losses/k04_huber: each entry in Python's own numbers, and slopes by clipping."""

import math

import numpy as np

from dojo.checks.laws import LossFunction

LARGE = [1e30, -2.0, 3e29, 0.25], [0.5, 1e30, -3e29, 0.0]
SHORT = [1e30], [-1.0]
DELTA = "delta must be above 0: compare it with 0 before you compute, and raise ValueError."


def pair(*shape, seed=0):
    """A prediction and a target from -3 to 3, with one decimal."""
    draw = np.random.default_rng(seed)
    return tuple(np.round(draw.uniform(-3, 3, shape), 1) for _ in range(2))


class TestHuberLoss(LossFunction):
    name = "huber_loss"
    tensors = ("prediction", "target")
    one_shape = ("prediction", "target")
    cases = [
        ([1.0, 2.0, 4.0], [1.5, 5.0, 1.0], 2.0),
        pair(2, 3, seed=1),
        (*pair(3, 1, 2, seed=2), 0.6),
        ([3.0, -1.0, 0.5, 2.0], [1.0, 1.0, 0.5, -4.0], 2.0),  # |d| is 2 twice, and 0
        (*pair(4, 2, seed=3), 100.0),
        (*pair(3, 3, seed=4), 0.01),
        (2.5, 1.0),
        ([[-50.0], [60.0]], [[1.5], [0.5]], 20.0),
    ]
    wild = [LARGE, (*SHORT, 100.0)]
    wild_gradients = wild
    refused = [((*pair(2, 3), delta), None, ValueError, DELTA) for delta in (0.0, -1.0, -1e-3)]
    forbidden = "(huber|smooth_l1)_loss(_backward)?"
    hints = {
        "shape": "The loss is one number for all entries: their mean, without a dimension.",
        "values": "d² / 2 where |d| is at most delta, else delta * (|d| - delta / 2); then the"
        " mean of all.",
        "wild": "The square of 1e30 is inf in float32. It must not take part where the line holds.",
        "precise": "Only the last digits differ: stay in the dtype of the inputs. A"
        " `torch.tensor(delta)` has float32.",
        "gradient": "The slope for prediction is d held between -delta and delta, over the number"
        " of entries; for target it is the negative.",
        "tracked": "Gradients reach both inputs: compute from them by torch's own operations,"
        " without detach or no_grad.",
        "forbidden": "The kata is to make it from differences, squares, absolutes and a choice.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor, for inputs of every shape.",
        "test_values": "Each entry gives a square near 0 and a line far away; the mean comes back.",
        "test_wild_values": "The loss is finite and right for differences of 1e30.",
        "test_wild_gradients": "Gradients are finite and right for differences of 1e30.",
        "test_refuses": "A delta of 0 or less raises ValueError.",
        "test_is_made_without": "It is made without torch's huber_loss and smooth_l1_loss, forward"
        " and backward.",
    }

    def truth(self, prediction, target, delta=1.0):
        sizes = np.abs(prediction - target).flatten().tolist()
        near = [min(size, delta) for size in sizes]
        losses = [part * (2 * size - part) / 2 for part, size in zip(near, sizes, strict=True)]
        return math.fsum(losses) / len(losses)

    def gradient(self, weights, prediction, target, delta=1.0):
        slope = np.clip(prediction - target, -delta, delta) * weights / prediction.size
        return [slope, -slope]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        prediction, target, *rest = arguments
        delta, d = rest[0] if rest else 1.0, prediction - target
        if got.isnan().any():
            mask = "0 * inf is NaN: choose by `torch.where`, and not by a product with a mask."
            return mask if "wild" in law else "A NaN: a root has no slope at 0; take `abs`."
        if "gradient" in law:
            is_far = np.abs(d) > delta
            dead = is_far.any() and not got.numpy()[is_far].any()
            return "Where |d| is above delta the slope is delta, not 0." if dead else ""
        size, square, right = np.abs(d), d * d / 2, self.truth(*arguments)
        line = delta * (size - delta / 2)
        others = {
            "This is smooth L1, the Huber loss divided by delta.": right / delta,
            "The half is missing, in both parts: at delta they give delta² / 2.": 2 * right,
            "This is the sum; divide by the number of entries.": right * d.size,
            "The line must meet the square at delta: subtract delta / 2 from |d|.": np.where(
                size <= delta, square, delta * size
            ).mean(),
            "Here a large negative d stays squared: compare |d| with delta, not d.": np.where(
                d <= delta, square, line
            ).mean(),
            "Beyond delta the loss stays what it is at delta here; it is to grow with |d|.": (
                np.minimum(square, delta * delta / 2).mean()
            ),
            "Here the line is taken everywhere: each entry has its own |d|.": line.mean(),
            "Here the square is taken everywhere: each entry has its own |d|.": square.mean(),
            "delta is an argument: 1 is only its default.": self.truth(prediction, target),
            "This is the pseudo-Huber loss, which is only near the Huber loss.": (
                delta**2 * (np.hypot(1, d / delta) - 1).mean()
            ),
            "Here an entry with |d| = delta is left out: it belongs to one of the two parts.": (
                right - square[size == delta].sum() / d.size
            ),
            "Here an entry with |d| = delta is in both parts: it belongs to one of them.": (
                right + square[size == delta].sum() / d.size
            ),
        }
        told = (hint for hint, one in others.items() if not np.isclose(one, float(expected)))
        return next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")
