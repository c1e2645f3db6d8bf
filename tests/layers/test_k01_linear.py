"""The checks of layers/k01_linear: sums of products in NumPy, and the range of initial values."""

import numpy as np
import torch

from dojo.checks import aspect, expect
from dojo.checks.draws import Uniform
from dojo.checks.laws import ModuleClass

# shape of x, out_features, whether there is a bias
CASES = [((2, 4, 3), 2, False), ((3,), 4, True), ((3, 3), 3, True), ((0, 1), 2, False)]
CASES += [((2, 1, 3, 1), 1, True)]


def numbers(shape, seed):
    """From -3 to 3, with one decimal."""
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


class TestLinear(ModuleClass):
    name = "Linear"
    tensors = ("x", "weight", "bias")
    parameters = ("weight", "bias")
    torchs = torch.nn.Linear
    dtypes = (torch.float32, torch.float64)
    cases = [([[1.0, 2.0, 4.0], [0.5, -2.0, 3.0]], [[1.0, 0.0, -1.0], [2.0, 0.5, 1.0]], [10.0, 20])]
    cases += [
        (
            numbers(x, 3 * n),
            numbers((out, x[-1]), 3 * n + 1),
            numbers(out, 3 * n + 2) if b else None,
        )
        for n, (x, out, b) in enumerate(CASES)
    ]
    ulps = 32
    drawn_with = [(16, 500), (500, 16, False)]
    forbidden = "(mkldnn_)?linear(_backward)?"
    hints = {
        "parameters": "`weight` has a row for each output, (out_features, in_features); `bias` is"
        " there unless it is False.",
        "shape": "The last dimension of x holds the features; all others come out as they went in.",
        "dtype": "The result has the dtype of x and of the parameters.",
        "values": "x·Wᵀ + b: each output is the sum of x times its row of W, plus its number of b.",
        "initial": "Draw weight and bias between -1/sqrt(in_features) and 1/sqrt(in_features).",
        "gradient": "Gradients reach x, weight and bias through the product and the sum.",
        "raises": "x·Wᵀ + b, for x with any number of dimensions: the last one holds the features.",
        "forbidden": "The kata is to make it from a product and a sum.",
    }
    sentences = {
        "test_values": "The result is x·Wᵀ + b, for x of every shape.",
        "test_initial_values": "weight and bias are uniform between ±1/sqrt(in_features).",
        "test_is_made_without": "It is made without torch's linear.",
    }

    def made_with(self, x, weight, bias=None):
        return (weight.shape[1], weight.shape[0], bias is not None)

    def initial(self, in_features, out_features, bias=True):
        bound = Uniform(in_features**-0.5)
        return {"weight": bound, "bias": bound} if bias else {"weight": bound}

    def truth(self, x, weight, bias=None):
        return (x[..., None, :] * weight).sum(-1) + (0 if bias is None else bias)

    def why(self, law, arguments, got, expected):
        x, weight, bias = arguments
        if law != "values":
            return ""
        others = {"These are the numbers of x·Wᵀ, without b.": self.truth(x, weight)}
        if weight.shape[0] == weight.shape[1]:
            others["Here W is square, and these are the numbers of x·W."] = self.truth(
                x, weight.T, bias
            )
        return "".join(words for words, one in others.items() if np.allclose(one, got, 1e-4, 1e-4))

    @aspect("structure")
    def test_has_no_bias(self, solution):
        """With bias=False the attribute bias is None."""
        layer = solution.Linear(3, 2, bias=False)
        hint = "Set it in each case: `self.bias = None`."
        expect(hasattr(layer, "bias"), "has no attribute bias; expected None.", hint)
        expect(layer.bias is None, "has a bias that is not None.", hint)
