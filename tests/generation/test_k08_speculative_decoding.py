"""The checks of generation/k08_speculative_decoding: drafts where all is certain, and many calls.

A right answer fails in fewer than one case of 10^9 in all that is drawn here.
"""

import math

import numpy as np
import torch

from dojo.checks import (
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_dtype,
    expect_shape,
    expect_values,
)
from dojo.checks.draws import expect_share, may_be_share, seed_torch
from dojo.checks.laws import PureFunction
from dojo.checks.laws.layouts import WRITABLE
from dojo.checks.laws.settings import settings_watched

ACCEPT = "Token x of row i is accepted with probability min(1, p[i, x] / q[i, x])."
INSTEAD = "A refused token is replaced by one drawn from max(p[i] - q[i], 0), divided by its sum."
MORE = "Where all tokens are accepted, one more follows, drawn from p[n], the last row."
OWN = "The p / q of each token counts by itself, not times those before it."
ENDS = "Tokens before the refused one stay as they are; its replacement is the last one."
SEED = "Every draw is from the generator that is given, else from torch's global one; set no seed."
PARTLY = "Some draws are from the generator, but not all. "
# the rows of a draft: row i is this one, moved by i places, and token i is x
P, Q, X, CALLS = [0.35, 0.05, 0.21, 0.39, 0.0], [0.5, 0.1, 0.05, 0.35, 0.0], 0, 300
RATE, LEFT, LAST, EVEN = 0.7, [0.0, 0.0, 0.8, 0.2, 0.0], [0.3, 0.0, 0.0, 0.0, 0.7], [0.5, 0.5]
ABOVE, BELOW = (np.clip(np.subtract(*pair), 0, 1) for pair in ((P, Q), (Q, P)))
LIKELY = 1e-3  # how seldom a mistake that was made is not named
# known mistakes, by what they do
RATES = {
    1.0: "Nothing is refused here. Is it q / p, and not p / q?",
    P[X]: "The probability of x is p[x] here; it is p[x] / q[x], since x came from q.",
    Q[X]: "The probability of x is q[x] here; it is p[x] / q[x].",
    1 - RATE: "What is to be refused is accepted, and the other way round.",
    0.0: "x is refused whenever p[x] is below q[x]; it is accepted at times, by a random number.",
}
INSTEADS = {
    "The replacement is drawn from p[i] itself here. ": P,
    "Where p is below q, nothing is left: max(p - q, 0), and not |p - q|. ": ABOVE + BELOW,
    "The difference is p - q, and not q - p. ": BELOW,
    "The replacement is drawn from p here, without x: subtract q. ": [0, *P[1:]],
    "q is to be subtracted, also from what is above it. ": [0, 0, *P[2:]],
    "The most probable token is taken here; one is to be drawn. ": [0, 0, 1, 0, 0],
    "The replacement is drawn from q here. ": Q,
}
LASTS = {
    "The most probable token is taken here; one is to be drawn. ": [0, 0, 0, 0, 1],
    "The last token is drawn from p[n - 1] here. ": np.roll(P, 2),
    "The last token is drawn from q[n - 1] here. ": np.roll(Q, 2),
}


DRAFT = (
    torch.tensor([*(np.roll(P, i).tolist() for i in range(3)), LAST]),
    torch.tensor([np.roll(Q, i).tolist() for i in range(3)]),
    torch.arange(X, X + 3),
)


def draft():
    """p, q and tokens, of which each is accepted with probability 0.7."""
    return [one.clone() for one in DRAFT]


def known(mistakes, drawn):
    """The sentence of the mistake that explains best which tokens were drawn; empty if none may."""
    shares = np.bincount(drawn, minlength=5) / len(drawn)
    fits = {}
    for hint, weights in mistakes.items():
        pairs = list(zip(shares, np.divide(weights, np.sum(weights)), strict=True))
        if all(may_be_share(share, one, len(drawn), LIKELY) for share, one in pairs):
            fits[hint] = sum(share * math.log(one) for share, one in pairs if share)
    return max(fits, key=fits.get, default="")


class TestSpeculativeStep(PureFunction):
    name = "speculative_step"
    tensors = ("target_probs", "draft_probs", "draft_tokens")
    fixed = {"draft_tokens": torch.int64}
    dtypes = (torch.float32, torch.float64)
    recorded = False
    draws = True
    cases = [  # in all of them it is certain what comes out
        ([[0.2, 0.8, 0], [0, 1, 0], [0, 0, 1]], [[0.1, 0.4, 0.5], [0.5, 0.1, 0.4]], [0, 1]),
        ([[0.6, 0.4, 0], [0, 0.9, 0.1], [0, 1, 0]], [[0.4, 0.4, 0.2], [0.1, 0.9, 0]], [1, 0]),
        ([[0, 0.4, 0.5, 0.1], [1, 0, 0, 0]], [[0.1, 0.4, 0.5, 0]], [0]),
        ([EVEN, [1, 0], [0, 1], EVEN, [1, 0]], [EVEN, [0.2, 0.8], [1, 0], EVEN], [1, 0, 0, 1]),
        ([[0.2, 0.8]] * 3 + [[1, 0]], [[0.2, 0.8]] * 3, [1, 0, 1]),
        ([[1], [1]], [[1]], [0]),
        ([[0, 1, 0], [0, 0, 1]], [[0, 1, 0]], [1]),
        ([[0.1, 0, 0.9]] * 4, [[0.1, 0.3, 0.6]] * 3, [2, 0, 1]),
    ]
    hints = {
        "type": "Return the tokens alone, as a tensor.",
        "shape": "The accepted tokens and one more: from 1 to n + 1.",
        "dtype": "Tokens are int64; only probabilities are floats.",
        "values": ACCEPT,
        "device": "Draw on the device of the tensors.",
        "raises": "Where p[i] and q[i] are equal, max(p - q, 0) has the sum 0: there is nothing to"
        " divide by, and nothing to draw.",
        "memory": "All three tensors are the caller's: write into none of them.",
        "setting": SEED,
    }
    sentences = {
        "test_has_the_shape": "The result has the accepted tokens, and one more.",
        "test_has_the_dtype": "The result is int64.",
        "test_values": "Where p[x] is 0, or at least q[x], it is certain what comes out.",
    }

    def layouts_of(self, name):
        return WRITABLE  # with equal rows it is not certain what comes out

    def result_dtype(self, dtype):
        return torch.int64

    def truth(self, p, q, tokens):
        for i, x in enumerate(tokens.tolist()):
            if p[i, x] < q[i, x]:
                assert p[i, x] == 0, "a case is certain"
                return [
                    *tokens[:i],
                    only(row - other for row, other in zip(p[i], q[i], strict=True)),
                ]
        return [*tokens, only(p[-1])]

    def other_case(self, arrays):
        p, q, tokens = arrays
        return [p[:, ::-1], q[:, ::-1], p.shape[1] - 1 - tokens]

    def why_shape(self, arguments, shape):
        n, right = len(arguments[2]), len(self.truth(*arguments))
        if len(shape) != 1:
            return ""
        if right == n + 1 and shape[0] == n:
            return MORE
        at = right - 1
        if right < n + 1 and shape[0] == at:
            return f"Token {at} is refused. {INSTEAD}"
        if shape[0] > right:
            return f"Token {at} is refused: p is 0 for it. Its replacement is the last token."
        return f"Token {shape[0] - 1} is accepted for sure: p is at least q for it. {ACCEPT}"

    def why(self, law, arguments, got, expected):
        if law != "values":
            return ""
        same = got[:-1].equal(expected[:-1])
        return (MORE if len(got) == len(arguments[0]) else INSTEAD) if same else ENDS

    # ---------------------------------------------------------------- many calls

    def drawn(self, solution):
        """How many tokens each of many calls accepted, and the token that it drew."""
        solution.hint = ACCEPT
        if "drawn" not in solution.records:
            solution.records["drawn"] = [self.call(solution, draft()) for _ in range(CALLS)]
        solution.last_call = "speculative_step(p, q, tokens), in many calls,"
        found = []
        for got in solution.records["drawn"]:
            expect_dtype(got, torch.int64, self.hints["dtype"])
            if got.dim() != 1 or not 1 <= len(got) <= 4:
                sentence = f"returned {describe(got)} for a draft of 3."
                raise CheckFailed(sentence, self.hints["shape"])
            *kept, last = got.tolist()
            if kept != [0, 1, 2][: len(kept)]:
                sentence = f"returned {[*kept, last]} for the draft [0, 1, 2]."
                raise CheckFailed(sentence, ENDS)
            found.append((len(kept), last))
        sentence = f"returned {[*kept, last]} for one draft again and again."
        expect(len(set(found)) > 1, sentence, f"Each call draws anew. {SEED}")
        return found

    @aspect("values")
    def test_accepts_by_chance(self, solution):
        """Each token is accepted with probability min(1, p / q), by a number of its own."""
        found, rows = self.drawn(solution), {}
        for row in range(3):
            rows[f"token {row}"] = [count > row for count, _ in found if count >= row]
        rows["a token"] = [one for row in rows.values() for one in row]
        first = np.mean(rows["token 0"])
        known = [one for one in RATES if may_be_share(first, one, CALLS, LIKELY)]
        nearest = min(known, key=lambda one: abs(one - first), default=None)
        for token, is_accepted in rows.items():
            rate, hint = np.mean(is_accepted or [0]), RATES.get(nearest, ACCEPT)
            if rate == 1 and not all(rows["token 0"]):
                hint = "Each token needs a random number of its own; here one serves for all."
            words = f"accepted {token}, where p is {P[X]} and q is {Q[X]}, in"
            expect_share(is_accepted, RATE, words, hint, "calls that came to it")

    @aspect("values")
    def test_accepts_each_by_its_own(self, solution):
        """After a token that was accepted by chance, one with p = q is accepted for sure."""
        p, q = [[0.25, 0.75], EVEN, EVEN, [1.0, 0.0]], [EVEN] * 3
        solution.hint, tokens = ACCEPT, torch.tensor([0, 0, 0])
        for _ in range(50):
            got = self.call(solution, [torch.tensor(p), torch.tensor(q), tokens.clone()])
            expect_dtype(got, torch.int64, self.hints["dtype"])
            sentence = f"returned {describe(got)}; expected [1] or [0, 0, 0, 0]."
            expect(got.tolist() in ([1], [0, 0, 0, 0]), sentence, OWN)

    @aspect("values")
    def test_replaces_by_chance(self, solution):
        """The replacement is drawn from max(p - q, 0) of the refused token's row."""
        found = self.drawn(solution)
        drawn = [(last - row) % 5 for row, last in found if row < 3]
        expect(len(drawn) > 0, f"refused nothing in {CALLS} calls.", ACCEPT)
        hint = known(INSTEADS, drawn) + INSTEAD
        for token, share in enumerate(LEFT):
            words = f"drew, where p is {P[token]} and q is {Q[token]}, the token in"
            is_this = np.array(drawn) == token
            expect_share(is_this, share, words, hint, "replacements")

    @aspect("values")
    def test_adds_by_chance(self, solution):
        """After full acceptance, one more token is drawn from the last row of p."""
        found = self.drawn(solution)
        drawn = [last for count, last in found if count == 3]
        expect(len(drawn) > 0, f"accepted the whole draft in none of {CALLS} calls.", ACCEPT)
        hint = known(LASTS, drawn) + MORE
        for token, share in enumerate(LAST):
            words = f"drew token {token}, where p[n] is {share}, in"
            expect_share(np.array(drawn) == token, share, words, hint, "calls that accepted all")

    @aspect("values")
    def test_takes_rows_in_one_memory(self, solution, device):
        """The rows of p and those of q may be one row that is expanded."""
        for tokens, right in (([1, 1, 1], [1, 1, 1, 1]), ([1, 0, 1], [1, 1]), ([2, 1, 1], [1])):
            p = torch.tensor([[0.0, 1.0, 0.0]]).to(device).expand(4, 3)
            q = torch.tensor([[0.3, 0.5, 0.2]]).to(device).expand(3, 3)
            solution.hint = ACCEPT
            got = self.call(solution, [p, q, torch.tensor(tokens).to(device)])
            expect_shape(got, (len(right),), ACCEPT)
            expect_values(got, torch.tensor(right), ACCEPT)

    @aspect("values")
    def test_draws_from_the_generator(self, solution):
        """The same seed gives the same tokens, call by call; a generator is the only one used."""
        for generator in (torch.Generator(), None):
            seed = seed_torch if generator is None else generator.manual_seed
            what = "torch.manual_seed" if generator is None else "the generator"
            given, runs, solution.hint = [] if generator is None else [generator], [], SEED
            with settings_watched(solution, thoroughly=True, may_draw=not given) as changed:
                for _ in range(2):
                    seed(5)
                    before = generator.get_state() if given else None
                    calls = [self.call(solution, [*draft(), *given]) for _ in range(20)]
                    runs.append([one.tolist() for one in calls])
            is_used = given and not generator.get_state().equal(before)
            expect(not changed.text, changed.text, f"{PARTLY if is_used else ''}{SEED}")
            sentence = f"drew other tokens with the same seed of {what}."
            expect(runs[0] == runs[1], sentence, SEED)
            sentence = f"drew the same in 20 calls, seeded once by {what}."
            is_new = any(one != runs[0][0] for one in runs[0])  # else, less than once in 10^11
            expect(is_new, sentence, f"Each call draws anew. {SEED}")


def only(numbers):
    """The one place where a number is above 0."""
    (place,) = (i for i, number in enumerate(numbers) if number > 1e-9)
    return place
