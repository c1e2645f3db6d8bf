"""The checks of autograd/k12_straight_through: Python's own round, and the identity's slopes."""

import numpy as np
import torch

from dojo.checks import aspect, expect_derivatives, expect_values, gradients
from dojo.checks.laws import FLOATS, PureFunction

ROWS = [[0.5, 1.5, 2.5, -0.5], [-1.5, 0.25, -2.75, 3.0]]
LARGE = [[60000.0, -60000.0, 300.0], [-129.0, 128.0, 0.0]]
HALVES = "Halves go to the even neighbour, as torch.round has them: 0.5 to 0, 1.5 and 2.5 to 2."
LARGE_ONES = "A large number is whole already: it stays as it is."
BRACKET = "This is (x + round(x)) - x, where the sum is rounded and may be inf. Bracket the"
BRACKET += " difference: x + (round(x) - x).detach()."
FLAT = "This is the gradient of torch.round: 0. Make the rounding a constant that is added to x."
PASSED = "Pass on each gradient as it is: training with a scaled loss looks for inf and NaN in it."
LOST = "The gradient that comes in has a gradient too: pass it on as it is, and detach nothing of"
LOST += " it."


def limits(dtype):
    """The largest and smallest numbers, those with the most digits, and those next to a half."""
    info = torch.finfo(dtype)
    ones = 1 / info.eps  # from here on, every second number is odd
    numbers = [info.max, info.min, info.tiny, ones + 1, -ones - 3, ones / 2 - 0.5, ones / 2 + 0.5]
    return [*numbers, 0.5 - info.eps / 4, 0.5 + info.eps / 2, 1.5 - info.eps, 1 - info.eps / 2]


class TestRoundSte(PureFunction):
    name = "round_ste"
    cases = [(ROWS,), (np.linspace(-3.5, 3.5, 8).reshape(2, 2, 2),), ([-1.25, 7.5],), (2.75,)]
    cases += [([[-0.75]],), (np.ones((0,)),), (np.ones((3, 0)),)]
    precise = [(dtype, (limits(dtype),)) for dtype in FLOATS]
    wild_gradients = [(LARGE,)]
    ulps = gradient_ulps = 0
    twice = True
    hints = {
        "dtype": "Stay in the dtype of x.",
        "values": "The numbers are those of torch.round(x), exactly.",
        "precise": "The largest, the smallest and the most precise numbers of a dtype count too:"
        " add no 0.5, and take no other dtype on the way.",
        "gradient": "The gradient for x is the one that comes in, whatever the number is.",
        "wild gradient": "The gradient passes for large numbers too: nothing is cut off.",
        "tracked": "torch.round(x) alone and `detach` around all of it let no gradient through.",
        "second gradient": LOST,
    }
    sentences = {
        "test_values": "The numbers are those of torch.round, in every shape, dtype and layout.",
        "test_no_digit_is_lost": "The largest, smallest and most precise numbers are right.",
        "test_gradients": "The gradient that comes in reaches x unchanged.",
        "test_wild_gradients": "The gradient passes for large numbers too.",
        "test_second_gradients": "Second gradients are those of the identity.",
    }

    def truth(self, x):
        return np.array([float(round(number)) for number in x.flatten().tolist()]).reshape(x.shape)

    def gradient(self, weights, x):
        return [weights + np.zeros(x.shape)]

    def why(self, law, arguments, got, expected):
        if "gradient" in law:
            return FLAT if expected.any() and not got.any() else ""
        if law == "type":
            return ""
        x = torch.tensor(arguments[0], dtype=got.dtype)
        if torch.equal(x + x.round() - x, got):
            return BRACKET
        if got.isnan().any():
            return ""
        got_array = got.double().numpy()
        for name in ("trunc", "floor", "ceil"):
            if np.array_equal(got_array, getattr(np, name)(arguments[0])):
                return f"These are the numbers of torch.{name}: round goes to the nearest one."
        off = arguments[0][got_array != expected.double().numpy()]
        if (off % 1 == 0.5).all():
            return HALVES
        return LARGE_ONES if (off % 1 == 0).all() else ""

    @aspect("gradient")
    def test_every_gradient_passes(self, solution, device):
        """A gradient that is large, inf or NaN passes as it is."""
        x = torch.tensor(ROWS[0]).to(device).requires_grad_()
        weights = torch.tensor([1e6, torch.inf, -torch.inf, torch.nan]).to(device)
        found = gradients(self.call(solution, [x]), {"x": x}, weights, self.hints["tracked"])["x"]
        expect_values(found, weights, PASSED, "the gradient of x", rtol=0, atol=0)

    @aspect("gradient")
    def test_products_have_derivatives(self, solution, device):
        """The square has the derivatives 2 * round(x) and 2; products have those of products."""
        for dtype in (torch.float32, torch.float64):
            x = torch.tensor(ROWS, dtype=dtype).to(device).requires_grad_()
            y, two = torch.tensor(self.truth(np.array(ROWS)), dtype=dtype), torch.full_like(x, 2.0)
            y = y.to(device)
            square, cube = (self.call(solution, [x]) ** power for power in (2, 3))
            expect_derivatives(square, x, [2 * y, two], LOST, "round_ste(x)²", 0, 0)
            expect_derivatives(cube, x, [3 * y**2, 6 * y, 3 * two], LOST, "round_ste(x)³", 0, 0)
            product = x * self.call(solution, [x])
            expect_derivatives(product, x, [x + y, two], LOST, "x * round_ste(x)", 0, 0)

    @aspect("gradient")
    def test_calls_behind_and_beside_each_other(self, solution, device):
        """Two calls behind each other let the gradient pass, and so do two beside each other."""
        a, b = (torch.tensor(one).to(device).requires_grad_() for one in ROWS)
        inner = self.call(solution, [a])
        outer = self.call(solution, [inner / 4 + b])
        weights = torch.tensor([1.0, -2.0, 3.0, 0.5]).to(device)
        found = gradients(outer, {"a": a, "b": b}, weights, self.hints["tracked"])
        hint = "Here y = round_ste(round_ste(a) / 4 + b)."
        expect_values(found["a"], weights / 4, hint, "the gradient of a", rtol=0, atol=0)
        expect_values(found["b"], weights, hint, "the gradient of b", rtol=0, atol=0)
