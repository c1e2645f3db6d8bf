"""The checks of generation/k05_top_p: each row sorted and added up in Python."""

import math

import numpy as np
import torch

from dojo.checks import aspect, expect, expect_shape
from dojo.checks.laws import PureFunction

LOW = -math.inf
EQUAL = [[1.0, 1.0, 1.0, 1.0], [2.0, 0.0, 2.0, 2.0], [0.0, 5.0, 0.0, LOW]]
COUNTS = {0.0: (1, 1, 1), 0.4: (2, 2, 1), 0.9: (4, 3, 1), 0.99: (4, 4, 2), 1.0: (4, 4, 3)}
# known mistakes keep different numbers of these for p = 0.75
ROWS = [[-0.4, -0.3, -0.5, -0.35, -0.45], [-3.75, -1.0, -5.0, -6.0, -3.0]]
TAIL = [[0.0, -20.0, -30.0, -40.0], [-1000.0, 5.0, -2000.0, 4.0]]
HIDDEN = [[LOW, 1.0, LOW, 2.0], [0.5, LOW, -1.0, -2.0], [LOW, LOW, -3.0, LOW]]
LARGE = [[1e4, 9999.0, -1e4], [-9999.0, -1e4, -9998.5]]
# of each pair of logits float32 holds one alone
CLOSE = np.array([[1.0, 1 + 2**-40, -3.0], [-2.0, 0.5 + 2**-40, 0.5]])
LET_THROUGH = "A hidden entry gets a gradient here: it is replaced by -inf, and nothing is added."
BY_SHARES = "The gradient of what stays is that of the result: none goes through the probabilities."
FULL = "With p = 1 every token stays: a rounded sum may reach 1 too early."
ANY = "Of equal tokens any may stay, but no more than the sum needs, and the largest before others."


def numbers(*shape, seed=0):
    """From -2 to 3, each number once."""
    places = np.random.default_rng(seed).permutation(math.prod(shape)).reshape(shape)
    return np.round(places * 5 / places.size - 2, 2)


def shares(row):
    """The softmax of some numbers, by Python's own."""
    powers = [math.exp(x - max(row)) for x in row]
    return [power / math.fsum(powers) for power in powers]


def kept(logits, p, more=0, weigh=shares):
    """Which entries stay: one after the other, until the sum is there, and some more."""
    marks = np.zeros(logits.shape, bool)
    for place in np.ndindex(logits.shape[:-1]):
        row = logits[place].tolist()
        weights, total, count = weigh(row), 0.0, 0
        order = sorted(range(len(row)), key=lambda i, row=row: -row[i])
        while count < len(row) and (p == 1 or not count or total < p):
            total += weights[order[count]]
            count += 1
        marks[place][order[: max(count + more, 1)]] = True
    return marks


class TestTopPFilter(PureFunction):
    name = "top_p_filter"
    tensors = ("logits",)
    dtypes = (torch.float32, torch.float64)
    cases = [
        (ROWS, 0.75),
        (numbers(3, 4, seed=1), 0.5),
        (numbers(2, 3, 4, seed=2), 0.9),
        (numbers(6, seed=3), 0.6),
        (numbers(2, 5, seed=4), 0.0),
        (numbers(3, 3, seed=5), 1.0),
        (numbers(1, 2, 1, 5, seed=6), 0.3),
        ([[2.0], [-1.0]], 0.5),
        (ROWS, 0.999),
    ]
    wild = [
        (TAIL, 1.0),
        (TAIL, 0.5),
        (TAIL, 0.9999),
        (TAIL, 0.0),
        (HIDDEN, 0.7),
        (HIDDEN, 0.95),
        (HIDDEN, 1.0),
    ]
    wild += [(HIDDEN, 0.0), (LARGE, 0.7), (LARGE, 0.1)]
    wild_gradients = [(TAIL, 1.0), (LARGE, 0.7), (TAIL, 0.5)]
    precise = [(torch.float64, (CLOSE, p)) for p in (0.0, 0.3, 1.0)]
    ulps = 0
    refused = [
        ((ROWS, p), None, ValueError, "p is a probability: refuse what is below 0 or above 1.")
        for p in (-0.1, 1.1)
    ]
    hints = {
        "shape": "Each entry keeps its place: some become -inf, and none is taken out.",
        "dtype": "What stays is not computed: the logits keep their dtype.",
        "values": "Tokens stay in the order of their probability, until these add up to p.",
        "wild": "-inf has the probability 0 and stays -inf; with p = 1 all stays as it is, and with"
        " p = 0 one of each row.",
        "precise": "What stays is the same to the last bit, and close logits are told apart in"
        " their own dtype.",
        "raises": "p may be 0 and 1 too, and there may be any number of leading dimensions.",
        "tracked": "Gradients go to the entries that stay: use no `detach`, `.data`, or `no_grad`.",
        "gradient": "The gradient passes unchanged where an entry stays, and is 0 where it goes.",
        "memory": "`logits[mask] = ...` and `masked_fill_` write into the caller's logits.",
        "own memory": "Also where nothing is hidden, a new tensor comes back: clone it.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of logits, for every p.",
        "test_values": "As many of the most probable tokens stay as p needs, the others are -inf.",
        "test_wild_values": "The rule holds for far logits and beside -inf, for p = 0 and p = 1.",
        "test_no_digit_is_lost": "What stays is the same to the last bit, and close logits differ.",
        "test_gradients": "The gradient is 1 where an entry stays, and 0 where it goes.",
        "test_wild_gradients": "The gradient is right, and not NaN, for far logits.",
        "test_refuses": "p below 0 or above 1 raises a ValueError.",
    }

    def truth(self, logits, p):
        return np.where(kept(logits, p), logits, LOW)

    def gradient(self, weights, logits, p):
        return [np.where(kept(logits, p), weights, 0.0)]

    def others(self, logits, p):
        if p in (0, 1):
            return {}
        order = np.argsort(-logits, -1, kind="stable")
        in_order = np.take_along_axis(kept(logits, p), order, -1)
        own = np.apply_along_axis(shares, -1, logits)
        first = in_order.reshape(-1, logits.shape[-1])[0].sum()
        stays = {
            "The token that makes the sum cross p is hidden; it stays.": kept(logits, p, -1),
            "One token more than needed stays.": kept(logits, p, 1),
            "The mask is in sorted order: bring it back to the places of the tokens.": in_order,
            "`gather` by the order is not the way back from it: `scatter` is.": (
                np.take_along_axis(in_order, order, -1)
            ),
            "Logits are added up here; their softmax is to be.": kept(logits, p, 0, list),
            "p is asked of all rows together; each row has its own sum.": kept(logits.ravel(), p),
            "As many stay as in the first row; each row has its own number.": (
                np.argsort(order, -1, kind="stable") < first
            ),
            "The least probable tokens are added up first; begin with the most probable.": (
                kept(-logits, p, 0, lambda row: shares([-x for x in row]))
            ),
            "The least probable tokens are hidden up to a sum of p; hide them up to 1 - p.": (
                kept(logits, 1 - p)
            ),
            "What is hidden is to stay, and the other way round.": ~kept(logits, p),
            "Tokens stay here by their own probability; the sum of them has to reach p.": (
                (own >= p) | (own == own.max(-1, keepdims=True))
            ),
            "This is min-p: each token by itself is compared with p times the best one.": (
                own >= p * own.max(-1, keepdims=True)
            ),
        }
        made = {
            hint: np.where(one.reshape(logits.shape), logits, LOW) for hint, one in stays.items()
        }
        in_place = np.where(in_order, np.take_along_axis(logits, order, -1), LOW)
        hint = "The logits are in sorted order; each belongs to the token of its place."
        return made | {hint: in_place}

    def why(self, law, arguments, got, expected):
        if law == "type":
            return ""
        goes = expected == (0 if "gradient" in law else LOW)
        if law == "gradient":
            is_kept = got[~goes].equal(expected[~goes])
            return ("" if got.equal(expected) else LET_THROUGH) if is_kept else BY_SHARES
        if "gradient" in law:
            return ""
        if got.isnan().any():
            return "0 * inf, inf - inf and inf / inf are NaN: let softmax handle large numbers."
        sums = got.double().exp().sum(-1), got.double().sum(-1)
        if any(torch.allclose(one, torch.ones_like(one), 1e-2) for one in sums):
            return "These are probabilities or their logarithms; the logits are asked for."
        if known := super().why(law, arguments, got, expected):
            return known
        if arguments[1] == 1 and not got.equal(expected):
            is_hidden = got[~goes].isinf().any()
            return FULL if is_hidden else ""
        if got[goes].isfinite().any() and (got != expected)[goes].all():
            return "What is hidden has a finite logit here: it can be drawn after all."
        if (got.isfinite() & ~goes & (got != expected)).any():
            return (
                "What stays keeps its number: return the logits, not their softmax or log_softmax."
            )
        empty = "A row has nothing left to draw: the most probable token always stays."
        return "" if got.isfinite().any(-1).all() else empty

    @aspect("values")
    def test_ties(self, solution, device):
        """Of tokens that are equally probable as many stay as the sum needs, and no more."""
        for p, counts in COUNTS.items():
            logits = torch.tensor(EQUAL).to(device)
            got = solution.top_p_filter(logits, p)
            expect_shape(got, logits.shape)
            for row, count, found in zip(EQUAL, counts, got.tolist(), strict=True):
                stays = sorted((x for x in found if x > LOW), reverse=True)
                in_place = all(y in (x, LOW) for x, y in zip(row, found, strict=True))
                is_right = in_place and stays == sorted(row, reverse=True)[:count]
                sentence = f"gave {found} for the row {row}, p = {p}; expected {count} to stay."
                expect(is_right, sentence, ANY)
