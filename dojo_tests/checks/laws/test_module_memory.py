"""The laws of a module's memory: what it shares, remembers, writes, and saves."""

import pytest
import torch
from torch import nn

from dojo.checks.laws import ModuleFactory
from dojo.checks.laws.made_module import MADE_ONCE, ONLY_READ
from dojo.checks.laws.module import AGAIN, INSIDE, SAVED

DEVICES = ("cpu", "cuda")


class Affine(ModuleFactory):
    """A linear layer of sizes that come as arguments."""

    name = "make_affine"
    made_with = (3, 2)
    parameters = {"W": (2, 3), "b": (2,)}
    cases = [(3,), (0, 3), (2, 2, 3), (4, 3)]

    def truth(self, x, W, b):  # noqa: N803
        return x @ W.T + b


class OwnLinear(nn.Module):
    """A layer with its parameters under names of its own."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.factors = nn.Parameter(torch.randn(outputs, inputs))
        self.added = nn.Parameter(torch.randn(outputs))

    def forward(self, x):
        return x @ self.factors.T + self.added


def factory(change=lambda module: None, **attributes):
    """A function that makes such layers, with other attributes, and changes each one at last."""
    kind = type("Changed", (OwnLinear,), attributes)

    def make(inputs, outputs):
        module = kind(inputs, outputs)
        change(module)
        return module

    return make


def forward_with(act):
    """A factory of layers that do something to their x and to themselves at each call."""

    def forward(self, x):
        got = OwnLinear.forward(self, x)
        return got if (other := act(self, x, got)) is None else other

    return factory(forward=forward)


@pytest.mark.parametrize("place", DEVICES)
def test_one_module_for_all_calls_is_seen(red_of, place):
    one = OwnLinear(3, 2)
    red = red_of(Affine, lambda *_: one, place)
    assert list(red) == ["test_makes_a_new_module_at_each_call"]
    error = red["test_makes_a_new_module_at_each_call"]
    assert (error.sentence, error.hint) == ("returned the same module as before.", INSIDE)


def test_parameters_that_modules_share_are_named(red_of):
    shared = nn.Parameter(torch.ones(2))
    red = red_of(Affine, factory(lambda m: setattr(m, "added", shared)))
    error = red["test_makes_a_new_module_at_each_call"]
    assert error.sentence == (
        "made two modules that share the memory of b: training one trains both."
    )
    assert error.hint == INSIDE


@pytest.mark.parametrize("place", DEVICES)
def test_an_output_that_is_used_again_is_seen(red_of, place):
    buffers = {}

    def act(_self, x, got):
        if got.requires_grad:
            return None
        key = got.shape, got.dtype, str(got.device)
        return buffers.setdefault(key, got.clone()).copy_(got)

    red = red_of(Affine, forward_with(act), place)
    assert list(red) == ["test_makes_a_new_output_at_each_call"]
    error = red["test_makes_a_new_output_at_each_call"]
    assert (error.sentence, error.hint) == ("changed the output of an earlier call.", AGAIN)


def test_an_output_that_is_kept_for_the_object_x_is_seen(red_of):
    kept = {}

    def act(_self, x, got):
        return kept.setdefault(id(x), (x, got))[1] if not got.requires_grad else None

    assert "test_makes_a_new_output_at_each_call" in red_of(Affine, forward_with(act))


def test_a_copy_of_an_output_that_is_kept_for_the_object_x_is_seen(red_of):
    kept = {}

    def act(_self, x, got):
        return kept.setdefault(id(x), (x, got))[1].clone() if not got.requires_grad else None

    assert list(red_of(Affine, forward_with(act))) == ["test_makes_a_new_output_at_each_call"]


def test_an_output_that_is_tracked_under_no_grad_is_seen(red_of):
    def forward(self, x):
        with torch.enable_grad():
            return OwnLinear.forward(self, x)

    red = red_of(Affine, factory(forward=forward))
    assert list(red) == ["test_makes_a_new_output_at_each_call"]
    assert red["test_makes_a_new_output_at_each_call"].sentence == (
        "is tracked under torch.no_grad()."
    )


@pytest.mark.parametrize("place", DEVICES)
def test_a_write_into_x_is_seen(red_of, place):
    def act(_self, x, _got):
        x.data.zero_()

    red = red_of(Affine, forward_with(act), place)
    sentence = red["test_leaves_x_and_torch_as_they_are"].sentence
    assert sentence.startswith("changed the values of its input x")


def write_before(_self, x, _got):
    if x.storage_offset():
        x.data.as_strided((1,), (1,), x.storage_offset() - 1).zero_()


@pytest.mark.parametrize("place", DEVICES)
def test_a_write_beside_x_is_seen(red_of, place):
    red = red_of(Affine, forward_with(write_before), place)
    assert list(red) == ["test_leaves_x_and_torch_as_they_are"]
    sentence = red["test_leaves_x_and_torch_as_they_are"].sentence
    assert sentence == "changed the memory around its input x."


def test_a_number_that_is_drawn_is_seen(red_of):
    def act(_self, _x, _got):
        torch.rand(1)

    assert list(red_of(Affine, forward_with(act))) == ["test_leaves_x_and_torch_as_they_are"]


def test_a_write_into_a_parameter_is_named(red_of):
    def act(self, _x, _got):
        self.added.data.add_(1)

    error = red_of(Affine, forward_with(act))["test_values"]
    assert error.sentence == "wrote into b while it computed its output for x."
    assert error.hint == ONLY_READ


def test_parameters_that_are_made_anew_at_each_call_are_seen(red_of):
    def act(self, _x, _got):
        self.added = nn.Parameter(self.added.detach().clone())

    error = red_of(Affine, forward_with(act))["test_values"]
    assert error.sentence == "replaced the parameters of the module by new ones."
    assert error.hint == MADE_ONCE


def test_a_state_that_is_not_saved_is_seen(red_of):
    def forward(self, x):
        if not hasattr(self, "kept"):
            self.kept = self.added.detach().clone()
        return OwnLinear.forward(self, x) + 0 * x.sum() + self.kept.to(x) * self.matters

    make = factory(forward=forward, matters=1)
    error = red_of(Affine, make, only=["test_is_saved_and_loaded"])["test_is_saved_and_loaded"]
    assert error.sentence.startswith("returned as the output after load_state_dict, ")
    assert error.hint == SAVED
