"""The checks of generation/k12_direct_preference_optimization: sums over what counts, in NumPy."""

import numpy as np
import torch

from dojo.checks.laws import PureFunction
from dojo.checks.policies import log_softmax, picked

NEAR = {torch.float32: 1e-4, torch.float64: 1e-9}
WORKS_ON = "Use torch's operations on the inputs: no `detach`, `.data` or `no_grad` for them."
AT_0 = (
    "Where the margin is 0, as before the first step, `relu`, `clamp` and `abs` have no slope of"
    " their own: take `logsigmoid` or `softplus`."
)
# what does not count: no ids, and a first token whose mask is True
JUNK = (
    [[[0.5, 2.0], [1.0, -1.0], [0.0, 3.0], [1.5, 1.0]], [[2.0, 0.0]] * 4],
    [[-100, 1, -100, 0], [10**12, -1, -100, 2]],
    [[True, True, False, True], [True, False, False, False]],
)
FAR = (
    [[[1e4, -1e4, 0.0], [0.0, 9000.0, 1e4], [-1e4, -1e4, -9000.0]]],
    [[0, 1, 1]],
    [[False, True, True]],
)
# beta times the margin is -40,000, -140, 2000 and 89
FAR_SUMS = np.array(
    [[-1e5, -900, 1e5, 900], [1e5, 500, 9e4, 0], [1e5, 3, 0, 10], [-1e5, 3, 1e4, 0]]
)
# the margin is -4, and beta times one of these is rounded
CLOSE_SUMS = [-99994.0], [-99983.0], [-99993.0], [-99986.0]


def texts(*shape, asked, seed=0):
    """Logits from -3 to 3 with one decimal, ids, and a mask from ``asked[b][0]`` up to [1]."""
    draw = np.random.default_rng(seed)
    t = np.arange(shape[1])
    mask = [(start <= t) & (t < end) for start, end in asked]
    logits = np.round(draw.uniform(-3, 3, shape), 1)
    return logits, draw.integers(0, shape[2], shape[:2]), np.array(mask)


def pairs(count, seed=0):
    """Four log-probabilities of each of so many pairs, with one decimal."""
    return tuple(np.round(np.random.default_rng(seed).uniform(-30, 0, (4, count)), 1))


def log_sigmoid(z):
    """The log of the sigmoid, also where that is 0."""
    return -np.logaddexp(0, -z)


class TestSequenceLogProbs(PureFunction):
    name = "sequence_log_probs"
    tensors = ("logits", "tokens", "mask")
    fixed = {"tokens": torch.int64, "mask": torch.bool}
    dtypes = (torch.float32, torch.float64)
    cases = [
        ([[[1.0, 0.5], [0.0, 2.0], [-0.5, 0.5], [1.5, 1.0]]], [[0, 1, 1, 0]], [[0, 0, 1, 1]]),
        texts(2, 5, 3, asked=[(2, 4), (3, 5)], seed=1),
        texts(3, 4, 5, asked=[(1, 4), (2, 3), (0, 0)], seed=2),
        texts(2, 6, 2, asked=[(0, 6), (4, 5)], seed=3),
        texts(2, 1, 3, asked=[(0, 1), (0, 0)], seed=4),
        texts(1, 3, 1, asked=[(1, 3)], seed=5),
        texts(3, 2, 4, asked=[(0, 2), (1, 2), (0, 1)], seed=6),
    ]
    wild = [JUNK, FAR]
    wild_gradients = wild
    of_largest = NEAR
    hints = {
        "shape": "One number for each text: (B,), the sum over its tokens.",
        "dtype": "The result has the dtype of logits.",
        "values": "Add up log_softmax(logits[b, t - 1]) at tokens[b, t] where mask[b, t] is True,"
        " for t from 1 on.",
        "raises": "What does not count may hold any number: -100 is no index. Put an id in its"
        " place before you look up. And T may be 1.",
        "wild": "What does not count is not looked at, whatever its token is; and the log of a"
        " softmax that became 0 is -inf.",
        "tracked": "Use torch's operations on logits: no `detach`, `.data` or `no_grad`.",
        "gradient": "At [b, t - 1] it is (1 at the token, else 0, less the softmax) if token t"
        " counts, and 0 if not.",
        "wild gradient": "Where nothing counts the gradient is 0, and it is never NaN.",
        "memory": "Only look at the inputs: `labels[labels == -100] = 0` changes the caller's"
        " tokens, if labels is a view of them.",
    }
    sentences = {
        "test_has_the_shape": "The result has one number for each text, also with T = 1.",
        "test_values": "The log-probabilities of the tokens that count are added up.",
        "test_wild_values": "Tokens that do not count may be -100, and far logits stay finite.",
        "test_gradients": "Gradients reach the logits of the place before each counted token.",
        "test_wild_gradients": "Gradients are right for far logits and beside tokens of -100.",
    }

    def other_case(self, arrays):
        return [np.roll(one, 1) for one in arrays]

    def each(self, logits, tokens, mask):
        """The log-probability of each token but the first, 0 where it does not count."""
        ids = np.where(mask[:, 1:], tokens[:, 1:], 0)
        return np.where(mask[:, 1:], picked(log_softmax(logits[:, :-1]), ids), 0.0)

    def truth(self, logits, tokens, mask):
        return self.each(logits, tokens, mask).sum(1)

    def gradient(self, weights, logits, tokens, mask):
        is_token = np.arange(logits.shape[2]) == tokens[:, 1:, None]
        slopes = (is_token - np.exp(log_softmax(logits[:, :-1]))) * mask[:, 1:, None]
        back = np.zeros(logits.shape)
        back[:, :-1] = weights[:, None, None] * slopes
        return [back]

    def others(self, logits, tokens, mask):
        own, front, later = log_softmax(logits), slice(None, -1), slice(1, None)
        each, counts = self.each(logits, tokens, mask), mask[:, later].sum(1)
        shifted, same = picked(own[:, front], tokens[:, later]), picked(own, tokens)
        chosen = picked(logits[:, front], tokens[:, later])
        return {
            "This is the mean over the tokens that count; their sum is asked for.": (
                each.sum(1) / np.maximum(counts, 1)
            ),
            "The sum is divided by the number of all places; divide by nothing.": each.mean(1)
            if each.shape[1]
            else each.sum(1),
            "All tokens count here, those of the question too: mask is not looked at.": (
                shifted.sum(1)
            ),
            "The mask is one place off: mask[b, t] is about tokens[b, t], so cut it where you cut"
            " the tokens.": (shifted * mask[:, front]).sum(1),
            "Nothing is shifted: logits[b, t] speak of tokens[b, t + 1].": (same * mask).sum(1),
            "Nothing is shifted: logits[b, t - 1] speak of tokens[b, t], not logits[b, t].": (
                same * mask
            )[:, later].sum(1),
            "The first token counts here, by the last logits: `roll` brings it behind them.": (
                picked(own, np.roll(tokens, -1, 1)) * np.roll(mask, -1, 1)
            ).sum(1),
            "The mask is turned round: True means that a token counts.": (
                shifted * ~mask[:, later]
            ).sum(1),
            "Here token 0 does not count, as if it were padding: the mask alone says what does.": (
                (each * (tokens[:, later] != 0)).sum(1)
            ),
            "The sign is that of a loss: log-probabilities are 0 or less.": -each.sum(1),
            "These are probabilities; their logarithms are to be added.": (
                np.exp(shifted) * mask[:, later]
            ).sum(1),
            "These are the logits themselves: subtract the log of the sum of their powers.": (
                chosen * mask[:, later]
            ).sum(1),
        }

    def why(self, law, arguments, got, expected):
        if law == "wild" and got.isinf().any():
            return "The log of a softmax that became 0 is -inf: take `log_softmax`."
        if law == "wild" and got.isnan().any():
            return "exp of 1,000 is inf, inf / inf is NaN, and so is 0 * inf: take `log_softmax`."
        return super().why(law, arguments, got, expected)

    def why_shape(self, arguments, shape):
        batch, places = arguments[1].shape
        if shape == ():
            return "Each text keeps a number of its own: sum over T alone."
        return "The tokens of a text are to be added up." if shape == (batch, places - 1) else ""


class TestDpoLoss(PureFunction):
    name = "dpo_loss"
    tensors = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")
    constants = tensors[2:]
    alone = ("policy_rejected", "reference_rejected")
    dtypes = (torch.float32, torch.float64)
    layouts = ("contiguous", "every second element", "at an offset", "repeated")
    cases = [
        ([-12.0, -20.0], [-15.0, -10.0], [-14.0, -16.0], [-13.5, -11.0]),
        (*pairs(5, seed=1), 0.3),
        pairs(1, seed=2),
        (*pairs(4, seed=3), 1.0),
        ([-3.5] * 3, [-8.0] * 3, [-3.5] * 3, [-8.0] * 3, 0.5),
    ]
    wild = [tuple(FAR_SUMS), CLOSE_SUMS]
    wild_gradients = wild
    of_largest = NEAR
    hints = {
        "shape": "The loss is one number, the mean over all pairs.",
        "values": "-log(sigmoid(beta * ((policy_chosen - policy_rejected) - (reference_chosen -"
        " reference_rejected)))), and the mean of that.",
        "wild": "sigmoid(-200) is 0 in float32, and its log is -inf: `logsigmoid` or `softplus`"
        " compute both in one. Add nothing, and cut nothing off.",
        "precise": "Digits are lost: add nothing to a share before its log, and stay in one dtype.",
        "gradient": "With s = sigmoid(-beta * margin), it is -beta * s / B for policy_chosen, and"
        " as much with the other sign for policy_rejected.",
        "wild gradient": "0 * inf is NaN on the way back: `logsigmoid` and `softplus` know it.",
        "constant": "The reference is frozen: detach what is computed from it.",
        "tracked": WORKS_ON,
    }
    sentences = {
        "test_has_the_shape": "The loss is a 0-d tensor.",
        "test_values": "-log(sigmoid(beta * margin)) is averaged over the pairs.",
        "test_wild_values": "The loss is finite and right for log-probabilities of 100,000.",
        "test_gradients": "Gradients reach the policy, and none goes to the reference.",
        "test_wild_gradients": "Gradients are right for log-probabilities of 100,000.",
    }

    def truth(self, pc, pr, rc, rr, beta=0.1):
        return -log_sigmoid(beta * (pc - rc - pr + rr)).mean()

    def gradient(self, weights, pc, pr, rc, rr, beta=0.1):
        slope = -beta * np.exp(log_sigmoid(-beta * (pc - rc - pr + rr))) / len(pc) * weights
        return [slope, -slope, 0 * slope, 0 * slope]

    def others(self, pc, pr, rc, rr, beta=0.1):
        policy, reference = pc - pr, rc - rr
        z = beta * (policy - reference)
        return {
            "The reference is left out: subtract its difference from that of the policy.": (
                -log_sigmoid(beta * policy).mean()
            ),
            "Chosen and rejected have changed places: the chosen one is to become more probable.": (
                -log_sigmoid(-z).mean()
            ),
            "The two differences are added; subtract the reference's one.": -log_sigmoid(
                beta * (policy + reference)
            ).mean(),
            "beta is not used: it multiplies the margin.": -log_sigmoid(policy - reference).mean(),
            "The margin is divided by beta here; multiply.": -log_sigmoid(z / beta**2).mean(),
            "beta is an argument: 0.1 is only its default.": -log_sigmoid(z / beta * 0.1).mean(),
            "beta is for the reference's difference too.": -log_sigmoid(
                beta * policy - reference
            ).mean(),
            "The losses of the pairs are added up; take their mean.": -log_sigmoid(z).sum(),
            "The mean of the margins comes first here: it is to come last.": -log_sigmoid(z.mean()),
            "The sign is missing: this is the mean of log(sigmoid), and a loss is to fall.": (
                log_sigmoid(z).mean()
            ),
            "The log is missing: this is the mean of the sigmoid.": np.exp(log_sigmoid(z)).mean(),
            "The log is missing: this is the mean of -sigmoid.": -np.exp(log_sigmoid(z)).mean(),
            "This is the hinge loss; the log of a sigmoid is asked for.": (
                np.maximum(1 - z, 0).mean()
            ),
            "This is the square of IPO; the log of a sigmoid is asked for.": (
                (z / beta - 0.5 / beta) ** 2
            ).mean(),
        }

    def why(self, law, arguments, got, expected):
        pc, pr, rc, rr, *_ = arguments
        if law == "wild" and got.isfinite().all():
            if abs(pc - pr - rc + rr).max() < 100:
                return "beta times a large number is rounded: subtract before you multiply."
            return "Something is cut off or added here: a margin of -100,000 has a loss of 10,000."
        if law == "gradient" and (pc - pr == rc - rr).all():
            return AT_0
        return super().why(law, arguments, got, expected)
