"""The checks of losses/k03_bce_with_logits: logarithms of sums in NumPy, and slopes by hand."""

import numpy as np
import torch

from dojo.checks.laws import LossFunction

ZEROS = [[0.0], [-0.0], [0.0], [1.0]], [[0.0], [1.0], [0.25], [0.0]]


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def pair(*shape, seed=0, hard=False):
    """Logits, and targets of two decimals, or hard ones."""
    target = np.round(np.random.default_rng(seed + 50).uniform(0, 1, shape), 0 if hard else 2)
    return numbers(*shape, seed=seed), target


def weights_of(*shape, seed=0):
    """Weights from 0.5 to 6.5, with one decimal."""
    return numbers(*shape, seed=seed) + 3.5


def costs(x):
    """-log(sigmoid(x)) and -log(sigmoid(-x))."""
    return np.logaddexp(0, -x), np.logaddexp(0, x)


class TestBceWithLogits(LossFunction):
    name = "bce_with_logits"
    tensors = ("logits", "target", "pos_weight")
    one_shape = ("logits", "target")
    cases = [
        ([1.0, -2.0, 0.5], [1.0, 0.0, 0.0]),
        (*pair(2, 3, seed=1), None),
        (*pair(2, 3, seed=2, hard=True), weights_of(3, seed=2)),
        ZEROS,
        (*pair(2, 2, 3, seed=4), weights_of(2, 3, seed=4)),
        (9.0, 0.0),
        (*pair(3, 2, seed=3), weights_of(3, 1, seed=3)),
        (-1.5, 0.25, 3.0),
        ([[0.0, 1.5, 0.0]], [[1.0, 0.0, 0.5]], [[2.0, 0.0, 3.0]]),
    ]
    wild = [
        ([-1000.0, 2.0], [1.0, 0.25], [3.0, 2.0]),
        ([1000.0, 40.0], [0.0, 0.5]),
        ([[1e30, -1e30], [1e30, -1e30]], [[0.0, 1.0], [1.0, 0.0]]),
    ]
    wild_gradients = wild
    forbidden = "binary_cross_entropy.*|(multilabel_)?soft_margin_loss.*"
    hints = {
        "shape": "The loss is one number for all entries: their mean, without a dimension.",
        "dtype": "The loss has the dtype of logits: 1 - target does not change it.",
        "values": "-w * y * log(sigmoid(x)) - (1 - y) * log(sigmoid(-x)), and the mean of that.",
        "raises": "Any shape is right that logits and target have, 0-d too; pos_weight may be None,"
        " 0-d, or broadcast to it.",
        "wild": "sigmoid(-1000) is 0, and a logarithm of it is lost: take log and sigmoid in one"
        " step, by logsigmoid or softplus.",
        "minus": "1 - sigmoid(x) is 0 for a large x: write it sigmoid(-x), and take log and sigmoid"
        " in one step.",
        "cut off": "A large error costs too little here: neither the probability nor its logarithm"
        " is to be cut off.",
        "precise": "Digits are lost: take logsigmoid, add no small number, and cut nothing off.",
        "gradient": "For n entries, a logit has the slope ((1 - y) * sigmoid(x) - w * y *"
        " sigmoid(-x)) / n. target and pos_weight have slopes too.",
        "zero": "Here a logit is 0, where the curve is smooth: abs, clamp, relu and max have"
        " corners there, and autograd takes a slope that is not the middle one.",
        "nan": "Behind a right value, a branch of `where` or an exp that overflows gives 0 * inf on"
        " the way back.",
        "dead": "A gradient is lost here: what is clamped or rounded off has the slope 0, where the"
        " answer is most wrong.",
        "tracked": "The loss has to depend on logits, target and pos_weight by torch's operations.",
        "forbidden": "The kata is to make it from logsigmoid, softplus, exp and the like.",
    }
    sentences = {
        "test_values": "The loss is the mean of both parts, and pos_weight a factor of the first.",
        "test_wild_values": "Logits may be as large as 1e30, on the wrong side too.",
        "test_gradients": "Gradients reach all inputs, and are right for a logit of 0 too.",
        "test_wild_gradients": "Gradients are right for logits as large as 1e30.",
        "test_refuses_other_shapes": "logits and target of different shapes raise ValueError.",
    }

    def truth(self, logits, target, pos_weight=None):
        yes, no = costs(logits)
        return np.mean((1 if pos_weight is None else pos_weight) * target * yes + (1 - target) * no)

    def gradient(self, weights, logits, target, pos_weight=None):
        yes, no = costs(logits)
        weight = np.ones(()) if pos_weight is None else pos_weight
        for_logits = (1 - target) * np.exp(-yes) - weight * target * np.exp(-no)
        units = np.eye(weight.size).reshape(-1, *weight.shape)  # the loss is linear in each weight
        for_weight = np.reshape([np.mean(unit * target * yes) for unit in units], weight.shape)
        share = weights / logits.size
        return [share * for_logits, share * (weight * yes - no), weights * for_weight]

    def why(self, law, arguments, got, expected):
        logits, target, *rest = arguments
        if "gradient" in law:
            if got.isnan().any():
                return self.hints["nan"]
            is_off = ~np.isclose(got, expected, 1e-3, 1e-6)
            if got.shape != logits.shape or not is_off.any():
                return ""
            if not logits[is_off].any():
                return self.hints["zero"]
            return self.hints["dead"] if not got[torch.tensor(is_off)].any() else ""
        if law == "wild":
            if (got < expected).all() and got.isfinite():
                return self.hints["cut off"]
            return self.hints["minus" if got.isinf() and logits.min() > -80 else "wild"]
        if law != "values":
            return ""
        weight, (yes, no) = rest[0] if rest and rest[0] is not None else 1, costs(logits)
        first, second = target * yes, (1 - target) * no
        rounded = target >= 0.5
        others = {
            "This is the sum over the entries; take their mean.": expected * logits.size,
            "pos_weight is a factor of both parts here; it belongs to the one with y.": np.mean(
                weight * (first + second)
            ),
            "pos_weight is a factor of the part with 1 - y here; it belongs to the one with y.": (
                np.mean(first + weight * second)
            ),
            "pos_weight has no effect here.": np.mean(first + second),
            "The sum is divided by weights here; it is a mean over all entries.": (
                np.sum(weight * first + second) / np.sum(np.where(rounded, weight, 1))
            ),
            "target is rounded here: 0.25 is a quarter of a yes, and three quarters of a no.": (
                np.mean(np.where(rounded, weight * yes, no))
            ),
        }
        told = (hint for hint, one in others.items() if not np.isclose(one, expected))
        return next((hint for hint in told if np.isclose(others[hint], got, 1e-4)), "")
