"""The checks of losses/k05_kl_divergence: row by row, each logarithm from the gaps in its row."""

import math

import numpy as np
import torch

from dojo.checks import aspect, expect
from dojo.checks.laws import LossFunction
from dojo.checks.tracing import modules_called

LOW = -math.inf
FAR = [[0.0, 1.0, -1e4], [1e4, 0.0, -1e4]], [[0.5, -1e4, 0.0], [0.0, 1e4, 1.0]]
CLOSE = [[1e4, 9999.0, -1e4]], [[9998.0, 1e4, 0.0]]
HIDDEN = [[0.5, LOW, 1.0], [LOW, -2.0, LOW]], [[1.0, LOW, -0.5], [1.0, 0.0, LOW]]
SEEN = [0.5, LOW, -14.0, 2.0], [1.0, 0.25, -9000.0, 0.0]  # a p of 1e-7 weighs 9000
IMPOSSIBLE = [[0.5, 1.0], [2.0, 1.0]], [[LOW, 1.0], [0.5, 0.0]]
RARE = [0.0, -10.0, LOW], [0.5, LOW, 1.0]


def pair(*shape, seed=0):
    """Two arrays of logits from -3 to 3, with one decimal."""
    draw = np.random.default_rng(seed)
    return tuple(np.round(draw.uniform(-3, 3, shape), 1) for _ in range(2))


def logs(row):
    """The logarithms of the softmax of a row."""
    return np.array([-np.logaddexp.reduce(row - x) if x > LOW else LOW for x in row])


class TestKlDivergence(LossFunction):
    name = "kl_divergence"
    tensors = ("p_logits", "q_logits")
    one_shape = tensors
    cases = [
        ([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]], [[2.0, 0.0, 3.0], [1.0, 1.0, -1.0]]),
        pair(4, 3, seed=1),
        pair(2, 3, 4, seed=2),
        pair(5, seed=3),
        pair(3, 1, 2, seed=4),
        pair(3, 1, seed=5),
        (pair(2, 2, seed=6)[0],) * 2,
    ]
    wild = [FAR, CLOSE, HIDDEN, SEEN, IMPOSSIBLE, RARE]
    wild_gradients = [FAR, CLOSE, HIDDEN, SEEN]
    forbidden = "kl_div.*"
    hints = {
        "shape": "Sum over the classes, the last dimension, then the mean over all the rest.",
        "values": "The sum of p * (log p - log q) over the last dimension, then the mean over all"
        " rows; p and q are softmax of the logits along it.",
        "wild": "Take log_softmax of the logits, and leave out what p does not weigh before the"
        " product.",
        "precise": "Digits are lost: add nothing to a share before its logarithm, and let"
        " log_softmax subtract the largest logit before it adds up.",
        "gradient": "For p_logits it is p * (log p - log q - KL of the row), for q_logits q - p;"
        " both over the number of rows. It goes through p and through log p.",
        "tracked": "Gradients reach both inputs: p is no constant here, so do not detach it.",
        "forbidden": "The kata is to make it from softmax, log_softmax, products and sums.",
        "product": "0 * -inf is NaN: where p_logits is -inf, put a finite number in the place of"
        " both logarithms before you multiply.",
        "overflow": "exp(10,000) is inf, and inf / inf is NaN: softmax and log_softmax subtract the"
        " largest logit first.",
        "where": "A `where` around the product saves the value alone: on the way back its 0 meets"
        " inf, and that is NaN. Replace the -inf before you multiply.",
        "root": "p itself is 0 here, and the slope of p * log p is -inf there: build it from"
        " log_softmax, not from p alone.",
        "zero": "log(softmax) is -inf where a share is too small for its dtype: take log_softmax.",
        "possible": "Where q_logits alone is -inf, p happens and q says it never does: the result"
        " is inf. Nothing is clamped, and nothing added to q.",
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor, for inputs of every shape.",
        "test_values": "Each row gives the sum of p * (log p - log q), and the mean comes back.",
        "test_wild_values": "The loss is right for logits of 10,000 and for -inf.",
        "test_wild_gradients": "Gradients are right, and not NaN, beside -inf and for p = 0.",
        "test_is_made_without": "It is made without torch's kl_div, forward and backward.",
    }

    def rows(self, p_logits, q_logits):
        """p, log p and log q, row by row; log p is 0 where p_logits is -inf, and so is log q."""
        size = p_logits.shape[-1]
        log_p, log_q = (
            np.array([logs(row) for row in one.reshape(-1, size)]) for one in (p_logits, q_logits)
        )
        hidden = np.isneginf(log_p)
        return np.exp(log_p), np.where(hidden, 0, log_p), np.where(hidden, 0, log_q)

    def truth(self, p_logits, q_logits):
        p, log_p, log_q = self.rows(p_logits, q_logits)
        return (p * (log_p - log_q)).sum() / len(p)

    def gradient(self, weights, p_logits, q_logits):
        p, log_p, log_q = self.rows(p_logits, q_logits)
        q = self.rows(q_logits, p_logits)[0]
        off = log_p - log_q
        slopes = p * (off - (p * off).sum(1, keepdims=True)), q - p
        return [one.reshape(p_logits.shape) * weights / len(p) for one in slopes]

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        p, _, log_q = self.rows(*arguments)
        if "gradient" in law:
            key = "where" if np.isneginf(arguments[0]).any() else "root"
            return self.hints[key] if got.isnan().any() else ""
        if got.isnan().any():
            return self.hints["product" if np.isneginf(arguments[0]).any() else "overflow"]
        if expected.isinf():
            return self.hints["possible"]
        if law != "values":
            return self.hints["zero"] if got.isinf() else ""
        right, n, size = float(expected), len(p), arguments[0].shape[0]
        x, y = (one.reshape(p.shape) for one in arguments)
        along_rows = self.truth(*(np.moveaxis(one, 0, -1) for one in arguments))
        others = {
            "This is KL(q || p): the two have changed places.": self.truth(*arguments[::-1]),
            "The classes are averaged too: divide by the number of rows alone.": right / p.shape[1],
            "The rows are added up here; take their mean.": right * n,
            "Divide by the number of rows, those of all leading dimensions.": right * n / size,
            "This is the cross entropy, which lacks the sum of p * log p.": -(p * log_q).sum() / n,
            "Logits are subtracted here: log p is log_softmax of p_logits.": (
                (p * (x - y)).sum() / n
            ),
            "softmax is taken along dimension 0 here; classes lie along the last one.": (
                along_rows * x.size / size / n
            ),
        }
        told = (hint for hint, one in others.items() if not np.isclose(one, right))
        return next((hint for hint in told if np.isclose(others[hint], float(got), 1e-4)), "")

    @aspect("structure")
    def test_is_made_without_distributions(self, solution):
        """It is made without torch.distributions."""
        x = torch.tensor(self.cases[0][0])
        used = modules_called(lambda: solution.kl_divergence(x, x + 1))
        used = [name for name in used if name.startswith("torch.distributions")]
        sentence = f"used {''.join(used[:1])}, which is forbidden here."
        expect(not used, sentence, self.hints["forbidden"])
