"""Modules beside the plain ones: other right ways, what they may hold, and what is told of them."""

import runpy
from pathlib import Path

import pytest
import torch

from dojo.checks.laws.rows import Row

shared = runpy.run_path(str(Path(__file__).with_name("linear_module.py")))
numbers = shared["numbers"]
LinearContract = shared["LinearContract"]
Linear = shared["Linear"]


class Checkpoint(Linear):
    def forward(self, x):
        return torch.utils.checkpoint.checkpoint(super().forward, x, use_reentrant=False)


class TwoInOneMemory(Linear):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        if self.bias is not None:
            self.bias.data = self.weight.data[:, 0]


class PartsOfOneMemory(Linear):
    """Right: all numbers lie in one memory, each in a place of its own."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        held = [*self.parameters()]
        flat = torch.cat([one.detach().flatten() for one in held])
        for one, part in zip(held, flat.split([one.numel() for one in held]), strict=True):
            one.data = part.view(one.shape)


def test_each_parameter_has_a_place_of_its_own(red_of):
    red = red_of(LinearContract, TwoInOneMemory, "cpu", ["test_returns_a_tensor"])
    sentence = "has weight and bias in one and the same memory."
    assert red["test_returns_a_tensor"].sentence == sentence
    assert not red_of(LinearContract, PartsOfOneMemory, "cpu", ["test_returns_a_tensor"])


class ClearsGradients(Linear):
    def forward(self, x):
        self.zero_grad()
        return super().forward(x)


class LeavesHook(Linear):
    def forward(self, x):
        self.register_forward_hook(lambda *_: None)
        return super().forward(x)


class CountsCalls(Linear):
    """Right: what it counts in a buffer of its own is in no state_dict."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.register_buffer("calls", torch.zeros(1), persistent=False)

    def forward(self, x):
        self.calls = self.calls + 1
        return super().forward(x)


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        (ClearsGradients, "replaced the .grad of weight."),
        (LeavesHook, "changed the hooks of the module itself."),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_call_leaves_gradients_and_hooks_alone(red_of, wrong, sentence):
    red = red_of(LinearContract, wrong)
    assert red["test_trains_its_own_parameters"].sentence == sentence
    assert "leaves no hook" in red["test_trains_its_own_parameters"].hint


def test_a_call_may_change_what_no_state_dict_holds(red_of):
    assert not red_of(LinearContract, CountsCalls, "cpu", ["test_trains_its_own_parameters"])


class BySparseGradients(Linear):
    def forward(self, x):
        y = x @ self.weight.T
        if self.bias is None:
            return y
        places = torch.arange(len(self.bias), device=x.device)
        return y + self.bias.gather(0, places, sparse_grad=True)


@pytest.mark.parametrize("right", [Checkpoint, BySparseGradients], ids=lambda one: one.__name__)
def test_a_gradient_may_be_computed_in_another_way(red_of, right):
    assert not red_of(LinearContract, right)


class MovesItsOne(Linear):
    """Has a tensor that is no buffer, and moves and converts it by itself."""

    def __init__(self, *args):
        super().__init__(*args)
        self.one = torch.ones(1)

    def _apply(self, *args, **kwargs):
        super()._apply(*args, **kwargs)
        self.one = args[0](self.one)
        return self

    def forward(self, x):
        return super().forward(x) * self.one


class HasUnsavedBuffer(Linear):
    """Has a buffer that is not saved; torch moves and converts it."""

    def __init__(self, *args):
        super().__init__(*args)
        self.register_buffer("one", torch.ones(1), persistent=False)

    def forward(self, x):
        return super().forward(x) * self.one


@pytest.mark.parametrize("right", [MovesItsOne, HasUnsavedBuffer])
def test_a_module_may_hold_more_that_moves_with_it(red_of, device, right):
    assert not red_of(LinearContract, right, device)


def test_parameters_lie_in_memory_as_they_were_made(red_of):
    class ByView(Linear):
        def forward(self, x):
            y = x @ self.weight.view(-1).view(self.weight.shape).T
            return y if self.bias is None else y + self.bias

    assert not red_of(LinearContract, ByView)


def test_a_record_keeps_the_parameters_of_its_call(answer_of):
    contract, rows = LinearContract(), LinearContract().plain
    answer = answer_of(LinearContract, Linear)
    record = next(contract.records(answer, "cpu", rows))
    contract.ask_again(answer, "cpu", Row(contract, rows[0].case, torch.float64))
    assert record.tensors["weight"].dtype == torch.float32


class KeepsAlias(Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.kept = [self.weight]

    def forward(self, x):
        y = x @ self.kept[0].T
        return y if self.bias is None else y + self.bias


def test_what_was_kept_and_does_not_move_has_a_hint(answer_of, red_of):
    answer = answer_of(LinearContract, KeepsAlias)
    assert red_of(LinearContract, answer, "cpu", ["test_has_the_dtype"])
    assert answer.hint.startswith("Read the parameters from the module at each call")
