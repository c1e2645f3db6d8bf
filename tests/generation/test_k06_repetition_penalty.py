"""The checks of generation/k06_repetition_penalty: each row's set of ids, in Python."""

import math

import numpy as np
import torch

from dojo.checks import aspect, cost_of, expect, expect_no_growth, expect_shape, expect_values
from dojo.checks.gradients import gradients
from dojo.checks.laws import PureFunction
from dojo.checks.messages import rounded

LOW = -math.inf
# B, T, V
SIZES = ((2, 3, 5), (20, 24, 30))
TWICE = "An id that occurs twice gets its gradient twice: a mask counts it once."
AT_0 = "A sum of two parts adds up the gradients of both, and `relu` has 0 there: choose a factor."
SPARE = 8  # operations or lines that may come with the size: a branch, but no loop


def case(rows, length, size, penalty, seed):
    """Logits from -3 to 3 with one decimal, none of them 0, and ids that are drawn."""
    draw = np.random.default_rng(seed)
    logits = np.round(draw.uniform(-3, 3, (rows, size)), 1) + 0.05
    return logits, draw.integers(0, size, (rows, length)), penalty


class TestRepetitionPenalty(PureFunction):
    name = "repetition_penalty"
    tensors = ("logits", "tokens")
    fixed = {"tokens": torch.int64}
    dtypes = (torch.float32, torch.float64)
    cases = [
        ([[2.0, -2.0, 1.0, -1.0]], [[1, 1, 0]], 2.0),
        ([[2.0, -2.0, 1.0, -1.0], [-3.0, 4.0, -0.5, 5.0]], [[0, 1, 1], [2, 3, 2]], 2.0),
        case(3, 4, 5, 1.3, seed=1),
        case(2, 5, 3, 0.5, seed=2),
        case(2, 3, 4, 1.0, seed=3),
        case(1, 2, 4, 1.1, seed=4),
        case(2, 0, 3, 1.5, seed=5),
        case(3, 1, 1, 3.0, seed=6),
        case(2, 9, 4, 0.1, seed=7),
    ]
    wild = [([[0.0, LOW, -0.0, 1.5], [LOW, LOW, -2.0, 0.0]], [[0, 1, 2, 1], [3, 0, 0, 2]], 1.5)]
    wild += [([[1e30, -1e30, 3.0], [1e-30, -1e-30, 0.5]], [[0, 1], [1, 0]], 1.25)]
    ulps = 4
    absolute = False
    refused = [
        (([[1.0, -2.0]], [[0]], penalty), None, ValueError, "Refuse a penalty of 0 and below.")
        for penalty in (0.0, -1.0)
    ]
    hints = {
        "shape": "Each logit keeps its place: the result has the shape of logits.",
        "dtype": "The result has the dtype of logits: a factor of another dtype may change it.",
        "values": "For the ids of its own row: divide what is positive, multiply what is negative.",
        "wild": "0 stays 0, and -inf stays -inf: subtract nothing from it.",
        "precise": "Compute in the dtype of logits: in float32, float64 loses its digits.",
        "raises": "tokens may be empty, of shape (B, 0), and penalty may be below 1.",
        "tracked": "Gradients reach all logits: use no `detach`, `.data`, or `no_grad`.",
        "gradient": "The gradient of a logit has its factor: 1 / penalty, penalty, or 1.",
        "memory": "`scatter_` and `logits[rows, tokens] = ...` write into the caller's logits.",
        "own memory": "Also where nothing changes, a new tensor comes back: clone it.",
        "exact": "The logits of ids that do not occur stay exactly as they are.",
        "loop": "One operation can mark all ids of all rows: do without a loop over tokens.",
    }
    sentences = {
        "test_values": "Each id of the row's text has its logit lowered once, and no other has.",
        "test_wild_values": "0 stays 0, -inf stays -inf, and large and small logits are right.",
        "test_gradients": "The gradient of each logit has the factor of the logit, once.",
        "test_refuses": "A penalty that is not above 0 raises a ValueError.",
    }

    def factors(self, logits, tokens, penalty, occurs=None):
        """What each logit is multiplied by."""
        if occurs is None:
            ids = [set(row) for row in tokens.tolist()]
            occurs = [[i in row for i in range(logits.shape[1])] for row in ids]
        return np.where(occurs, np.where(logits > 0, 1 / penalty, penalty), 1.0)

    def truth(self, logits, tokens, penalty):
        return logits * self.factors(logits, tokens, penalty)

    def gradient(self, weights, logits, tokens, penalty):
        return [weights * self.factors(logits, tokens, penalty)]

    def compare(self, record, expected, hint, rtol, atol):
        super().compare(record, expected, hint, rtol, atol)
        logits, tokens, _ = record.row.arrays
        rest = self.factors(logits, tokens, 2.0) == 1
        exact = torch.where(torch.tensor(rest), expected, record.kept)
        expect_values(record.kept, exact, self.hints["exact"], rtol=0, atol=0)

    def others(self, logits, tokens, penalty):
        rows = np.arange(len(tokens))[:, None]
        count = np.zeros(logits.shape)
        np.add.at(count, (rows, tokens), 1)
        occurs = count > 0
        factor = self.factors(logits, tokens, penalty)

        def for_ids(marks):
            return self.factors(logits, tokens, penalty, np.broadcast_to(marks, logits.shape))

        factors = {
            "Negative logits are divided too, so that they rise: multiply them.": np.where(
                occurs, 1 / penalty, 1
            ),
            "Positive logits are multiplied too, so that they rise: divide them.": np.where(
                occurs, penalty, 1
            ),
            "What is positive is multiplied, what is negative divided: it is the other way.": 1
            / factor,
            "An id is changed for each time that it occurs; once is enough.": factor**count,
            "The ids of all rows are changed in every row; each row has its own.": for_ids(
                occurs.any(0)
            ),
            "The ids of the first row are changed in every row; each row has its own.": for_ids(
                occurs[0]
            ),
            "The ids that do not occur are changed.": for_ids(~occurs),
            "All ids are changed, not only those that occur.": for_ids(True),
            "Only the last token is looked at; each id of the row's text counts.": self.factors(
                logits, tokens[:, -1:], penalty
            ),
            "Token 0 is taken for padding here; it is an id like others.": for_ids(
                occurs & (np.arange(logits.shape[1]) > 0)
            ),
        }
        made = {hint: logits * one for hint, one in factors.items()}
        return made | {"The penalty is subtracted; it is a factor.": logits - penalty * occurs}

    def why(self, law, arguments, got, expected):
        if law == "gradient":
            tokens = arguments[1]
            count = [[row.count(i) for i in range(got.shape[1])] for row in tokens.tolist()]
            counted = expected * torch.tensor(count).clamp(min=1)
            is_counted = torch.allclose(got, counted.to(got), 1e-4)
            return TWICE if is_counted else ""
        if law in ("values", "wild") and got.isnan().any():
            return self.hints["wild"]
        if known := super().why(law, arguments, got, expected):
            return known
        if law != "values":
            return ""
        rest = torch.tensor(self.factors(*arguments[:2], 2.0) == 1)
        return "" if torch.allclose(got[rest], expected[rest]) else self.hints["exact"]

    @aspect("gradient")
    def test_gradients_at_0(self, solution):
        """At a logit of 0 the gradient lies between both factors."""
        logits = torch.tensor([[0.0, 2.0, -0.0, 0.0]], requires_grad=True)
        solution.hint = self.hints["gradient"]
        got = solution.repetition_penalty(logits, torch.tensor([[0, 1, 2]]), 4.0)
        expect_shape(got, logits.shape, self.hints["shape"])
        found = gradients(got, {"logits": logits}, torch.ones(1, 4), self.hints["tracked"])
        first, _, second, rest = found["logits"][0].tolist()
        for one in (first, second):
            sentence = f"has the gradient {rounded(one)} for a logit of 0; expected 0.25 to 4."
            expect(0.25 <= one <= 4, sentence, AT_0)
        sentence = f"has the gradient {rounded(rest)} for an id that does not occur; expected 1."
        expect(rest == 1, sentence, self.hints["gradient"])

    @aspect("cost")
    def test_does_not_loop(self, solution):
        """Torch and Python do no more for much data than for little."""
        costs = []
        for rows, length, size in SIZES:
            logits, tokens, penalty = case(rows, length, size, 1.5, seed=0)
            logits, tokens = torch.tensor(logits), torch.tensor(tokens)
            cost = cost_of(solution.repetition_penalty, logits, tokens, penalty)
            counts = {"operations": cost.operations, "numbers read into Python": cost.numbers}
            costs.append({**counts, "lines of Python": cost.lines})
        sizes = tuple(f"B, T, V = {', '.join(map(str, each))}" for each in SIZES)
        expect_no_growth(*costs, sizes, SPARE, self.hints["loop"])
