"""The checks of losses/k08_info_nce: from the gaps to each pair's own logit, row by row."""

import math

import numpy as np
import torch

from dojo.checks.laws import LossFunction
from dojo.checks.laws.layouts import WRITABLE

MIXED = (
    [[1e-3, 2e-3], [-3e6, 1e6], [0.5, -1.0], [2e-3, 1e3]],
    [[4e5, -2e5], [1e-3, 0.0], [2.0, -3.0], [0.0, -1e3]],
)
SHORT = [[6e-4, -8e-4, 0.0], [1e-3, 1e-3, -2e-3]], [[2e-3, 0.0, 1e-3], [1e-3, 0.0, -3e-3]]


def pair(*shape, seed=0):
    """Rows of a and of b from -3 to 3, with one decimal."""
    draw = np.random.default_rng(seed)
    return tuple(np.round(draw.uniform(-3, 3, shape), 1) for _ in range(2))


def unit(x, axis=1):
    """x with each row divided by its norm."""
    return x / np.sqrt((x * x).sum(axis, keepdims=True))


def costs(logits):
    """The cross entropy of each row with its own number."""
    return np.array([np.logaddexp.reduce(row - row[n]) for n, row in enumerate(logits)])


def both(logits):
    """Half the mean of the rows, and half that of the columns."""
    return (costs(logits).mean() + costs(logits.T).mean()) / 2


def without_itself(logits):
    """The logits, with -inf on the diagonal."""
    return np.where(np.eye(len(logits)) == 1, -np.inf, logits)


def shares(logits):
    """The softmax of each row."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


class TestInfoNce(LossFunction):
    name = "info_nce"
    tensors = ("a", "b", "logit_scale")
    one_shape = ("a", "b")
    near = LossFunction.near | {torch.float32: (1e-4, 1e-4)}
    gradient_near = LossFunction.gradient_near | {torch.float32: (1e-3, 1e-7)}
    cases = [
        ([[1.0, 2.0], [0.5, -2.0], [-1.0, 1.0]], [[2.0, 0.0], [1.0, -1.0], [0.5, 3.0]], 0.5),
        (*pair(4, 3, seed=1), 1.5),
        (*pair(2, 5, seed=2), -1.0),
        (*pair(1, 3, seed=3), 1.0),
        (*pair(5, 2, seed=5), 0.0),
        (*(pair(3, 4, seed=6)[0],) * 2, 1.0),
    ]
    wild = [(*pair(4, 3, seed=7), 4.6), (*MIXED, 4.6), (*MIXED, -5.0), (*SHORT, 2.0)]
    wild_gradients = wild[1:3]
    hints = {
        "shape": "The loss is one number for the whole batch, without a dimension.",
        "values": "Unit rows, all dot products times exp(logit_scale); then half the mean cross"
        " entropy of the rows, and half that of the columns.",
        "raises": "N may be 1, and need not be D.",
        "wild": "The logits reach 100, and exp(100) is inf in float32: take log_softmax, logsumexp"
        " or cross_entropy. logit_scale is not clipped.",
        "precise": "Digits are lost: add nothing to a norm, and stay in the dtype of a.",
        "gradient": "The gradient goes through the softmax of both directions, through exp of"
        " logit_scale, and through the norms: these depend on the rows too.",
        "tracked": "Gradients reach a, b and logit_scale, which is learned as well: leave it a"
        " tensor, and compute by torch's own operations.",
        "one shape": "Compare the shapes of a and b before you compute: more rows of b would count"
        " as negatives, and no error would tell.",
        "along": "This gradient has a part along the row itself, as if its norm were a constant:"
        " let gradients go through the norm.",
        "clipped": "logit_scale is -5 here, a factor of 0.0067: it is not clipped.",
        "little": "Here rows are as short as 0.001: what is added to a norm, or held against it,"
        " changes them.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor, for each number of rows.",
        "test_values": "Each row finds its own partner among all, in both directions.",
        "test_wild_values": "The loss is right for rows of every length and a factor of 99.5.",
        "test_wild_gradients": "Gradients are right for rows of every length and a factor of 99.5.",
    }

    def layouts_of(self, name):
        return WRITABLE if name == "logit_scale" else self.layouts

    def truth(self, a, b, logit_scale):
        return both(unit(a) @ unit(b).T * math.exp(logit_scale))

    def gradient(self, weights, a, b, logit_scale):
        factor, (to_a, to_b) = math.exp(logit_scale), (unit(a), unit(b))
        logits = to_a @ to_b.T * factor
        off = (shares(logits) + shares(logits.T).T - 2 * np.eye(len(a))) / (2 * len(a)) * weights
        slopes = off @ to_b * factor, off.T @ to_a * factor
        return [
            *(
                (slope - (slope * one).sum(1, keepdims=True) * one)
                / np.sqrt((x * x).sum(1, keepdims=True))
                for slope, one, x in zip(slopes, (to_a, to_b), (a, b), strict=True)
            ),
            (off * logits).sum(),
        ]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        a, b, scale = arguments
        if "gradient" in law:
            along = [np.abs((got.numpy() * unit(x)).sum(1)).max() for x in (a, b) if got.ndim]
            is_along = along and min(along) > 1e-3 * float(got.abs().max())
            return self.hints["along"] if is_along else ""
        right, n, factor = self.truth(*arguments), len(a), math.exp(scale)
        is_short = np.linalg.norm(a, axis=1).min() < 0.1
        if law == "wild" and is_short and np.isfinite(float(got)):
            return self.hints["clipped" if scale < 0 else "little"]
        if law == "wild" or not np.isfinite(float(got)):
            return ""
        dots = unit(a) @ unit(b).T
        logits = dots * factor
        own, rest, sides = logits.diagonal(), without_itself(logits), unit(np.concatenate([a, b]))
        sides = without_itself(sides @ sides.T * factor)
        others = {
            "Only a's rows look for their partners here: b's rows do too, in logits.T.": (
                costs(logits).mean()
            ),
            "Only b's rows look for their partners here: a's rows do too.": costs(logits.T).mean(),
            "The two directions are added up: take half of each.": 2 * right,
            "The rows are added up: take their mean.": n * right,
            "The rows are not divided by their norms.": both(a @ b.T * factor),
            "Norms are taken along the batch here; each row has one of its own.": both(
                unit(a, 0) @ unit(b, 0).T * factor
            ),
            "Only one of a and b is divided by its norms.": both(unit(a) @ b.T * factor),
            "logit_scale is a logarithm: multiply with exp(logit_scale).": both(dots * scale),
            "The logits are divided by exp(logit_scale): multiply.": both(dots / factor),
            "logit_scale is below 0 here: it is not clipped."
            if scale < 0
            else "The dot products are not multiplied with exp(logit_scale).": both(dots),
            "The partner itself is missing in the sum below the fraction.": (
                (np.logaddexp.reduce(rest, 0) + np.logaddexp.reduce(rest, 1)).mean() / 2
                - own.mean()
            ),
            "Rows of a are negatives of each other here: only rows of b are, and the other way.": (
                costs(np.roll(sides, n, 0)).mean()
            ),
            "This is a sigmoid for each pair; all rows should compete in a softmax.": (
                np.logaddexp(0, np.where(np.eye(n) == 1, -logits, logits)).sum() / n
            ),
            "One softmax goes over all pairs here: each row has one of its own.": (
                np.logaddexp.reduce(logits.flatten()) - own.mean()
            ),
            "These are the partners' logits alone, without the sum over all rows.": -own.mean(),
        }
        told = (hint for hint, one in others.items() if not np.isclose(one, right))
        return next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")
