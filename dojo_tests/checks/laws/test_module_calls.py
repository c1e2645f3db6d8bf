"""How modules are called: in modes, with several results, other lengths, frozen parameters."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from dojo.checks.laws import ModuleClass

shared = runpy.run_path(str(Path(__file__).with_name("linear_module.py")))
numbers = shared["numbers"]
LinearContract = shared["LinearContract"]
Linear = shared["Linear"]
Frozen = shared["Frozen"]
Detaches = shared["Detaches"]


class Shifted(Linear):
    """A linear layer; a number may be added to each result."""

    def forward(self, x, shift=None):
        return super().forward(x) if shift is None else super().forward(x) + shift


class ShiftedContract(LinearContract):
    name = "Shifted"
    tensors = ("x", "shift", "weight", "bias")
    cases = [
        (x, shift, *held)
        for (x, *held), shift in zip(LinearContract.cases, [None, 0.5, 2.0, None], strict=True)
    ]
    torchs = None

    def made_with(self, x, shift, weight, bias=None):
        return super().made_with(x, weight, bias)

    def truth(self, x, shift, weight, bias=None):
        return super().truth(x, weight, bias) + (0 if shift is None else shift)


def test_a_tensor_that_is_not_given_is_left_out_at_the_end(red_of, answer_of):
    assert not red_of(ShiftedContract, Shifted)
    contract = ShiftedContract()
    records = list(contract.records(answer_of(ShiftedContract, Shifted), "cpu", contract.plain))
    assert [len(record.call._args) for record in records] == [1, 2, 2, 1]


def test_parameters_that_were_never_written_are_red(red_of):
    class Free(LinearContract):
        name = "Linear"
        drawn_with = ()

    class Unwritten(Linear):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.weight.data.fill_(torch.nan)

    red = red_of(Free, Unwritten)
    assert list(red) == ["test_follows_what_it_holds"]
    sentence = "made a module whose weight holds NaN or inf."
    assert red["test_follows_what_it_holds"].sentence == sentence


@pytest.mark.parametrize("mode", [True, False])
def test_gradients_are_asked_in_both_modes(red_of, mode):
    class Detaches(Linear):
        def forward(self, x):
            y = super().forward(x)
            return y.detach() if self.training == mode else y

    class EachCaseAlone(LinearContract):
        """Modules that are called few times each."""

        name = "Linear"
        cases = [(numbers(2, n), numbers(n, n, seed=1), numbers(n, seed=2)) for n in range(2, 9)]

    assert "test_gradients" in red_of(EachCaseAlone, Detaches, "cpu", ["test_gradients"])


class WithMean(Linear):
    """A linear layer that returns the mean of its weight, too."""

    def forward(self, x):
        return super().forward(x), self.weight.mean()


class WithMeanContract(LinearContract):
    name = "WithMean"
    results = ("the output", "the mean")
    torchs = None
    forbidden = ""
    cases = LinearContract.cases[:3]

    def truth(self, x, weight, bias=None):
        return super().truth(x, weight, bias), weight.mean()


def test_a_module_may_return_several_tensors(red_of, device):
    assert not red_of(WithMeanContract, WithMean, device)


class OneAlone(WithMean):
    def forward(self, x):
        return super().forward(x)[0]


class WrongMean(WithMean):
    def forward(self, x):
        output, mean = super().forward(x)
        return output, mean + 1


class CutOffMean(WithMean):
    def forward(self, x):
        output, mean = super().forward(x)
        return output, mean.detach()


class MeanOnTheCpu(WithMean):
    def forward(self, x):
        output, mean = super().forward(x)
        return output, mean.cpu()


@pytest.mark.parametrize(
    "fault, law, words",
    [
        (OneAlone, "test_returns_a_tensor", "expected a tuple of 2 tensors"),
        (WrongMean, "test_values", "returned as the mean"),
        (CutOffMean, "test_follows_what_it_holds", "that autograd does not track"),
    ],
)
def test_each_of_several_tensors_is_judged(red_of, fault, law, words):
    assert words in red_of(WithMeanContract, fault)[law].sentence


def test_each_of_several_tensors_moves(red_of):
    law = "test_moves_to_the_device"
    red = red_of(WithMeanContract, MeanOnTheCpu, "cuda", [law])
    assert "the mean" in red[law].sentence


class FrozenContract(LinearContract):
    """The same with a weight that is not trained."""

    name = "Linear"
    frozen = ("weight",)
    torchs = None


class FillsAFrozenGradient(Frozen):
    def forward(self, x):
        y = super().forward(x)
        if y.requires_grad:
            y.register_hook(lambda _: setattr(self.weight, "grad", self.weight.detach().clone()))
        return y


def test_a_frozen_parameter_does_not_require_grad(red_of, device):
    assert not red_of(FrozenContract, Frozen, device)
    found = red_of(FrozenContract, Linear, device, ["test_returns_a_tensor"])
    assert found["test_returns_a_tensor"].sentence == "has a parameter weight that is trainable."


def test_a_frozen_parameter_gets_no_gradient(red_of):
    law = "test_trains_its_own_parameters"
    sentence = red_of(FrozenContract, FillsAFrozenGradient, "cpu", [law])[law].sentence
    assert sentence == "has a gradient in weight.grad, which is not trained."


class Places(ModuleClass):
    """x·Wᵀ + b, plus the place along the first dimension."""

    name = "Linear"
    tensors = ("x", "weight", "bias")
    parameters = ("weight", "bias")
    dtypes = (torch.float32, torch.float64)
    cases = LinearContract.cases[:1]
    ulps = 32
    lengths = {"x": 0}
    made_with = LinearContract.made_with

    def truth(self, x, weight, bias):
        return x @ weight.T + bias + np.arange(len(x))[:, None]


class WithPlaces(Linear):
    def places(self, x):
        return torch.arange(len(x), device=x.device)

    def forward(self, x):
        return super().forward(x) + self.places(x)[:, None].to(x.dtype)


class KeepsPlaces(WithPlaces):
    kept = None

    def places(self, x):
        if self.kept is None or self.kept.device != x.device:
            self.kept = super().places(x)
        return self.kept


class AddsABuffer(WithPlaces):
    """Right: the buffer is made by the first call, and moves with the module."""

    def places(self, x):
        if "kept" not in self._buffers or len(self.kept) < len(x):
            self.register_buffer("kept", super().places(x), persistent=False)
        return self.kept[: len(x)]


def test_a_module_takes_other_lengths(red_of):
    assert not red_of(Places, WithPlaces)
    assert list(red_of(Places, KeepsPlaces)) == ["test_takes_other_lengths"]


def test_a_buffer_may_be_made_by_a_call(red_of, device):
    assert not red_of(Places, AddsABuffer, device)
