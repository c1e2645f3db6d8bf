"""The checks of layers/k10_swiglu: three products in NumPy, and gradients in closed form."""

import numpy as np
import torch

from dojo.checks.draws import Uniform
from dojo.checks.laws import ModuleClass

PLAIN = [[1.0, 2.0], [0.5, -1.0]]
WEIGHTS = [[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]], [[0.0, 1.0], [1.0, 0.5], [1.0, 1.0]]
# shape of x, hidden
SIZES = [((2, 3, 4), 2), ((3,), 4), ((4, 1), 3), ((2, 1, 3), 1), ((0, 3), 2)]
# as gate(x) it gives 10,000, -10,000 and 10,000, and -89, for which exp(-z) is inf
LARGE = [[100.0, -100.0]], [[100.0, 0.0], [0.0, 100.0], [0.0, -100.0], [0.11, 1.0]]
LARGE += [[0.02, 0.01], [0.5, 0.25], [0.0, 0.01], [0.5, 0.25]], [[1.0, 2.0, 3.0, 4.0]] * 2


def numbers(shape, seed):
    """From -1 to 1, with two decimals."""
    return np.round(np.random.default_rng(seed).uniform(-1, 1, shape), 2)


def case(number, shape, hidden):
    """x and the three weights for it."""
    sizes = [shape, (hidden, shape[-1]), (hidden, shape[-1]), (shape[-1], hidden)]
    return tuple(numbers(size, 4 * number + n) for n, size in enumerate(sizes))


def sigmoid(z):
    """By a logarithm that does not overflow."""
    return np.exp(-np.logaddexp(0, -z))


def rows(x):
    """All rows of x as a matrix."""
    return x.reshape(-1, x.shape[-1])


class TestSwiGLU(ModuleClass):
    name = "SwiGLU"
    tensors = ("x", "gate_proj.weight", "up_proj.weight", "down_proj.weight")
    parameters = tensors[1:]
    dtypes = (torch.float32, torch.float64)
    cases = [(PLAIN, *WEIGHTS, [[1.0, 0.0, 1.0], [0.0, 1.0, -1.0]])]
    cases += [case(number, *sizes) for number, sizes in enumerate(SIZES, start=1)]
    wild = wild_gradients = [LARGE]
    ulps = gradient_ulps = 64
    drawn_with = [(200, 12), (12, 200)]
    hints = {
        "parameters": "gate_proj and up_proj go from dim to hidden, down_proj goes back to dim,"
        " and none has a bias.",
        "shape": "down_proj goes back to dim; all other dimensions come out as they went in.",
        "dtype": "The result has the dtype of x and of the parameters.",
        "values": "down(silu(gate(x)) * up(x)), where silu(z) = z * sigmoid(z).",
        "wild": "exp of a large number is inf, and inf / inf is NaN: torch.sigmoid has no such"
        " place.",
        "initial": "The bound is 1/sqrt of a weight's second size, as that of nn.Linear.",
        "gradient": "Gradients go through the gate and through what it is multiplied by.",
        "wild gradient": "inf / inf and inf * 0 are NaN on the way back: torch.sigmoid has no"
        " such place.",
    }
    sentences = {
        "test_values": "The result is down(silu(gate(x)) * up(x)).",
        "test_wild_values": "It is right where gate(x) is as large as 10,000, of either sign.",
        "test_wild_gradients": "Gradients are right where gate(x) is as large as 10,000.",
        "test_initial_values": "Each weight is uniform between ±1/sqrt of its second size.",
    }

    def made_with(self, x, gate, up, down):
        return (gate.shape[1], gate.shape[0])

    def initial(self, dim, hidden):
        outer, inner = Uniform(dim**-0.5), Uniform(hidden**-0.5)
        return dict(zip(self.parameters, (outer, outer, inner), strict=True))

    def truth(self, x, gate, up, down):
        z = x @ gate.T
        return (z * sigmoid(z) * (x @ up.T)) @ down.T

    def gradient(self, weights, x, gate, up, down):
        z, u, slopes = x @ gate.T, x @ up.T, weights @ down
        of_u = slopes * z * sigmoid(z)
        of_z = slopes * u * sigmoid(z) * (1 + z * sigmoid(-z))
        middle = rows(z * sigmoid(z) * u)
        of_x = of_z @ gate + of_u @ up
        return [of_x, rows(of_z).T @ rows(x), rows(of_u).T @ rows(x), rows(weights).T @ middle]

    def why(self, law, arguments, got, expected):
        if law == "wild" and got.isfinite().all():
            return "silu of a large number is wrong here: clamp nothing, and let no exp overflow."
        if law != "values":
            return ""
        x, gate, up, down = arguments
        z, u = x @ gate.T, x @ up.T
        others = {
            "These are the numbers with silu(up(x)): the gate goes through silu.": z
            * u
            * sigmoid(u),
            "These are the numbers of silu(gate(x) * up(x)).": z * u * sigmoid(z * u),
            "These are the numbers with sigmoid(gate(x)) in place of silu.": u * sigmoid(z),
            "These are the numbers with relu in place of silu.": u * np.maximum(z, 0),
            "These are the numbers without silu.": u * z,
            "These are the numbers of silu(gate(x)) + up(x).": z * sigmoid(z) + u,
            "up(x) has no part in these numbers.": z * sigmoid(z),
        }
        fits = (
            words for words, one in others.items() if np.allclose(one @ down.T, got, 1e-4, 1e-5)
        )
        return next(fits, "")
