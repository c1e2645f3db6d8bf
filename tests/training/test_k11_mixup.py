"""The checks of training/k11_mixup: where λ and π are certain, and read from mixed unit vectors.

A right answer fails in fewer than one case of 10^9 in all that is drawn here.
"""

import itertools
import math

import numpy as np
import torch

from dojo.checks import (
    aspect,
    expect,
    expect_dtype,
    expect_new_memory,
    expect_shape,
    expect_values,
    gradients,
    in_layout,
    layouts,
    shares_storage,
    untouched,
)
from dojo.checks.draws import expect_share, seed_torch
from dojo.checks.laws import PureFunction
from dojo.checks.laws.settings import settings_watched
from dojo.checks.messages import rounded

ONE = "λ and π are drawn once in a call, and used for both x and y."
SUM = "A sample is λ of itself and 1 - λ of another: together they weigh 1."
SCALED = "What is added here was multiplied by λ before: x[π] is to be taken from the x given."
TWICE = "π is a permutation, as of `torch.randperm`: each sample is mixed in once."
PER_SAMPLE = "λ is one number for the whole batch."
ANEW = "Draw from torch's global generator, at each call anew, and set no seed."
SEED = "torch.manual_seed does not reach the generators of NumPy and Python, nor one of your own."
DEFAULT = "Without alpha it is 1: after the same seed, the mixture is the same."
FOLDED = "λ is used as drawn: max(λ, 1 - λ) is never below 1/2."
BETA = "λ comes from Beta(alpha, alpha): alpha = 1 alone makes it uniform."
SAME = "λ is what `torch.distributions.Beta(alpha, alpha)` draws: both parameters are alpha itself."
UNIFORM = "Each permutation is equally likely: shifts or a reversal are not all, nor are those in"
UNIFORM += " which no sample keeps its place."
OWN = "Results go into new tensors: write into neither x nor y."
X = [[1.5, -2.0, 3.0], [4.0, 0.5, -1.0], [2.0, 7.0, 0.25]]
Y = [[1.0, 0.0], [0.0, 1.0], [0.25, 0.75]]
NEAR = 1e-6
EDGE = 1e-5  # λ nearer to 0 or 1 counts as this: float32 does not tell how near
SURE, ENOUGH = 25.0, 7.0  # logarithms of odds: a right answer comes to the first once in 10^10
MOST = 600  # calls, if neither is reached


def numbers(*shape):
    """Different numbers, with digits that float32 does not hold."""
    return torch.arange(1.0, 1 + int(np.prod(shape)), dtype=torch.float64).reshape(shape) * 0.7 % 5


def read(rows, subject):
    """λ and π, from mixed unit vectors; λ is 1 where all rows are as before."""
    order, shares = [], {}
    for i, row in enumerate(rows.detach().cpu().double().flatten(1).tolist()):
        others = [j for j, share in enumerate(row) if share > NEAR and j != i]
        total = row[i] + sum(row[j] for j in others)
        is_scaled = len(others) == 1 and abs(row[others[0]] - row[i] * (1 - row[i])) < NEAR
        words = f"mixed unit vectors to {rounded(row)} in row {i} of {subject}."
        is_right = len(others) < 2 and abs(total - 1) < 4 * NEAR
        expect(is_right, words, SCALED if is_scaled else SUM)
        order.append(others[0] if others else i)
        if others:
            shares[i] = row[i]
    words = f"mixed into the rows of {subject} the samples {order}; expected each one once."
    expect(len(set(order)) == len(order), words, TWICE)
    share = next(iter(shares.values()), 1.0)
    is_one = all(abs(one - share) < NEAR for one in shares.values())
    expect(is_one, f"used in {subject} the λ {rounded(list(shares.values()))}.", PER_SAMPLE)
    return share, order


def mixed(x, share, order):
    """λ x + (1 - λ) x[π], in x's dtype."""
    wide = x.detach().cpu().double()
    return (share * wide + (1 - share) * wide[order]).to(x.dtype)


def odds(shares, alpha, other):
    """How much likelier Beta(other, other) is than Beta(alpha, alpha), as a logarithm.

    By Ville's inequality it is ever above t, in any number of calls, with a chance of at most
    exp(-t) if the numbers come from Beta(alpha, alpha).
    """
    less = np.minimum(shares, 1 - np.asarray(shares))
    scale = [math.lgamma(2 * one) - 2 * math.lgamma(one) for one in (other, alpha)]
    at = np.maximum(less, EDGE)
    each = (other - alpha) * np.log(at * (1 - at)) + scale[0] - scale[1]
    return float((each + (less < EDGE) * math.log(alpha / other)).sum())


class TestMixup(PureFunction):
    name = "mixup"
    tensors = ("x", "y")
    dtypes = (torch.float32, torch.float64)
    results = ("the mixed x", "the mixed y")
    # with alpha = 0, and with one sample, it is certain what comes out
    cases = [(X, Y, 0.0), (np.reshape(X, (3, 1, 3)), np.eye(3), 0), ([1.5, -2.0], Y[:2], 0.0)]
    cases += [(np.zeros((2, 0)), Y[1:], 0.0)]
    gradient_cases = cases[:2]
    draws = True
    cases += [(X[:1], Y[:1]), ([[X, X]], Y[2:], 20.0)]
    precise = [(torch.float64, ([[0.1, 0.7]], [[0.3, 0.7]], 0.0))]
    ulps = {torch.float32: NEAR * 2.0**23, torch.float64: NEAR * 2.0**52}
    refused = [((X, Y, alpha), None, ValueError, "alpha is at least 0.") for alpha in (-0.5, -1)]
    hints = {
        "type": "Return the two tensors as `return x, y`.",
        "shape": "Both keep their shape: λ is one number, and π orders the samples.",
        "dtype": "Each result has the dtype of its own tensor.",
        "values": "alpha = 0 stands for λ = 1, and a single sample is mixed with itself: both are"
        " given back as they are.",
        "tracked": "λ is drawn, but x and y are multiplied by it: keep both tracked.",
        "gradient": "The gradient of sample i has the parts λ, and 1 - λ where i is mixed in.",
        "raises": "alpha = 0 stands for λ = 1: Beta refuses it. And x and y are not to be written.",
        "memory": OWN,
        "own memory": "Also where λ is 1, the results are copies.",
    }
    sentences = {
        "test_values": "With alpha = 0, and of a single sample, x and y come out.",
        "test_no_digit_is_lost": "With alpha = 0 all digits come out.",
        "test_gradients": "With alpha = 0, the gradient comes back as it is.",
        "test_refuses": "alpha below 0 raises ValueError.",
    }

    def truth(self, x, y, alpha=1.0):
        return x, y

    def gradient(self, weights, x, y, alpha=1.0):
        return weights

    def why(self, law, arguments, got, expected):
        is_single = law == "values" and arguments[2:] not in ((0,), [0]) and len(arguments[0]) == 1
        is_less = is_single and bool((got.abs() <= expected.abs()).all())
        return f"A single sample is mixed with itself. {SCALED}" if is_less else ""

    def compare(self, record, expected, hint, rtol, atol):
        is_exact = record.row.case[2:] in ((0,), (0.0,))
        limits = (0, 0) if is_exact else (rtol, atol)
        super().compare(record, expected, hint, *limits)

    def mix(self, solution, x, y, hint, *alpha):
        """Both results, with their shapes and dtypes right."""
        solution.hint = hint
        got = self.call(solution, [x, y, *alpha])
        for (subject, one), given in zip(self.results_of(got), (x, y), strict=True):
            expect_shape(one, given.shape, self.hints["shape"], subject)
            expect_dtype(one, given.dtype, self.hints["dtype"], subject)
        return got

    @aspect("dtype")
    def test_keeps_both_dtypes(self, solution, device):
        """x and y may have two dtypes, and each result has its own."""
        for x, y in ((numbers(3, 2), torch.eye(3)), (torch.ones(3), numbers(3, 2))):
            self.mix(solution, x.to(device), y.to(device), self.hints["dtype"])

    @aspect("values")
    def test_mixes_x_and_y_alike(self, solution, device):
        """λ and π are the same for all of x and y, and the weights add up to 1."""
        for size in (2, 3, 6, 6) if device == "cpu" else (6,):
            unit = torch.eye(size).to(device)
            x, y = self.mix(solution, unit.reshape(size, 1, size), unit.clone(), ONE, 2.0)
            (share, order), (other, places) = read(x, "x"), read(y, "y")
            if order == places == list(range(size)):
                continue
            words = f"mixed x with λ = {share:.4g} and y with λ = {other:.4g}."
            opposite = abs(share + other - 1) < NEAR
            expect(abs(share - other) < NEAR, words, f"y has 1 - λ here. {ONE}" * opposite or ONE)
            expect(order == places, f"mixed x in the order {order}, y in {places}.", ONE)

    @aspect("values")
    def test_mixes_any_numbers(self, solution, device):
        """x and y may have any shape, numbers and strides, and two dtypes."""
        single, double = torch.float32, torch.float64
        pairs = [(single, double), (double, single), (double, double), (single, single)]
        shapes = [(4, 3), (4,), (4, 2, 1, 3), (4, 0, 2)]
        for n, kind in enumerate(layouts(torch.ones(1)) if device == "cpu" else ["contiguous"]):
            x = in_layout(numbers(*shapes[n]).to(pairs[n][0]), kind).to(device)
            unit = in_layout(torch.eye(4, dtype=pairs[n][1]), kind).to(device)
            soft = in_layout((numbers(4, 3) / 5).to(pairs[n][0]), kind).to(device)
            got, code = self.mix(solution, x, unit, OWN)
            expected = mixed(x, *read(code, "y"))
            expect_values(got, expected, SUM, "the mixed x", NEAR, 5 * NEAR)
            code, got = self.mix(solution, unit.reshape(4, 2, 2), soft, OWN)
            expected = mixed(soft, *read(code, "x"))
            expect_values(got, expected, SUM, "the mixed y", NEAR, 5 * NEAR)

    @aspect("values")
    def test_draws_from_the_global_generator(self, solution, device):
        """The same torch.manual_seed gives the same mixture, and each call another one."""
        unit, found = torch.eye(20).to(device), []
        with settings_watched(solution, thoroughly=True, may_draw=True) as changed:
            for _ in range(2):
                seed_torch(5)
                found += [self.mix(solution, unit, unit * 1, ANEW)[0].cpu() for _ in range(3)]
        expect(not changed.text, changed.text, SEED)
        for earlier, later in itertools.pairwise(found[:3]):
            expect(not torch.equal(earlier, later), "mixed in the same way at two calls.", ANEW)
        solution.last_call = "mixup(x, y)"
        is_same = all(map(torch.equal, found[:3], found[3:]))
        expect(is_same, "mixed in another way after the same torch.manual_seed.", SEED)
        seed_torch(5)
        got = self.mix(solution, unit, unit * 1, DEFAULT, 1.0)[0].cpu()
        expect(torch.equal(got, found[0]), "mixed in another way than without alpha.", DEFAULT)

    @aspect("values")
    def test_draws_lambda_and_the_order(self, solution):
        """λ comes from Beta(alpha, alpha), and the order of the samples is any."""
        solution.hint, units = BETA, {0.1: torch.eye(6), 100.0: torch.eye(12)}

        def draw(alpha, unit):
            return read(solution.mixup(unit, unit, alpha)[1], "y")

        drawn = {
            alpha: [draw(alpha, units[alpha]) for _ in range(n)]
            for alpha, n in ((0.1, 64), (100.0, 24))
        }
        # fewer samples are read in a third of the time, and keep their order more often
        more = {0.1: units[0.1], 100.0: torch.eye(4)}
        solution.last_call = "mixup(x, y, 0.1)"
        shares = np.array([share for share, _ in drawn[0.1]])
        words = f"drew λ from {shares.min():.3g} to {shares.max():.3g} in 64 calls"
        expect(len(set(shares.tolist())) > 9, f"{words}, and few different ones.", ANEW)
        near = np.minimum(shares, 1 - shares) < 0.05
        expect_share(near, 0.755, "drew λ within 0.05 of 0 or 1 in", BETA, "calls")
        hint = BETA if (shares < 0.5).any() else FOLDED
        expect_share(shares < 0.5, 0.5, "drew λ below 1/2 in", hint, "calls")
        orders = [order for _, order in drawn[100.0]]
        shares = np.array([share for share, one in drawn[100.0] if one != [*range(12)]])
        solution.last_call = "mixup(x, y, 100.0)"
        expect(shares.size > 0, "left the batch as it was in 24 calls.", SUM)
        words = f"drew λ from {shares.min():.3g} to {shares.max():.3g} in 24 calls"
        is_near = np.abs(shares - 0.5) < 0.25  # else, less than once in 10^13
        expect(bool(is_near.all()), f"{words}; nearly all of Beta lies from 0.4 to 0.6.", BETA)
        expect(len(set(shares.tolist())) > 9, f"{words}, and few different ones.", BETA)
        for place in range(12):
            seen = sorted({one[place] for one in orders})
            words = f"mixed into sample {place} of 12 only the samples {seen}, in 24 calls."
            expect(len(seen) > 3, words, UNIFORM)
        steps = [{(b - a) % 12 for a, b in itertools.pairwise(one)} for one in orders]
        is_any = any(len(one) > 1 for one in steps)
        expect(is_any, "only shifted or reversed the batch in 24 calls.", UNIFORM)
        kept = sum(place == i for one in orders for i, place in enumerate(one))
        expect(kept > 0, "mixed none of 12 samples with itself in 24 calls.", UNIFORM)
        for alpha, found in drawn.items():
            for other, where in ((2 * alpha, "1/2"), (alpha / 2, "0 and 1")):
                while True:
                    # in the order as it was, λ cannot be seen; for 0.1 that means λ = 1 as a rule
                    seen = [share for share, one in found if alpha < 1 or one != sorted(one)]
                    likelier, solution.last_call = odds(seen, alpha, other), f"mixup(x, y, {alpha})"
                    words = f"drew λ nearer to {where} than Beta({alpha}, {alpha}) does, in"
                    words += f" {len(found)} calls: it fits Beta({other}, {other}) better."
                    expect(likelier < SURE, words, SAME)
                    if likelier < -ENOUGH or len(found) >= MOST:
                        break
                    found.append(draw(alpha, more[alpha]))

    @aspect("gradient")
    def test_gradients_of_mixtures(self, solution, device):
        """Gradients reach x and y, through the sample itself and where it is mixed in."""
        for dtype in self.dtypes if device == "cpu" else self.dtypes[:1]:
            x = torch.eye(4, dtype=dtype, device=device).reshape(4, 4, 1).requires_grad_()
            y = torch.eye(4, dtype=dtype, device=device).requires_grad_()
            got = self.mix(solution, x, y, self.hints["tracked"])
            for name, leaf, one in zip("xy", (x, y), got, strict=True):
                weights = numbers(4, 4).to(dtype).reshape(one.shape)
                share, order = read(one, name)
                back = np.argsort(order)
                found = gradients(one, {name: leaf}, weights.to(device), self.hints["tracked"])
                what, hint = f"the gradient of {name}", self.hints["gradient"]
                expect_values(found[name], mixed(weights, share, back), hint, what, NEAR, 5 * NEAR)

    @aspect("memory")
    def test_leaves_the_batch(self, solution, device):
        """x, y and earlier results stay, and each result has memory of its own."""
        x, y = numbers(4, 3).to(device), torch.eye(4).to(device)
        with untouched(OWN, x=x, y=y):
            first = self.mix(solution, x, y, OWN)
            kept = [one.clone() for one in first]
            second = self.mix(solution, x, y, OWN)
        for one in first:
            expect_new_memory(one, x, y, hint=OWN)
            is_new = not any(shares_storage(one, other) for other in second)
            expect(is_new, "returned a tensor in the memory of an earlier result.", OWN)
        is_kept = all(map(torch.equal, first, kept))
        expect(is_kept, "changed the results of an earlier call.", OWN)
        same = self.mix(solution, y, y.clone(), OWN)
        expect(not shares_storage(*same), "returned one memory twice.", OWN)
