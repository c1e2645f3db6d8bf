"""The laws of what makes a module: a right one keeps them all, each fault breaks its law."""

import numpy as np
import pytest
import torch
from torch import nn

from dojo.checks import ASPECTS, aspect_of
from dojo.checks.laws import ModuleFactory
from dojo.checks.laws.made_module import (
    CALL_IT,
    FLOAT32,
    KINDS,
    MOVED,
    NO_INIT,
    TRAINABLE,
    UNSEEN,
)
from dojo.checks.laws.module import UNWRITTEN

DEVICES = ("cpu", "cuda")
EXPECTED = "expected W (2, 3) and b (2,) and no others."


class Affine(ModuleFactory):
    """A linear layer of sizes that come as arguments."""

    name = "make_affine"
    made_with = (3, 2)
    parameters = {"W": (2, 3), "b": (2,)}
    cases = [(3,), (1, 3), (0, 3), (2, 2, 3), (4, 3)]
    hints = {"values": "Of values.", "follow": "Read them.", "shape": "Of shape.", "no b": "Of b."}

    def truth(self, x, W, b):  # noqa: N803
        return x @ W.T + b


class Plain(ModuleFactory):
    """Something without parameters."""

    name = "make_plain"
    cases = [(3,), (2, 3)]

    def truth(self, x):
        return 3 * x


class WithoutInit(nn.Module):
    def __init__(self):
        self.scale = 3

    def forward(self, x):
        return self.scale * x


class OwnLinear(nn.Module):
    """A layer with its parameters under names of its own."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.factors = nn.Parameter(torch.randn(outputs, inputs))
        self.added = nn.Parameter(torch.randn(outputs))

    def forward(self, x):
        return x @ self.factors.T + self.added


class Triple(nn.Module):
    """A layer without parameters."""

    def forward(self, x):
        return 3 * x


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


def lazy(inputs, outputs):
    return nn.LazyLinear(outputs)


RIGHT = [
    (Affine, nn.Linear),
    (Affine, lambda inputs, outputs: nn.Sequential(nn.Linear(inputs, outputs))),
    (Affine, OwnLinear),
    (Affine, factory()),
    (Affine, lazy),
    (Plain, Triple),
]


def as_function(make):
    """A Python function, also of a class: the stand-in for an answer reads its line."""
    return lambda *sizes: make(*sizes)


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("contract, make", RIGHT)
def test_a_right_module_keeps_every_law(red_of, contract, make, place):
    assert red_of(contract, as_function(make), place) == {}


def test_every_law_has_a_docstring_and_an_aspect_and_they_stand_in_order(laws_of):
    laws = [vars(Affine)[name] for name in laws_of(Affine)]
    assert len(laws) == 13
    assert [one.__name__ for one in laws if not one.__doc__ or "{" in one.__doc__] == []
    places = [ASPECTS.index(aspect_of(one)) for one in laws]
    assert places == sorted(places)


# ---------------------------------------------------------------- what is made


@pytest.mark.parametrize(
    "make, sentence, hint",
    [
        (
            lambda *_: None,
            "returned None; expected an instance of nn.Module.",
            "Does every path of make_affine end in a return?",
        ),
        (
            lambda *_: nn.Linear,
            "returned the class Linear itself; expected an instance of nn.Module.",
            CALL_IT,
        ),
        (
            lambda *_: WithoutInit(),
            "is a module whose __init__ has not called that of nn.Module.",
            NO_INIT,
        ),
        (
            lambda *_: 3,
            "returned 3; expected an instance of nn.Module.",
            KINDS,
        ),
    ],
)
def test_what_is_no_module_is_told(first_red, red_of, make, sentence, hint):
    assert first_red(Affine, make) == ("test_makes_a_module", sentence)
    assert red_of(Affine, make)["test_makes_a_module"].hint == hint


def test_a_module_that_returns_no_tensor_is_told(first_red):
    make = forward_with(lambda _self, _x, got: got.tolist())
    law, sentence = first_red(Affine, make)
    assert law == "test_makes_a_module"
    assert sentence.endswith("expected a torch.Tensor.")


@pytest.mark.parametrize(
    "make, sentence, hint",
    [
        (
            lambda inputs, outputs: nn.Linear(inputs, outputs, bias=False),
            "made a module with the parameters weight (2, 3); " + EXPECTED,
            "Of b.",
        ),
        (
            lambda inputs, outputs: nn.Identity(),
            "made a module with no parameters; " + EXPECTED,
            UNSEEN,
        ),
        (
            factory(lambda m: m.register_parameter("more", nn.Parameter(torch.ones(1)))),
            "made a module with the parameters factors (2, 3), added (2,), more (1,); " + EXPECTED,
            "",
        ),
    ],
)
def test_other_parameters_are_listed(red_of, make, sentence, hint):
    error = red_of(Affine, make)["test_has_the_parameters"]
    assert (error.sentence, error.hint) == (sentence, hint)


def test_parameters_of_another_dtype_are_told(red_of):
    red = red_of(Affine, forward_in_bfloat16(), only=["test_has_the_parameters"])
    error = red["test_has_the_parameters"]
    assert error.sentence == "made a module whose W is bfloat16."
    assert error.hint == FLOAT32


def forward_in_bfloat16():
    def forward(self, x):
        return OwnLinear.forward(self, x.bfloat16()).to(x.dtype)

    return factory(lambda m: m.bfloat16(), forward=forward)


def test_a_parameter_that_is_not_trainable_is_named(red_of):
    make = factory(lambda m: m.added.requires_grad_(False))
    for law in ("test_has_the_parameters", "test_gradients"):
        error = red_of(Affine, make)[law]
        assert error.sentence == (
            "made a module whose b is not trainable: its requires_grad is False."
        )
        assert error.hint == TRAINABLE


def test_a_parameter_that_was_never_written_is_named(red_of):
    error = red_of(Affine, factory(lambda m: m.added.data.fill_(float("nan"))))
    assert error["test_values"].sentence == "made a module whose b holds NaN or inf."
    assert error["test_values"].hint == UNWRITTEN


# ---------------------------------------------------------------- the output


@pytest.mark.parametrize("place", DEVICES)
def test_a_wrong_shape_of_some_input_is_seen(red_of, place):
    make = forward_with(lambda _self, x, got: got[None] if x.dim() == 1 else got)
    error = red_of(Affine, make, place)["test_has_the_shape"]
    assert error.sentence == "returned a tensor of shape (1, 2); expected shape (2,)."
    assert error.hint == "Of shape."


def test_an_output_in_another_dtype_is_seen(red_of):
    error = red_of(Affine, forward_with(lambda _self, _x, got: got.double()))[
        "test_keeps_the_dtype"
    ]
    assert error.sentence == "returned a float64 tensor; expected float32."


def test_digits_that_are_lost_after_double_are_seen(red_of):
    make = forward_with(lambda _self, _x, got: got.float().to(got.dtype))
    error = red_of(Affine, make)["test_keeps_the_dtype"]
    assert error.sentence.startswith("returned as the output after .double()")


def test_double_is_not_asked_for_where_the_contract_says_so(red_of):
    class Narrow(Affine):
        name = "make_affine"
        doubles = False

    make = forward_with(lambda _self, _x, got: got.float().to(got.dtype))
    assert red_of(Narrow, make) == {}


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda self, _x, got: got + 1, "train mode"),
        (lambda self, _x, got: got if self.training else got + 1, "eval mode"),
        (lambda self, _x, got: got - self.added, "train mode"),
    ],
)
@pytest.mark.parametrize("place", DEVICES)
def test_wrong_numbers_are_told_with_the_mode(red_of, act, words, place):
    error = red_of(Affine, forward_with(act), place)["test_values"]
    assert error.sentence.startswith(f"returned as the output in {words} ")
    assert error.hint == "Of values."


def test_an_output_that_is_no_tensor_in_eval_mode_is_told(red_of):
    make = forward_with(lambda self, _x, got: got if self.training else got.tolist())
    error = red_of(Affine, make)["test_values"]
    assert error.sentence.endswith("expected a torch.Tensor.")


@pytest.mark.parametrize("place", DEVICES)
def test_a_copy_of_the_parameters_does_not_follow_them(red_of, place):
    def forward(self, x):
        if not hasattr(self, "kept"):
            self.kept = [one.detach().clone() for one in (self.factors, self.added)]
        factors, added = self.kept
        return (
            x @ (self.factors - self.factors.detach() + factors).T
            + added.to(x)
            + (self.added - self.added.detach())
        )

    red = red_of(Affine, factory(forward=forward), place)
    error = red["test_follows_its_parameters"]
    assert error.sentence.startswith("returned as the output for new parameters, ")
    assert error.hint == "Read them."


@pytest.mark.parametrize(
    "is_chosen",
    [
        lambda x: not x.is_contiguous() and x.stride(0) != 0,
        lambda x: x.storage_offset() > 0,
        lambda x: x.dim() > 1 and x.stride(0) == 0,
        lambda x: x.dim() == 3,
    ],
    ids=["strides", "offset", "repeated", "3 dimensions"],
)
def test_wrong_numbers_in_a_layout_or_a_shape_are_seen(red_of, is_chosen):
    make = forward_with(lambda _self, x, got: got + 1 if is_chosen(x) else got)
    assert "test_follows_its_parameters" in red_of(Affine, make)


# ---------------------------------------------------------------- devices


def test_parameters_that_do_not_move_are_named(red_of):
    def forward(self, x):
        return x @ self.factors.to(x.device).T + self.added.to(x.device)

    make = factory(to=lambda self, *_: self, forward=forward)
    error = red_of(Affine, make, "cuda", ["test_moves_to_the_device"])["test_moves_to_the_device"]
    assert error.sentence == "made a module whose factors is on cpu after .to('cuda')."
    assert error.hint == MOVED


def test_a_plain_tensor_that_does_not_move_is_seen(red_of):
    def add_zero(module):
        module.zero = torch.zeros(2)

    def forward(self, x):
        return OwnLinear.forward(self, x) + self.zero

    make = factory(add_zero, forward=forward)
    error = red_of(Affine, make, "cuda", ["test_moves_to_the_device"])["test_moves_to_the_device"]
    assert error.sentence == "computed with tensors on cpu and on cuda, after .to('cuda')."
    assert error.hint == MOVED


def test_an_output_on_another_device_is_seen(red_of):
    make = forward_with(lambda _self, _x, got: got.cpu())
    assert "test_moves_to_the_device" in red_of(Affine, make, "cuda")


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize("name", ["x", "W", "b"])
@pytest.mark.parametrize("place", DEVICES)
def test_what_is_cut_off_is_named(red_of, name, place):
    def forward(self, x):
        given = {"x": x, "W": self.factors, "b": self.added}
        given[name] = given[name].detach()
        return given["x"] @ given["W"].T + given["b"]

    red = red_of(Affine, factory(forward=forward), place)
    assert list(red) == ["test_gradients"]
    assert red["test_gradients"].sentence == (
        f"is cut off from autograd: no gradient reaches {name}."
    )


@pytest.mark.parametrize("name", ["x", "W", "b"])
def test_a_wrong_gradient_is_named(red_of, name):
    def forward(self, x):
        given = {"x": x, "W": self.factors, "b": self.added}
        given[name] = 2 * given[name] - given[name].detach()
        return given["x"] @ given["W"].T + given["b"]

    red = red_of(Affine, factory(forward=forward))
    assert "test_gradients" in red
    assert red["test_gradients"].sentence.startswith(f"returned as the gradient of {name} ")


def test_differences_are_the_gradients_of_a_linear_truth():
    x, w, b = np.ones((2, 3)), np.arange(6.0).reshape(2, 3), np.zeros(2)
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = Affine().slopes(weights, x, W=w, b=b)
    assert np.allclose(found["x"], weights @ w)
    assert np.allclose(found["W"], weights.T @ x)
    assert np.allclose(found["b"], weights.sum(0))
    assert {name: one.shape for name, one in found.items()} == {
        "x": (2, 3),
        "W": (2, 3),
        "b": (2,),
    }
