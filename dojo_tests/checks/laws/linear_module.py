"""A linear layer with its contract, and two faults, which several files of tests share."""

import numpy as np
import torch
from torch import nn

from dojo.checks.draws import Uniform
from dojo.checks.laws import ModuleClass


def numbers(*shape, seed=0):
    return np.round(np.random.default_rng(seed).uniform(-3, 3, shape), 1)


class LinearContract(ModuleClass):
    """x·Wᵀ + b, or without b."""

    name = "Linear"
    tensors = ("x", "weight", "bias")
    parameters = ("weight", "bias")
    dtypes = (torch.float32, torch.float64)
    cases = [
        (numbers(2, 3), numbers(2, 3, seed=1), numbers(2, seed=2)),
        (numbers(2, 4, 3), numbers(2, 3, seed=1), None),
        (numbers(3), numbers(4, 3, seed=1), numbers(4, seed=2)),
        (np.zeros((0, 3)), numbers(2, 3, seed=1), numbers(2, seed=2)),
    ]
    ulps = 32
    torchs = nn.Linear
    drawn_with = [(40, 60), (40, 60, False)]
    refused_when_made = [((0, 2), ValueError, "A size is at least 1.")]
    forbidden = "linear"

    def made_with(self, x, weight, bias=None):
        return (weight.shape[1], weight.shape[0], bias is not None)

    def truth(self, x, weight, bias=None):
        return x @ weight.T + (0 if bias is None else bias)

    def initial(self, in_features, out_features, bias=True):
        bound = Uniform(in_features**-0.5)
        return {"weight": bound, "bias": bound} if bias else {"weight": bound}


class Linear(nn.Module):
    """A right answer."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        if in_features < 1:
            raise ValueError("in_features")
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = (
            nn.Parameter(torch.empty(out_features).uniform_(-bound, bound)) if bias else None
        )

    def forward(self, x):
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias


class Frozen(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.weight.requires_grad_(False)


class Detaches(Linear):
    def forward(self, x):
        y = x @ self.weight.data.T
        return y if self.bias is None else y + self.bias


class Scale(nn.Module):
    """A module with torch's names that is made with ones."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return x * self.weight
