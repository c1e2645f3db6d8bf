"""The checks of generation/k03_temperature_sampling: what is certain, and what is drawn.

A right answer fails in fewer than one case of 10^9 in all that is drawn here.
"""

import math

import numpy as np
import torch

from dojo.checks import aspect, expect, expect_shape
from dojo.checks.draws import expect_categories, expect_share, seed_torch
from dojo.checks.laws import PureFunction
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import rounded

LOW = -math.inf
NOTHING = "With temperature 0 nothing is random: return before anything is drawn."
GIVEN = "Hand the generator on to what draws: `torch.multinomial(..., generator=generator)`."
ANEW = "Draw anew at each call, from the generator as it is: set no seed and keep nothing."
TORCHS = "Without a generator, draw from torch's global one, and set no seed."
EACH = "Each row has a random number of its own, independent of the others."
PROBS = "Draw each token with its probability, as `torch.multinomial` does."
DIVIDE = "Divide the logits by the temperature before the softmax."
RANGE = "A negative temperature has no meaning: refuse it."
FAR = [[1e4, -1e4, LOW, 9990.0], [-1e4, LOW, -9999.0, -9998.0], [LOW, LOW, 0.0, LOW]]
ONE_LEFT = [[LOW, 2.0, LOW], [0.5, LOW, LOW]]
# of each pair of logits float32 holds one alone
CLOSE = [[1.0, 1 + 2**-40, 0.5], [-2.0, -3.0, -2 - 2**-40]]
TINY = [[0.0, 1e-30, -1.0], [0.0, -1e-30, 1e-30]]  # a softmax makes them equal
# few enough for an answer that draws row by row
MANY, SHAPE = 1200, (8, 6, 30)
ROW = [0.5, -1.0, 1.5, LOW, 0.0]
DRAWN = [(ROW, 1.0), (ROW, 2.5), ([2.0, 3.0, 1.0], 0.5), ([0.0, 1e-6, LOW, 2e-6], 1e-6)]
DRAWN += [([1e4, LOW, -1e4, 5e3, -300.0], 1e6), ([1e4, 9999.0, LOW, -1e4, 9998.5], 1.0)]


def softmax(x):
    """The probabilities of logits; those of -inf are 0."""
    return np.exp(x - np.logaddexp.reduce(x))


def spread(row, shape=SHAPE):
    """The row once for each token that is to be drawn."""
    return torch.tensor(row).expand(*shape, len(row))


def mistakes(row, temperature):
    """What is drawn by known mistakes: probabilities, by the hint that names each."""
    x = np.array(row)
    best = np.eye(len(row))[x.argmax()]
    floor = np.where(np.isinf(x), -1e4, x)
    scaled = x / temperature
    plain = (
        f"This is softmax(logits): probabilities that are divided keep their proportion. {DIVIDE}"
    )
    if temperature < 1e-3:
        plain = (
            "The temperature that is used here is much larger: take it as it is, without a limit."
        )
    with np.errstate(all="ignore"):
        made = {
            plain: softmax(x),
            "This is softmax(logits * temperature): divide by it.": softmax(x * temperature),
            "This is always the largest: draw by the probabilities.": best,
            "All tokens are equally probable here.": np.full(len(row), 1 / len(row)),
            "All tokens but those of -inf are equally probable here.": np.isfinite(x)
            / np.isfinite(x).sum(),
            "A finite number in place of -inf can be drawn.": softmax(floor / temperature),
            "This is softmax(-logits / temperature).": softmax(np.where(np.isinf(x), LOW, -scaled)),
        }
    return {hint: one for hint, one in made.items() if np.isfinite(one).all()}


class TestSample(PureFunction):
    name = "sample"
    tensors = ("logits",)
    dtypes = (torch.float32, torch.float64)
    recorded = False
    draws = True
    # in all of them it is certain what is drawn
    cases = [
        (ONE_LEFT,),
        ([[1.0, 3.0, 2.0], [5.0, 4.0, 6.0]], 0.0),
        (np.random.default_rng(1).permutation(24).reshape(2, 3, 4) - 12.0, 0),
        ([LOW, LOW, 3.0, LOW], 0.7),
        ([2.0, -1.0, 4.0], 1e-6),
        (np.random.default_rng(2).permutation(30).reshape(3, 1, 2, 5) * 1.0, 1e-3),
        ([[1.5], [-2.0], [0.0]], 2.0),
        ([-3.0], 0.0),
    ]
    wild = [(FAR, 1e-6), (FAR, 0.0), (FAR, 0.01), ([[LOW, -1e4, LOW], [1e4, LOW, LOW]], 1e6)]
    precise = [(torch.float64, (CLOSE, 0.0)), (torch.float32, (TINY, 0.0))]
    precise += [(torch.float64, ([[1e4, 9999.9999], [9999.9998, 9999.9999]], 1e-6))]
    refused = [((ONE_LEFT, one), None, ValueError, RANGE) for one in (-1.0, -1e-6)]
    hints = {
        "shape": "Each row gives one token: V goes, and no dimension comes.",
        "dtype": "Tokens are int64.",
        "device": "Draw on the device of logits.",
        "values": "Draw by softmax(logits / temperature): the logits are divided. A temperature of"
        " 0 takes the largest.",
        "wild": "exp of a large number is inf: let `softmax` handle logits / temperature. And -inf"
        " is never drawn.",
        "precise": "Close logits are told apart in their own dtype alone, and not behind a softmax."
        " The temperature is taken as it is.",
        "raises": "`multinomial` takes one or two dimensions, and neither NaN, which x / 0 gives,"
        " nor inf, which exp of a large number is. And the caller's logits are not written.",
        "memory": "Methods with a trailing underscore, such as `div_`, change the caller's logits.",
    }
    sentences = {
        "test_has_the_shape": "The result has the shape of logits without V.",
        "test_has_the_dtype": "The result is int64.",
        "test_values": "Where one token alone is possible, or the temperature is 0, it is drawn.",
        "test_wild_values": "Large logits do not overflow, and -inf is never drawn.",
        "test_no_digit_is_lost": "Logits that are close are told apart.",
        "test_refuses": "A negative temperature raises a ValueError.",
    }

    def result_dtype(self, dtype):
        return torch.int64

    def truth(self, logits, temperature=1.0):
        return logits.argmax(-1)

    def drawn(self, solution, logits, *arguments):
        """The tokens of a call, once their shape is right."""
        got = self.call(solution, [logits, *arguments])
        expect_shape(got, logits.shape[:-1], self.hints["shape"])
        return got.cpu().numpy()

    @aspect("values")
    def test_draws_by_the_probabilities(self, solution, device):
        """Tokens come as often as softmax(logits / temperature) says."""
        solution.hint = f"{DIVIDE} {self.hints['wild']}"
        for row, temperature in DRAWN if device == "cpu" else DRAWN[1:2]:
            right, known = softmax(np.array(row) / temperature), mistakes(row, temperature)
            is_default = temperature == 1 and row == ROW
            arguments, count = ([], 3 * MANY) if is_default else ([temperature], MANY)
            logits, hint = spread(row, (count,)).to(device), PROBS if is_default else DIVIDE
            got = self.drawn(solution, logits, *arguments)
            if (got == got[0]).all():  # is it the same at each call?
                calls = {int(self.drawn(solution, logits[0], *arguments)) for _ in range(60)}
                hint, known = (hint, known) if len(calls) == 1 else (EACH, {})
            solution.last_call = f"sample({count} rows {rounded(row)}, {temperature:g})"
            expect_categories(got, right, "token", hint, known)

    @aspect("values")
    def test_draws_each_row_by_itself(self, solution, device):
        """Rows are independent of each other, of earlier calls, and have their own logits."""
        solution.hint = self.hints["raises"]
        turned = torch.tensor([ROW, ROW[::-1]]).to(device)
        got = self.drawn(solution, turned.expand(MANY, 2, len(ROW)), 1.5)
        right = softmax(np.array(ROW) / 1.5)
        hint = EACH if (got == got[0]).all() else "Each row has its own logits."
        for place, shares in enumerate((right, right[::-1])):
            expect_categories(got[:, place], shares, "token", hint)
        if device != "cpu":
            return
        right = softmax(np.array([0.0, 0.7]))
        same = float(right @ right)  # how often two independent tokens are equal
        logits = spread([0.0, 0.7])
        got, again = (self.drawn(solution, logits) for _ in range(2))
        for dim in range(3):
            rows = np.moveaxis(got, dim, 0)
            words = f"drew the same token, along dimension {dim},"
            expect_share(rows[::2] == rows[1::2], same, words, EACH, "pairs of neighbours")
        half = len(got) // 2
        expect_share(got[:half] == got[half:], same, "drew the same token", EACH, "pairs of halves")
        expect_share(got == again, same, "drew the same token as in the call before", ANEW)

    @aspect("values")
    def test_draws_from_the_generator(self, solution, device):
        """The same seed gives the same tokens, and numbers come from the generator at hand."""
        logits, solution.hint = spread(ROW, (4, 15)).to(device), GIVEN
        for is_given in (False, True):
            found = []
            for seed in (3, 3, 4):
                seed_torch(5 if is_given else seed)
                generator = torch.Generator(device).manual_seed(seed) if is_given else None
                arguments = [1.0, generator] if is_given else []
                with settings_watched(solution, True, may_draw=not is_given) as watched:
                    found += [self.drawn(solution, logits, *arguments).tolist() for _ in range(2)]
                whose = "the generator with" if is_given else "torch.manual_seed with"
                expect(not watched.text, watched.text, GIVEN if is_given else TORCHS)
            hint = GIVEN if is_given else ANEW
            expect(found[:2] == found[2:4], f"drew other tokens after {whose} the same seed.", hint)
            expect(found[0] != found[1], "drew the same tokens at two calls.", ANEW)
            expect(found[0] != found[4], f"drew the same tokens after {whose} another seed.", hint)

    @aspect("memory")
    def test_draws_nothing_at_0(self, solution, device):
        """With temperature 0 no generator is used, whether one is given or not."""
        logits, solution.hint = torch.tensor([[1.0, 3.0], [2.0, 0.0]]).to(device), NOTHING
        generator = torch.Generator(device).manual_seed(3)
        before = generator.get_state()
        for arguments in ([0.0], [0, generator]):
            with settings_watched(solution, thoroughly=True) as watched:
                self.drawn(solution, logits, *arguments)
            expect(not watched.text, watched.text, NOTHING)
        is_same = torch.equal(generator.get_state(), before)
        expect(is_same, "drew from the generator, or seeded it.", NOTHING)
