"""The laws of a function that only moves numbers, and of one whose result is a view."""

import numpy as np
import pytest
import torch

from dojo.checks import ASPECTS, aspect_of
from dojo.checks.laws import ALL, MovingFunction, ViewFunction, places

DEVICES = ("cpu", "cuda")
SHAPES = [(2, 3), (3, 2, 2), (1, 4), (2, 1), (0, 3)]
COPY = "returned a copy; expected a view of the input's memory."


class Swap(MovingFunction):
    """The last dimension comes in reverse: torch has no view of that."""

    name = "swap"
    shapes = SHAPES
    hints = {"dtype": "Of dtype.", "values": "Of values.", "wild": "Of inf."}

    def truth(self, x):
        return x[..., ::-1]


class Transposed(ViewFunction):
    """The first and the last dimension change places."""

    name = "transposed"
    shapes = SHAPES
    hints = {"view": "Of views."}

    def truth(self, x):
        return np.swapaxes(x, 0, -1)


class Same(ViewFunction):
    """All of x, which may not be x itself."""

    name = "same"
    shapes = SHAPES
    may_be_itself = False

    def truth(self, x):
        return x


class Windows(ViewFunction):
    """Windows that overlap; how long they are comes behind x."""

    name = "windows"
    shapes = [(4,), (2, 3)]
    further = (2,)

    def truth(self, x, size):
        return np.lib.stride_tricks.sliding_window_view(x, size, axis=-1)


def swap(x):
    return x.flip(-1)


def transposed(x):
    return x.transpose(0, -1)


def windows(x, size):
    return x.unfold(-1, size, 1)


def lies_apart(x):
    return torch.stack([swap(x)] * 2, -1)[..., 1]


def lies_in_memory_of_x_where_it_can(x):
    return x.view_as(x) if x.shape[-1] == 1 else swap(x)


RIGHT = [
    (Swap, swap),
    (Swap, lies_apart),
    (Swap, lies_in_memory_of_x_where_it_can),
    (Transposed, transposed),
    (Windows, windows),
    (Same, lambda x: x.view_as(x)),
    (Same, lambda x: x[...]),
]


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("contract, function", RIGHT)
def test_a_right_function_keeps_every_law(red_of, contract, function, place):
    assert red_of(contract, function, place) == {}


@pytest.mark.parametrize("contract, count", [(Swap, 10), (Transposed, 11)])
def test_every_law_has_a_docstring_and_an_aspect_and_they_stand_in_order(laws_of, contract, count):
    laws = [vars(contract)[name] for name in laws_of(contract)]
    assert len(laws) == count
    assert [one.__name__ for one in laws if not one.__doc__] == []
    at = [ASPECTS.index(aspect_of(one)) for one in laws]
    assert at == sorted(at)


def test_the_cases_hold_different_numbers_in_the_shapes():
    assert [np.shape(case[0]) for case in Swap.cases] == SHAPES
    assert [case[1] for case in Windows.cases] == [2, 2]
    assert places((2, 2)).tolist() == [[0, 1], [2, 3]]
    assert places(()).tolist() == 0
    assert Swap.dtypes == ALL


# ---------------------------------------------------------------- numbers and their places


def test_a_wrong_number_is_named_by_its_place_in_x(red_of):
    error = red_of(Swap, lambda x: x.clone())["test_values"]
    assert error.sentence == (
        "returned x[0, 0] at index (0, 0); expected x[0, 2] (4 of 6 elements differ)."
    )
    assert error.hint == "Of values."


def test_a_number_that_is_not_of_x_is_told_as_a_number(red_of):
    error = red_of(Swap, lambda x: swap(x) * 2 + 77 if x.dtype.is_floating_point else swap(x))
    assert error["test_values"].sentence.startswith("returned 81 at index (0, 0); expected x[0, 2]")


@pytest.mark.parametrize(
    "dtype, narrower",
    [
        (torch.float64, torch.float32),
        (torch.float32, torch.float16),
        (torch.float32, torch.bfloat16),
        (torch.float16, torch.bfloat16),
        (torch.bfloat16, torch.float16),
        (torch.complex64, torch.float32),
        (torch.int64, torch.float64),
        (torch.int64, torch.int32),
        (torch.int32, torch.float32),
        (torch.int32, torch.int16),
        (torch.int16, torch.int8),
        (torch.uint8, torch.int8),
    ],
)
@pytest.mark.filterwarnings("ignore:Casting complex")
def test_a_way_through_a_narrower_dtype_is_seen(red_of, dtype, narrower):
    def wrong(x):
        is_chosen = x.dtype == dtype and not x.requires_grad
        if narrower == torch.int8 and dtype == torch.uint8:  # it wraps, and comes back whole
            return swap(x.clamp(max=127)) if is_chosen else swap(x)
        return swap(x.to(narrower).to(dtype)) if is_chosen else swap(x)

    red = red_of(Swap, wrong)
    assert "test_values" in red
    assert red["test_values"].got is None or red["test_values"].got.dtype == dtype


def test_digits_that_are_lost_are_told_by_the_hint_on_dtypes(red_of):
    red = red_of(Swap, lambda x: swap(x.half().float() if x.dtype == torch.float32 else x))
    assert red["test_values"].hint.startswith("Of dtype.")


def test_bools_are_moved_too(red_of):
    red = red_of(Swap, lambda x: x.clone() if x.dtype == torch.bool else swap(x))
    assert list(red) == ["test_values"]


@pytest.mark.parametrize("place", DEVICES)
def test_nan_that_spreads_is_seen(red_of, place):
    red = red_of(Swap, lambda x: swap(x) + 0 * x.sum() if x.is_floating_point() else swap(x), place)
    assert "test_moves_inf_and_nan" in red
    assert red["test_moves_inf_and_nan"].hint == "Of inf."


def test_inf_is_not_asked_for_where_the_contract_says_so(laws_of):
    class Tame(Swap):
        name = "swap"
        moves_wild = False

    assert "test_moves_inf_and_nan" in laws_of(Swap)
    assert "test_moves_inf_and_nan" not in laws_of(Tame)


def test_a_gradient_goes_back_to_each_place_once_for_each_number(red_of):
    class HalfTheGradient(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 0.5

    red = red_of(Windows, lambda x, size: windows(x, size))
    assert red == {}
    red = red_of(Swap, lambda x: swap(HalfTheGradient.apply(x)))
    assert list(red) == ["test_gradients"]
    assert red["test_gradients"].sentence.startswith("returned as the gradient of x ")


def test_the_gradient_of_a_number_that_is_shown_twice_is_the_sum():
    x, weights = np.arange(3.0), np.array([[1.0, 10.0], [100.0, 1000.0]])
    (found,) = Windows().gradient(weights, x, 2)
    assert found.tolist() == [1.0, 110.0, 1000.0]


# ---------------------------------------------------------------- views


@pytest.mark.parametrize("place", DEVICES)
def test_a_copy_is_no_view(red_of, place):
    red = red_of(Transposed, lambda x: transposed(x).clone(), place)
    assert list(red) == ["test_is_a_view"]
    error = red["test_is_a_view"]
    assert (error.sentence, error.hint) == (COPY, "Of views.")


@pytest.mark.parametrize(
    "is_chosen, words",
    [
        (lambda x: not x.is_contiguous(), "Of views. Here x"),
        (lambda x: x.storage_offset() == 3, "Of views. Here x begins inside"),
        (lambda x: x.requires_grad, "Of views."),
        (lambda x: x.dtype == torch.bool, "Of views."),
        (lambda x: 1 in x.shape, "Of views."),
    ],
    ids=["strides", "offset", "tracked", "bool", "size 1"],
)
def test_a_copy_of_some_inputs_alone_is_seen(red_of, is_chosen, words):
    red = red_of(Transposed, lambda x: transposed(x).clone() if is_chosen(x) else transposed(x))
    assert list(red) == ["test_is_a_view"]
    assert red["test_is_a_view"].hint.startswith(words)


def test_a_view_that_is_cut_off_is_seen(red_of):
    assert list(red_of(Transposed, lambda x: transposed(x.detach()))) == ["test_gradients"]


def test_a_view_with_wrong_strides_has_wrong_numbers_in_a_layout(red_of):
    def wrong(x):
        if x.dim() != 2 or x.requires_grad:
            return transposed(x)
        return x.as_strided(x.shape[::-1], (1, max(x.shape[1], 1)))

    error = red_of(Transposed, wrong, only=["test_values"])["test_values"]
    assert "Here " in error.hint


@pytest.mark.parametrize("place", DEVICES)
def test_x_itself_is_refused_where_the_contract_says_so(red_of, place):
    red = red_of(Same, lambda x: x, place)
    assert list(red) == ["test_is_a_view"]
    assert red["test_is_a_view"].sentence == "returned x itself."


def test_a_view_may_be_x_itself_where_the_contract_says_nothing(red_of):
    class Any(Same):
        name = "same"
        may_be_itself = True

    assert red_of(Any, lambda x: x) == {}


def test_a_write_through_the_view_is_seen(red_of):
    red = red_of(
        Transposed, lambda x: transposed(x.data.add_(1)) if x.is_floating_point() else transposed(x)
    )
    assert "changed the values of its input x" in red["test_leaves_its_inputs"].sentence
