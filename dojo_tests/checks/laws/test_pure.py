"""The laws of a pure function: a right one keeps them all, and each fault breaks the law of it."""

import numpy as np
import pytest
import torch

from dojo.checks import ASPECTS, CheckFailed, aspect_of
from dojo.checks.laws import PureFunction
from dojo.checks.laws.wording import DIGITS

DEVICES = ("cpu", "cuda")
X = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]]
INF, NAN = float("inf"), float("nan")


class Double(PureFunction):
    """A function of one tensor; what has three dimensions is refused."""

    name = "double"
    cases = [(X,), ([[1.0, 2.0], [3.0, 4.0]],), ([0.0, 0.0],), (3.0,), (np.zeros((0, 2)),)]
    wild = [([INF, -INF, NAN, 1.0],)]
    precise = [(torch.float64, ([1 + 2.0**-40],)), (torch.float32, ([1 + 2.0**-20],))]
    refused = [(([[[1.0]]],), None, ValueError, "Three are too many.")]
    forbidden = "exp|cos"
    hints = {
        "type": "Of type.",
        "shape": "Of shape.",
        "dtype": "Of dtype.",
        "device": "Of device.",
        "values": "Of values.",
        "wild": "Of inf.",
        "gradient": "Of gradients.",
        "forbidden": "Of exp.",
    }

    def truth(self, x):
        return 2 * x


class Weighted(PureFunction):
    """A function of tensors that may be None or left out, with a plain argument behind them."""

    name = "weighted"
    tensors = ("x", "weight", "bias")
    dtypes = (torch.float64, torch.float32)
    cases = [
        (X, [1.0, 2.0, 3.0], [1.0, 0.0, -1.0]),
        (X, None, [1.0, 0.0, -1.0]),
        (X, [1.0, 2.0, 3.0]),
        (X,),
    ]

    def truth(self, x, weight=None, bias=None):
        return x * (1 if weight is None else weight) + (0 if bias is None else bias)


class Masked(PureFunction):
    """A function of a tensor and of a mask, which has a dtype of its own."""

    name = "masked"
    tensors = ("x", "mask")
    fixed = {"mask": torch.bool}
    cases = [(X, [[1, 0, 1], [0, 0, 1]], -1.5), (X, [[0] * 3] * 2, 2.0)]

    def truth(self, x, mask, value):
        return np.where(mask, value, x)


def double(x):
    if x.dim() > 2:
        raise ValueError("too many")
    return x * 2


def weighted(x, weight=None, bias=None):
    x = x * 1 if weight is None else x * weight
    return x if bias is None else x + bias


def masked(x, mask, value):
    return x.masked_fill(mask, value)


class TwiceTheGradient(torch.autograd.Function):
    """Gives back what comes in, and twice its gradient."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def every_second(x):
    return torch.stack([double(x)] * 2, -1)[..., 1]


def last_part(x):
    flat = double(x).flatten()
    return torch.cat([flat, flat])[flat.numel() :].view(x.shape)


def reversed_strides(x):
    order = tuple(reversed(range(x.dim())))
    return double(x).permute(order).contiguous().permute(order)


RIGHT = [
    (Double, double),
    (Double, every_second),
    (Double, last_part),
    (Double, reversed_strides),
    (Weighted, weighted),
    (Masked, masked),
]


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("contract, function", RIGHT, ids=lambda one: one.__name__)
def test_a_right_function_keeps_every_law(red_of, contract, function, place):
    assert red_of(contract, function, place) == {}


def test_every_law_has_a_docstring_and_an_aspect_and_they_stand_in_order(laws_of):
    laws = [vars(Double)[name] for name in laws_of(Double)]
    assert len(laws) == 14
    assert [one.__name__ for one in laws if not one.__doc__] == []
    places = [ASPECTS.index(aspect_of(one)) for one in laws]
    assert places == sorted(places)


class Root(PureFunction):
    """A root, whose gradient beside 0 is asked for."""

    name = "root"
    cases = [([1.0, 4.0],)]
    dtypes = (torch.float32, torch.float64)
    wild_gradients = [([0.0, 4.0],)]
    ulps = gradient_ulps = 64

    def truth(self, x):
        return np.sqrt(np.maximum(x, 0.25))

    def gradient(self, weights, x):
        return [np.where(x > 0.25, weights / (2 * np.sqrt(np.maximum(x, 0.25))), 0.0)]


def test_a_gradient_that_is_nan_beside_wild_numbers_is_seen(red_of):
    assert red_of(Root, lambda x: x.clamp(min=0.25).sqrt()) == {}
    red = red_of(Root, lambda x: torch.where(x > 0.25, x.sqrt(), 0.5))
    assert list(red) == ["test_wild_gradients"]
    assert red["test_wild_gradients"].sentence.startswith("returned as the gradient of x nan ")


# ---------------------------------------------------------------- faults, as a learner is told


def only_if(is_chosen, wrong):
    return lambda x: wrong(double(x)) if is_chosen(x) else double(x)


@pytest.mark.parametrize(
    "function, law, sentence",
    [
        (lambda x: None, "test_returns_a_tensor", "returned None; expected a torch.Tensor."),
        (
            lambda x: double(x).tolist(),
            "test_returns_a_tensor",
            "returned [[2.0, -4.0, 6.0], [1.0, 10.0, -12.0]]; expected a torch.Tensor.",
        ),
        (
            lambda x: double(x).flatten(),
            "test_has_the_shape",
            "returned a tensor of shape (6,); expected shape (2, 3).",
        ),
        (
            lambda x: double(x).reshape(x.shape or (1,)),
            "test_has_the_shape",
            "returned a tensor of shape (1,); expected shape ().",
        ),
        (
            lambda x: double(x).float(),
            "test_has_the_dtype",
            "returned a float32 tensor; expected float64.",
        ),
        (
            lambda x: double(x) + 1,
            "test_values",
            "returned 3. at index (0, 0); expected 2. (6 of 6 elements differ).",
        ),
        (
            only_if(lambda x: x.dim() == 0, lambda got: got + 1),
            "test_values",
            "returned 7. in its only element; expected 6.",
        ),
        (
            lambda x: double(x).nan_to_num(nan=NAN, posinf=0.0, neginf=-INF),
            "test_wild_values",
            "returned 0. at index (0,); expected inf (1 of 4 elements differ).",
        ),
        (
            lambda x: double(x).nan_to_num(posinf=INF, neginf=-INF),
            "test_wild_values",
            "returned 0. at index (2,); expected nan (1 of 4 elements differ).",
        ),
        (
            lambda x: double(x.detach()),
            "test_gradients",
            "returned a tensor that autograd does not track.",
        ),
        (
            lambda x: double(TwiceTheGradient.apply(x)),
            "test_gradients",
            "returned as the gradient of x",
        ),
        (
            lambda x: x * 2,
            "test_refuses",
            "returned a float32 tensor of shape (1, 1, 1) [[[2.]]] for float32; expected ",
        ),
        (
            lambda x: double(x) if x.dim() < 3 else x.nothing,
            "test_refuses",
            "raised AttributeError for float32; expected ValueError.",
        ),
        (
            lambda x: double(x) if x.dim() < 3 else double(x.fill_(4)),
            "test_refuses",
            "changed the values of its input x: it was [[[1.]]] and is now [[[4.]]].",
        ),
        (
            only_if(lambda x: x.dim() == 0, lambda got: got * got.exp().sign()),
            "test_is_made_without",
            "ran torch's exp, which is forbidden here.",
        ),
        (
            only_if(lambda x: x.requires_grad, lambda got: got + 0 * got.sin()),  # cos backward
            "test_is_made_without",
            "ran torch's cos, which is forbidden here.",
        ),
    ],
)
def test_a_fault_is_told_by_the_law_that_it_breaks(first_red, function, law, sentence):
    found_law, found = first_red(Double, function)
    assert (found_law, found[: len(sentence)]) == (law, sentence)


def hint_of(red, law):
    """The hint of a law that is red by a ``CheckFailed``."""
    assert isinstance(red[law], CheckFailed)
    return red[law].hint


@pytest.mark.parametrize(
    "function, law, hint",
    [
        (lambda x: double(x).tolist(), "test_returns_a_tensor", "Of type."),
        (lambda x: double(x).flatten(), "test_has_the_shape", "Of shape."),
        (lambda x: double(x).half(), "test_has_the_dtype", "Of dtype."),
        (lambda x: double(x) + 1, "test_values", "Of values."),
        (lambda x: double(x).nan_to_num(), "test_wild_values", "Of inf."),
        (lambda x: double(TwiceTheGradient.apply(x)), "test_gradients", "Of gradients."),
        (lambda x: x * 2, "test_refuses", "Three are too many."),
        (lambda x: double(x) + 0 * x.exp(), "test_is_made_without", "Of exp."),
    ],
)
def test_a_law_hands_out_the_hint_of_the_contract(red_of, function, law, hint):
    assert hint_of(red_of(Double, function), law) == hint


def test_digits_that_are_lost_are_told_by_a_law_of_their_own(red_of):
    red = red_of(Double, lambda x: double(x.float()).to(x.dtype))
    assert list(red) == ["test_no_digit_is_lost", "test_gradients"]
    error = red["test_no_digit_is_lost"]
    assert error.sentence == "returned 2.0 at index (0,); expected 2.000000000001819."
    assert error.hint == f"Of values. {DIGITS}"


def test_numbers_that_are_wrong_in_one_dtype_alone_are_seen(red_of):
    for dtype in Double.dtypes:
        red = red_of(Double, only_if(lambda x, dtype=dtype: x.dtype == dtype, lambda got: got + 1))
        assert "test_values" in red
        assert red["test_values"].got.dtype == dtype


@pytest.mark.parametrize(
    "is_chosen, words",
    [
        (lambda x: x.dim() == 2 and x.stride(0) == 1 and x.stride(1) > 1, "in reverse."),
        (lambda x: x.dim() == 2 and x.stride() == (2 * x.shape[1], 2), "is every second number"),
        (lambda x: x.is_contiguous() and x.storage_offset() == 3, "begins inside"),
        (lambda x: x.dim() == 2 and x.shape[0] and x.stride(0) == 0, "lie in the same memory."),
    ],
    ids=["transposed", "strided", "offset", "repeated"],
)
def test_numbers_that_are_wrong_in_one_layout_alone_are_told_with_it(red_of, is_chosen, words):
    red = red_of(Double, only_if(is_chosen, lambda got: got + 1))
    assert red["test_values"].hint.startswith("Of values. Here ")
    assert words in red["test_values"].hint


def test_gradients_that_are_wrong_in_one_dtype_alone_are_seen(red_of):
    for dtype in Double.dtypes:
        red = red_of(Double, lambda x, dtype=dtype: double(x.detach() if x.dtype == dtype else x))
        assert list(red) == ["test_gradients"]
        assert red["test_gradients"].sentence == "returned a tensor that autograd does not track."


@pytest.mark.parametrize("name", Weighted.tensors)
@pytest.mark.parametrize("place", DEVICES)
def test_a_wrong_gradient_of_one_input_is_told_by_its_name(red_of, name, place):
    def wrong(x, *others):
        given = dict(zip(Weighted.tensors, (x, *others), strict=False))
        if given.get(name) is not None:
            given[name] = TwiceTheGradient.apply(given[name])
        return weighted(*given.values())

    red = red_of(Weighted, wrong, place)
    assert list(red) == ["test_gradients"]
    assert red["test_gradients"].sentence.startswith(f"returned as the gradient of {name} ")


@pytest.mark.parametrize("name", Weighted.tensors)
def test_an_input_that_is_cut_off_is_named(red_of, name):
    def wrong(x, *others):
        given = dict(zip(Weighted.tensors, (x, *others), strict=False))
        if given.get(name) is not None:
            given[name] = given[name].detach()
        return weighted(*given.values())

    error = red_of(Weighted, wrong)["test_gradients"]
    assert error.sentence in (
        f"is cut off from autograd: no gradient reaches {name}.",
        "returned a tensor that autograd does not track.",
    )
    assert name in error.hint or name in error.sentence


@pytest.mark.parametrize("name", Weighted.tensors)
def test_an_input_that_is_cut_off_where_it_alone_requires_grad_is_seen(red_of, name):
    def wrong(*given):
        tracked = [one.requires_grad for one in given if one is not None]
        known = dict(zip(Weighted.tensors, given, strict=False))
        is_alone = sum(tracked) == 1 < len(tracked) and known.get(name) is not None
        if is_alone and known[name].requires_grad:
            known[name] = known[name].detach()
        return weighted(*known.values())

    error = red_of(Weighted, wrong)["test_gradients"]
    assert error.sentence == "returned a tensor that autograd does not track."
    assert f"Here {name} alone requires grad." in error.hint


def test_a_wrong_shape_may_be_explained(red_of):
    class Row(PureFunction):
        name = "row"
        cases = [(X,)]
        hints = {"shape": "Of shape."}

        def truth(self, x):
            return x.sum(0)

        def why_shape(self, arguments, shape):
            return "That is a sum of each row." if shape == arguments[0].shape[:1] else ""

    found = red_of(Row, lambda x: x.sum(1))
    assert {error.hint for error in found.values()} >= {"That is a sum of each row."}
    assert red_of(Row, lambda x: x.sum())["test_has_the_shape"].hint == "Of shape."


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_zeros_are_not_the_same_as_none(red_of, name):
    def drops_zeros(x, weight=None, bias=None):
        if name == "weight" and weight is not None and not weight.any():
            weight = weight.detach()
        if name == "bias" and bias is not None and not bias.any():
            bias = None
        return weighted(x, weight, bias)

    assert set(red_of(Weighted, drops_zeros)) == {"test_gradients"}
