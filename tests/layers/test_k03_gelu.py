"""The checks of layers/k03_gelu: erfc of Python's math, a quotient for tanh, and their slopes."""

import math

import numpy as np
import torch

from dojo.checks.laws import PureFunction
from dojo.checks.laws.once import once

ROOT = math.sqrt(2 / math.pi)
HUGE = [[1e10, -1e10, 3e4], [-2e5, 1e3, -1e3]]
SOME = [[4.1, -4.1, 5.5], [-5.0, 7.0, -6.0]]
HUNDREDS = [[100.0, -100.0, 41.0], [-41.0, 64.0, -9.0]]
TOLERANCES = {torch.float32: 1e-6, torch.float64: 1e-12}  # beside the share; 0.01 in 16 bits


def numbers(*shape, seed=0):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


def with_erf(x):
    return np.reshape([one * math.erfc(-one / math.sqrt(2)) / 2 for one in x.flat], x.shape)


def with_tanh(x, root=ROOT, power=3):
    """(1 + tanh(u)) / 2 is 1 / (1 + exp(-2u))."""
    return x / (1 + np.exp(-2 * root * (x + 0.044715 * x**power)))


# what else comes back → which mistake that is
MISTAKES = {
    "These are the numbers with erf(x): inside of erf, x is divided by sqrt(2).": lambda x: (
        with_erf(x * math.sqrt(2)) / math.sqrt(2)
    ),
    "These are the numbers of x * sigmoid(1.702 * x), which is a third form.": lambda x: (
        x / (1 + np.exp(-1.702 * x))
    ),
    "Inside of tanh, x² stands where x³ should be.": lambda x: with_tanh(x, power=2),
    "Inside of tanh, the factor is 2 / pi; it is the square root of that.": lambda x: with_tanh(
        x, root=2 / math.pi
    ),
    "Inside of tanh, the factor is sqrt(2) / pi; the root is of 2 / pi.": lambda x: with_tanh(
        x, root=math.sqrt(2) / math.pi
    ),
    "That is the share that x is multiplied by; the factor x is missing.": lambda x: (
        with_erf(x) / x
    ),
    "Twice the right numbers: the share is half of 1 + erf or 1 + tanh.": lambda x: 2 * with_erf(x),
}


class TestGelu(PureFunction):
    name = "gelu"
    cases = [
        ([[-2.0, -1.0, 0.5], [1.0, 2.0, 3.0]],),
        ([[-2.0, -1.0, 0.5], [1.0, 2.0, 3.0]], "tanh"),
        (1.5, "none"),
        (numbers(2, 3, 4), "tanh"),
        (np.zeros((0, 3)), "tanh"),
        ([0.0, -0.0, 1e-3, -4.0, 4.0], "none"),
        (-0.75, "tanh"),
        (numbers(3, 1, 2, seed=1), "none"),
    ]
    precise = [
        (dtype, (HUGE if dtype in TOLERANCES else HUNDREDS, form))
        for form in ("none", "tanh")
        for dtype in PureFunction.dtypes
    ]
    precise += [(dtype, (SOME, form)) for form in ("none", "tanh") for dtype in TOLERANCES]
    wild_gradients = [(HUGE, "none"), (HUGE, "tanh")]
    ulps = {torch.float32: 84, torch.float64: 4500, torch.float16: 10, torch.bfloat16: 6}
    least_error = 1e-13
    refused = [
        (case, dtypes, ValueError, 'Only "none" and "tanh" have a meaning, also for an empty x.')
        for *case, dtypes in (
            ([1.0, -1.0], "erf", None),
            ([1.0, -1.0], "Tanh", PureFunction.dtypes[:1]),
            ([1.0, -1.0], "", PureFunction.dtypes[:1]),
            (np.zeros((0, 2)), "sigmoid", PureFunction.dtypes[:1]),
        )
    ]
    forbidden = ".*gelu.*"
    hints = {
        "shape": "Each number of x has its place in the result, whatever the shape of x.",
        "dtype": "Stay in the dtype of x: a constant as Python's own number does not change it.",
        "device": "A constant as Python's own number lies on no device.",
        "values": 'x * (1 + erf(x / sqrt(2))) / 2 with "none", the default; with "tanh" the'
        " formula of the docstring.",
        "precise": "Stay in x's dtype or a wider one, and take sqrt(2) and pi from Python's math"
        " with all digits.",
        "size": "For large numbers the share is 1, for very negative ones 0: they come out as they"
        " are, or as 0.",
        "gradient": "The share depends on x too: the gradient is the share plus x times its slope.",
        "wild gradient": "Behind a right value, inf * 0 makes NaN on the way back.",
        "tracked": "Compute with torch's own operations on x, without `detach`, `.data` or math on"
        " single numbers.",
        "forbidden": "The kata is to make it from erf, tanh and the like.",
    }
    sentences = {
        "test_values": "The numbers are those of the form that is asked for.",
        "test_no_digit_is_lost": "Large numbers come out as they are, very negative ones as 0, and"
        " no digit is lost.",
        "test_gradients": "Gradients reach x, with both forms, in every float dtype.",
        "test_wild_gradients": "At 1e10 the gradient is 1, at -1e10 it is 0.",
        "test_refuses": "Another string than none and tanh raises ValueError.",
        "test_is_made_without": "It is made without torch's gelu, forward and backward.",
    }

    def truth(self, x, approximate="none"):
        return (with_erf if approximate == "none" else with_tanh)(x)

    def gradient(self, weights, x, approximate="none"):
        if approximate == "none":
            share = np.reshape([math.erfc(-one / math.sqrt(2)) / 2 for one in x.flat], x.shape)
            slope = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
        else:
            share = 1 / (1 + np.exp(-2 * ROOT * (x + 0.044715 * x**3)))
            slope = share * (1 - share) * 2 * ROOT * (1 + 3 * 0.044715 * x**2)
        return [weights * (share + x * slope)]

    @once
    def wild_tracked_rows(self):
        """Numbers as large as that have a gradient in float32 and float64."""
        return [row for row in super().wild_tracked_rows if row.dtype in TOLERANCES]

    def compare(self, record, expected, hint, rtol, atol):
        least = TOLERANCES.get(expected.dtype, 0.01)
        super().compare(record, expected, hint, rtol, min(atol, least))

    def why(self, law, arguments, got, expected):
        if law not in ("values", "precise"):
            return self.hints["wild gradient"] if law != "type" and got.isnan().any() else ""
        x, form = (*arguments, "none")[:2]
        got, expected = got.double().numpy(), expected.double().numpy()
        if not x.size or np.allclose(got, expected, 1e-5, 1e-5):
            return ""
        if law == "precise":
            return "" if np.allclose(got, expected, 0.05, 0.01) else self.hints["size"]
        forms = {"none": "with the error function", "tanh": "with tanh"}
        for other, words in forms.items():
            if other != form and np.allclose(got, self.truth(x, other), 1e-5, 1e-6):
                return f"This is the form {words}; the call asks for the one {forms[form]}."
        with np.errstate(all="ignore"):
            return "".join(hint for hint, one in MISTAKES.items() if np.allclose(one(x), got, 1e-3))
