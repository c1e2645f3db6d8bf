"""The checks of generation/k01_token_log_probs: sums of powers in Python, row by row."""

import math

import numpy as np
import torch

from dojo.checks.laws import PureFunction
from dojo.checks.policies import log_softmax, picked

LOW = -math.inf
BECAME_0 = "exp of 1,000 is inf, and the log of a probability that became 0 is -inf."
ZERO_TIMES = "0 * -inf is NaN: look the one entry up, without a sum over all of them."
FAR = [[[1e4, -1e4, 0.0], [0.0, 9000.0, 1e4], [-1e4, -1e4, -9000.0], [1e4, 0.0, 5.0]]]
FAR += [[[100.0, 99.0, -20.0], [-200.0, 800.0, 799.5], [0.0, -105.0, 0.5], [-1e4, 1e4, 0.0]]]
HIDDEN = [[[LOW, 1.0, 0.5], [2.0, LOW, LOW], [0.5, 0.25, LOW], [3.0, LOW, LOW]]]


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def ids(*shape, seed=0, below=3):
    """Tokens of a text."""
    return np.random.default_rng(seed).integers(0, below, shape)


class TestTokenLogProbs(PureFunction):
    name = "token_log_probs"
    tensors = ("logits", "tokens")
    fixed = {"tokens": torch.int64}
    dtypes = (torch.float32, torch.float64)
    cases = [
        ([[[1.0, 0.5], [0.0, 2.0], [-0.5, 1.5]]], [[1, 0, 1]]),
        (numbers(2, 4, 3, seed=1), ids(2, 4, seed=1)),
        (numbers(3, 2, 5, seed=2), ids(3, 2, seed=2, below=5)),
        (numbers(2, 6, 2, seed=3), ids(2, 6, seed=3, below=2)),
        (numbers(2, 1, 3, seed=4), ids(2, 1, seed=4)),
        (numbers(1, 3, 1, seed=5), ids(1, 3, below=1)),
        (numbers(4, 3, 4, seed=6) + 50, ids(4, 3, seed=6, below=4)),
    ]
    wild = [(FAR, [[0, 1, 0, 2], [1, 1, 0, 1]]), (HIDDEN, [[2, 1, 0, 1]])]
    wild_gradients = wild
    of_largest = {torch.float32: 1e-4, torch.float64: 1e-9}
    hints = {
        "shape": "Each token but the first has one log-probability: (B, T - 1), without V.",
        "dtype": "The result has the dtype of logits.",
        "values": "At [b, t] stands the log-softmax of logits[b, t], at tokens[b, t + 1].",
        "wild": "exp of 1,000 is inf, and log of 0 is -inf: `log_softmax` meets neither.",
        "raises": "A token names an entry along V, the last dimension. T may be 1: no token has a"
        " log-probability then.",
        "tracked": "Use torch's operations on logits: no `detach`, `.data` or `no_grad`.",
        "gradient": "Of each row, the gradient is that of its place in the result times (1 at the"
        " token, else 0, less the softmax). The last place gets 0.",
        "wild gradient": "A far logit, and one of -inf, has the probability 0, and so its gradient"
        " is 0 or 1, never NaN.",
        "memory": "Only look at logits and tokens: methods with a trailing underscore change them.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape (B, T - 1), also where a size is 1.",
        "test_values": "At [b, t] stands the log-probability of tokens[b, t + 1].",
        "test_wild_values": "Far logits give finite numbers, and -inf beside a token no NaN.",
        "test_gradients": "Gradients reach all logits but those of the last place.",
        "test_wild_gradients": "Gradients are finite and right for far logits, and beside -inf.",
    }

    def truth(self, logits, tokens):
        return picked(log_softmax(logits)[:, :-1], tokens[:, 1:])

    def gradient(self, weights, logits, tokens):
        is_token = np.arange(logits.shape[2]) == tokens[:, 1:, None]
        back = np.zeros(logits.shape)
        back[:, :-1] = weights[..., None] * (is_token - np.exp(log_softmax(logits)[:, :-1]))
        return [back]

    def others(self, logits, tokens):
        own, front, later = log_softmax(logits), slice(None, -1), slice(1, None)
        over_places = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        right = self.truth(logits, tokens)
        return {
            "This is token t by the logits of its own place, which have seen it: logits[b, t] speak"
            " of tokens[b, t + 1].": picked(own[:, front], tokens[:, front]),
            "This is token t + 1 by the logits of its own place: those of the place before speak"
            " of it.": picked(own[:, later], tokens[:, later]),
            "This is token t by the logits of place t + 1: the shift is the other way.": picked(
                own[:, later], tokens[:, front]
            ),
            "These are the logits themselves: subtract the log of the sum of their powers.": picked(
                logits[:, front], tokens[:, later]
            ),
            "These are probabilities; their logarithms are asked for.": np.exp(right),
            "The sign is that of a loss: a log-probability is 0 or less.": -right,
            "The softmax goes over the places here; over V is right.": picked(
                over_places[:, front], tokens[:, later]
            ),
            "The sums of the tokens so far are not asked for, but each by itself.": right.cumsum(1),
            "Here token 0 has no number, as if it were padding: it is a token like others.": (
                np.where(tokens[:, later] == 0, 0.0, right)
            ),
        }

    def why(self, law, arguments, got, expected):
        if law == "wild" and got.isinf().any():
            return BECAME_0
        if law == "wild" and got.isnan().any():
            is_far = bool(np.abs(arguments[0][np.isfinite(arguments[0])]).max() > 100)
            return "exp of 1,000 is inf, and inf / inf is NaN." if is_far else ZERO_TIMES
        if law == "wild" and bool((got > expected + 1000).any()):
            return "Far tokens come near: add nothing to a probability before its log."
        return super().why(law, arguments, got, expected)

    def why_shape(self, arguments, shape):
        tokens = arguments[1]
        if shape == tokens.shape:
            return "The first token has no log-probability, and the last logits have no token."
        if shape == (len(tokens),):
            return "Each token has its own: the log-probabilities are not added up."
        return ""
