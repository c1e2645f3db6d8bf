"""The checks of losses/k02_cross_entropy: place by place, from the gaps to the target's logit."""

import math

import numpy as np
import torch

from dojo.checks.laws import LossFunction

LOW = -math.inf
IGNORED = -100
FLOAT = (torch.float32,)
SHAPE = "Compare target's shape with that of logits without dimension 1, before anything else."
SHAPE += " Broadcasting or flattening pairs logits with targets of other places."
RANGE = "label_smoothing is a share: below 0 and above 1 it raises ValueError."


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def cost(row, index):
    """-log p of one class of a row."""
    return np.logaddexp.reduce(row - row[index])


def uniform(row):
    """The mean of -log p over the classes of a row."""
    return np.mean([cost(row, index) for index in range(len(row))])


def places(logits, target, ignore_index):
    """The rows of logits along dimension 1, the target of each, and whether it counts."""
    rows = np.moveaxis(logits, 1, -1).reshape(-1, logits.shape[1])
    classes = target.flatten().astype(int)
    return rows, classes, classes != ignore_index


class TestCrossEntropy(LossFunction):
    name = "cross_entropy"
    tensors = ("logits", "target")
    placed = ("target",)
    fixed = {"target": torch.int64}
    cases = [
        ([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]], [2, 0]),
        (numbers(4, 3), [0, IGNORED, 2, 1]),
        (numbers(2, 3, 4), [[0, 2, -1, 1], [-1, -1, 1, -1]], -1),
        (numbers(3, 4, seed=1), [0, 3, 1], 0, 0.3),
        (numbers(1, 2, 2, 3, seed=2), [[[1, 0, 0], [0, IGNORED, 1]]], IGNORED, 0.1),
        (numbers(2, 3, 2, seed=4), [[IGNORED] * 2] * 2, IGNORED, 0.2),
        (numbers(2, 2, 3, seed=5), [[7, 1, 0], [0, 1, 1]], 7, 1.0),
        (np.zeros((0, 3)), np.zeros(0)),
        (np.zeros((0, 3, 2)), np.zeros((0, 2))),
        (numbers(2, 1, 1, 2, 1, seed=6), np.zeros((2, 1, 2, 1)), IGNORED, 0.5),
    ]
    wild = [
        ([[1000.0, 0.0, -1000.0], [0.0, -1000.0, -200.0]], [2, 1], IGNORED, 0.2),
        ([[1e30, 1e30], [-1e30, -1e30]], [0, 1]),
        ([[0.5, LOW, 1.0], [LOW, -1e30, LOW]], [0, 1]),
        ([[0.5, 1.0], [LOW, 2.0], [3.0, LOW]], [1, -1, -1], -1),
        ([[LOW, 1e30], [2.0, LOW]], [IGNORED, IGNORED]),
    ]
    wild_gradients = wild
    precise = [(torch.float32, ([[1e30, -1e30, 0.0]], [2]))]
    refused = [
        ((numbers(2, 3), [0, 1], IGNORED, -0.1), FLOAT, ValueError, RANGE),
        ((numbers(2, 3), [IGNORED, IGNORED], IGNORED, 1.1), FLOAT, ValueError, RANGE),
        ((numbers(3, 4), [[IGNORED]] * 3), FLOAT, ValueError, SHAPE),
    ]
    forbidden = "(linear_)?cross_entropy.*|nll_loss.*"
    hints = {
        "shape": "The loss is one number for all places, without a dimension.",
        "values": "-log p[target] along dimension 1, its mean over the places that count.",
        "raises": "The classes lie along dimension 1. ignore_index need not be the number of a"
        " class, and N may be 0.",
        "wild": "Take log_softmax, which neither overflows nor gives log(0), and pick from it.",
        "gradient": "The gradient at a place that counts is (p - what the target asks for), over"
        " the number of these places; at an ignored one it is 0.",
        "tracked": "The loss has to depend on logits by torch's operations, also where no place"
        " counts: `backward()` gives 0 there, and no error.",
        "nan": "Here no place counts, and 0 / 0 is NaN: the loss is to be 0.",
        "times 0": "Here no place counts. inf * 0 is NaN, so take no sum of all logits times 0.",
        "product": "0 * inf is NaN: pick the target's entry, and leave out with `where` or"
        " `masked_fill` what must not count. Let smoothing alone where it is 0.",
        "swallowed": "log of the sum is lost when it is added to 1e30: take log_softmax, not"
        " logsumexp minus the logit.",
        "precise": "A loss may be as large as the gap between two logits: nothing is cut off.",
        "forbidden": "The kata is to make it from log_softmax and the like, and to pick from that.",
        "placed": SHAPE,
    }
    sentences = {
        "test_values": "The loss is the mean of -log p over the places that count.",
        "test_wild_values": "Large logits do not overflow, and -inf off the target does no harm.",
        "test_no_digit_is_lost": "The loss may be as large as 1e30.",
        "test_gradients": "Gradients reach logits, and are 0 where a place does not count.",
        "test_wild_gradients": "Beside large logits and -inf gradients are right, and not NaN.",
        "test_refuses": "A share outside of 0 to 1 raises ValueError. Where no place counts,"
        " another shape of target does too.",
        "test_refuses_other_shapes": "Another shape of target raises ValueError, also one that"
        " would broadcast.",
    }

    def truth(self, logits, target, ignore_index=IGNORED, label_smoothing=0.0):
        rows, classes, counts = places(logits, target, ignore_index)
        total = 0.0
        for row, index in zip(rows[counts], classes[counts], strict=True):
            total += (1 - label_smoothing) * cost(row, index)
            total += label_smoothing * uniform(row) if label_smoothing else 0.0
        return total / max(counts.sum(), 1)

    def gradient(self, weights, logits, target, ignore_index=IGNORED, label_smoothing=0.0):
        rows, classes, counts = places(logits, target, ignore_index)
        shares = np.exp(rows - rows.max(1, keepdims=True))
        wanted = (np.arange(rows.shape[1]) == classes[:, None]) * (1 - label_smoothing)
        off = shares / shares.sum(1, keepdims=True) - wanted - label_smoothing / rows.shape[1]
        off = off * counts[:, None] / max(counts.sum(), 1) * weights
        return [np.moveaxis(off.reshape(np.moveaxis(logits, 1, -1).shape), -1, 1)]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        logits, target, ignore_index, share = (*arguments, *(IGNORED, 0.0)[len(arguments) - 2 :])
        rows, classes, counts = places(logits, target, ignore_index)
        if got.isnan().any():
            nothing = "times 0" if np.isinf(logits).any() else "nan"
            return self.hints["product" if counts.any() else nothing]
        if law == "wild" and 0.5 < expected < 1 and not got:
            return self.hints["swallowed"]
        if law != "values" or not counts.any():
            return ""
        kept, size, index = counts.sum(), rows.shape[1], classes % rows.shape[1]
        plain, even = self.truth(logits, target, ignore_index), list(map(uniform, rows))
        mean = sum(np.compress(counts, even)) / kept
        along = np.logaddexp.reduce(logits, axis=-1, keepdims=True) - logits
        along = np.moveaxis(along, 1, -1).reshape(rows.shape)[range(len(rows)), index][counts]
        others = {
            "softmax is taken along the last dimension here; classes lie along dimension 1.": (
                along.mean()
            ),
            f"ignore_index is {ignore_index} here: such a place does not count.": (
                self.truth(logits, target % size, IGNORED, share)
            ),
            "This is the sum; divide by the number of places that count.": expected * kept,
            "Ignored places are in the number that divides: leave them out there too.": (
                expected * kept / len(rows)
            ),
            "The part of smoothing is summed over ignored places too.": (
                plain + share * (sum(even) / kept - plain)
            ),
            "The share is split among the other classes here; it goes to all C, the target too.": (
                plain + share * size / max(size - 1, 1) * (mean - plain)
            ),
            "The part of smoothing is the mean over the classes, not their sum.": (
                plain + share * (mean * size - plain)
            ),
        }
        told = (hint for hint, one in others.items() if not np.isclose(one, expected))
        return next((hint for hint in told if np.isclose(others[hint], got, 1e-4)), "")
