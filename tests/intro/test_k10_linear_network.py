"""The checks of intro/k10_linear_network: its parameters and its outputs, NumPy's in float64."""

import numpy as np
import torch

from dojo.checks import aspect, expect
from dojo.checks.laws import ModuleFactory

FEATURES = "The last dimension of x holds the features; all others come out as they went in."
INSIDE = "Build everything inside the function, so that each call makes a new module."
ALIKE = "Such a layer cannot tell them apart: begin with random weights."
DRAW = "Draw new weights in each call, and set no seed inside the function."


class TestMakeNetwork(ModuleFactory):
    name = "make_network"
    parameters = {"W": (5, 10), "b": (5,)}
    cases = [(10,), (1, 10), (2, 1, 3, 10), (0, 10), (0, 3, 10), (7, 10)]
    ulps = 16
    doubles = False  # the contract says float32
    hints = {
        "shape": FEATURES,
        "values": "The output is x·Wᵀ + b in float32, with nothing before or behind it, for each x"
        " of shape (..., 10).",
        "follow": "Read W and b themselves at each call: a copy does not see their training.",
        "no W": "W has a row for each output. Which size does your layer take first? A module finds"
        " it only as an nn.Parameter.",
        "no b": "Each output has a number that is added to it: is there a parameter (5,) of them?",
        "more": "One linear layer is the whole network: nothing else has parameters.",
    }
    sentences = {"test_values": "The output is x·Wᵀ + b with the network's own W and b."}

    def truth(self, x, W, b):  # noqa: N803
        return x @ W.T + b

    def slopes(self, weights, x, W, b):  # noqa: N803
        rows, inputs = weights.reshape(-1, 5), x.reshape(-1, 10)
        return {"x": weights @ W, "W": rows.T @ inputs, "b": rows.sum(0) + 0 * b}

    def others(self, x, parameters):
        b, product = parameters["b"], x @ parameters["W"].T
        known = {
            "x·Wᵀ, without b": product,
            "x·Wᵀ + 2b": product + 2 * b,
            "x·Wᵀ - b": product - b,
            "relu(x·Wᵀ + b)": np.maximum(product + b, 0),
            "sigmoid(x·Wᵀ + b)": 1 / (1 + np.exp(-product - b)),
            "tanh(x·Wᵀ + b)": np.tanh(product + b),
            "softmax(x·Wᵀ + b)": torch.softmax(torch.tensor(product + b), -1).numpy(),
        }
        return {f"These are the numbers of {what}.": numbers for what, numbers in known.items()}

    @aspect("values")
    def test_has_random_weights(self, solution, device):
        """Each network has random weights of its own.

        Even weights that are only +1 or -1 have five equal rows or ten equal columns, or are equal
        in both networks, with a chance of 2 ** -40 or less, so below 1e-12.
        """
        both = [self.found(solution, self.made(solution, device))["W"] for _ in range(2)]
        first, second = (one.detach().cpu().numpy() for one in both)
        value = f"which begin with {first[0, 0]:.6g}."
        expect(bool((first != first[0]).any()), f"made a W of five equal rows, {value}", ALIKE)
        expect(
            bool((first != first[:, :1]).any()), f"made a W of ten equal columns, {value}", ALIKE
        )
        is_other = both[0] is both[1] or bool((first != second).any())
        expect(
            is_other,
            "made two networks with the same W.",
            DRAW if both[0] is not both[1] else INSIDE,
        )
