"""The checks of autograd/k18_numeric_gradient: the formula in NumPy, entry by entry."""

import numpy as np
import torch

from dojo.checks import aspect, expect_values
from dojo.checks.laws import FunctionalFunction, Handed

W = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
X = [0.1, -0.3, 0.7]  # in these, adding and subtracting eps leaves the last digits off
GRID = [[0.1, -1.3, 0.25], [2.2, 1.5, -0.7]]
OTHERS = [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.complex128]

SMOOTH = "That is the derivative, as of autograd or a tiny eps: move each entry by the eps given."
# as text, on tensors, and in NumPy
CUBES = Handed("lambda x: (x**3).sum()", lambda x: (x**3).sum(), lambda x: (x**3).sum())
MIXED = Handed(
    "lambda x: x[0] * x[1:].exp().sum()",
    lambda x: x[0] * x[1:].exp().sum(),
    lambda x: x[0] * np.exp(x[1:]).sum(),
)
TABLE = Handed(
    "lambda x: (x[0] * x[1] ** 2).sum()",
    lambda x: (x[0] * x[1] ** 2).sum(),
    lambda x: (x[0] * x[1] ** 2).sum(),
)
SQUARED = Handed(
    "lambda x: (w @ x).square().sum()",
    lambda x, w: (w @ x).square().sum(),
    lambda x, w: np.square(w @ x).sum(),
    {"w": W},
)
NET = Handed(
    "Net: x -> (weight @ x + bias).tanh().sum()",
    lambda x, weight, bias: (weight @ x + bias).tanh().sum(),
    lambda x, weight, bias: np.tanh(weight @ x + bias).sum(),
    {"weight": W, "bias": [2.0, -0.5]},
    is_module=True,
)
POWER = Handed("lambda x: x**4", lambda x: x**4, lambda x: x**4)
WAVES = Handed("lambda x: (1e6 * x).sin().sum()", lambda x: (1e6 * x).sin().sum(), None)
CONSTANT = Handed("lambda x: x.new_ones(())", lambda x: x.new_ones(()), lambda _: 1.0)


class TestNumericGradient(FunctionalFunction):
    name = "numeric_gradient"
    dtypes = (torch.float64,)
    cases = [([1.0, 2.0], CUBES), (X, CUBES, 0.5), (X, MIXED, 0.25), (GRID, TABLE)]
    cases += [(np.transpose(GRID), CUBES, 1.0), (X, SQUARED, 1e-3), (X, NET), (1.3, POWER, 0.1)]
    cases += [([[0.7]], CUBES), (GRID, CONSTANT), (np.zeros((0, 3)), CUBES)]
    refused = [((X, CUBES), OTHERS, ValueError, "Ask for the dtype of x before all else.")]
    recorded = False
    untracked = True
    hints = {
        "type": "One number for each entry, in a tensor of x's shape.",
        "shape": "The result has an entry for each entry of x, in x's shape.",
        "values": "(f with the entry moved up - f with it moved down) / (2 * eps), for each entry.",
        "precise": "The error is small, and should be far smaller.",
        "untracked": "The result is made of numbers alone: detach x, or what f returns.",
        "memory": "(x + eps) - eps is not x to the last bit: move a copy of x. And no backward is"
        " needed.",
        "errors": "If x itself is moved it is to be put back, also where f raises: move a copy.",
        "times": "Two calls for each entry are enough.",
        "called": "Move an entry of a tensor that has x's shape.",
    }
    sentences = {
        "test_values": "Each entry is the difference of both sides, divided by 2 * eps.",
        "test_refuses": "x of another dtype than float64 raises ValueError.",
    }

    def truth(self, x, f, eps=1e-6):
        result = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            ends = []
            for step in (eps, -eps):
                moved = x.copy()
                moved[place] += step
                ends.append(f.truth(moved))
            result[place] = (ends[0] - ends[1]) / (2 * eps)
        return result

    @aspect("values")
    def test_moves_by_a_millionth(self, solution):
        """Where eps is left out, an entry is moved by 1e-6."""
        x = torch.zeros(2, dtype=torch.float64)
        got = solution.numeric_gradient(WAVES.made(torch.float64, "cpu"), x)
        expected = torch.full_like(x, 1e6 * np.sin(1.0))
        expect_values(got, expected, "eps is 1e-6 where it is left out.", rtol=1e-9)

    def times(self, x, *_):
        return range(2 * x.size + 1) if x.size else None

    def why(self, law, arguments, got, expected):
        x, f, eps = (*arguments, 1e-6)[:3]
        if law == "type" or not x.size:
            return ""
        if torch.allclose(got, 2 * expected, 1e-4) and expected.any():
            return "The two sides are 2 * eps apart, not eps."
        if expected.any() and not got.any():
            return "f never saw a change: of some tensors, `reshape(-1)` and `flatten` are copies."
        step = 1e-30j * np.eye(x.size).reshape((x.size, *x.shape))
        exact = np.reshape([np.imag(f.truth(x + one)) / 1e-30 for one in step], x.shape)
        if np.allclose(exact, got, 1e-6, 1e-6) and not np.allclose(exact, expected, 1e-3, 1e-3):
            return SMOOTH
        for sign, side in ((1, "above"), (-1, "below")):
            units = sign * eps * np.eye(x.size).reshape((x.size, *x.shape))
            one = [(f.truth(x + unit) - f.truth(x)) / (sign * eps) for unit in units]
            if np.allclose(np.reshape(one, x.shape), got, 1e-9, 1e-9):
                return f"That is the difference of x and {side} alone; take both sides."
        return ""

    def compare(self, record, expected, hint, rtol, atol):
        """The rounding of f is divided by eps."""
        x, f, eps = (*record.row.arrays, 1e-6)[:3]
        size = max(1.0, abs(float(f.truth(x)))) if x.size else 1.0
        limit = 64 * float(np.finfo(float).eps) * size / eps
        expect_values(record.kept, expected, hint, record.row.subject, 1e-14, limit)
