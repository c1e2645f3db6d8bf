"""The laws of a function that makes a tensor of sizes, on the device that it is told."""

import numpy as np
import pytest
import torch

from dojo.checks import ASPECTS, aspect_of
from dojo.checks.laws import MakingFunction

DEVICES = ("cpu", "cuda")


class Count(MakingFunction):
    """Numbers from 0 on, of a dtype that is asked for."""

    name = "count"
    dtypes = (torch.float32, torch.float64, torch.int64)
    last = ("device", "dtype")
    cases = [(3,), (1,), (0,), (7,)]
    refused = [((-1,), [torch.float32], ValueError, "A size is 0 or more.")]
    hints = {"device": "Of device.", "dtype": "Of dtype.", "values": "Of values."}

    def truth(self, n):
        return np.arange(n)


class Board(MakingFunction):
    """A table of bool: it makes no other dtype."""

    name = "board"
    dtypes = (torch.bool,)
    cases = [(2, 3), (1, 1)]

    def truth(self, h, w):
        return np.indices((h, w)).sum(0) % 2 == 0


def count(n, device, dtype):
    if n < 0:
        raise ValueError("negative")
    return torch.arange(n, device=device, dtype=dtype)


def board(h, w, device):
    rows, columns = torch.arange(h, device=device), torch.arange(w, device=device)
    return (rows[:, None] + columns) % 2 == 0


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("contract, function", [(Count, count), (Board, board)])
def test_a_right_function_keeps_every_law(red_of, contract, function, place):
    assert red_of(contract, function, place) == {}


def test_every_law_has_a_docstring_and_an_aspect_and_they_stand_in_order(laws_of):
    laws = [vars(Count)[name] for name in laws_of(Count)]
    assert [one.__name__ for one in laws if not one.__doc__ or "{" in one.__doc__] == []
    places = [ASPECTS.index(aspect_of(one)) for one in laws]
    assert places == sorted(places)
    assert {"test_gradients", "test_has_memory_of_its_own"}.isdisjoint(laws_of(Count))


@pytest.mark.parametrize("place", DEVICES)
def test_the_device_is_named_in_more_than_one_way(run_laws, place):
    for contract, function in ((Count, count), (Board, board)):
        seen = []

        def right(*given, contract=contract, function=function, seen=seen):
            seen.append(given[len(contract.cases[0])])
            return function(*given)

        assert set(run_laws(contract, right, place).values()) == {None}
        assert {type(one) for one in seen} == {str, torch.device}
        assert {torch.device(one).type for one in seen} == {place}


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize(
    "function, law, sentence",
    [
        (
            lambda n, device, dtype: count(n, device, dtype).tolist(),
            "test_returns_a_tensor",
            "returned [0.0, 1.0, 2.0]; expected a torch.Tensor.",
        ),
        (
            lambda n, device, dtype: count(n, device, dtype)[None],
            "test_has_the_shape",
            "returned a tensor of shape (1, 3); expected shape (3,).",
        ),
        (
            lambda n, device, dtype: count(n, device, torch.float32),
            "test_has_the_dtype",
            "returned a float32 tensor; expected float64.",
        ),
        (
            lambda n, device, dtype: count(n, device, dtype) + 1,
            "test_values",
            "returned 1. at index (0,); expected 0. (3 of 3 elements differ).",
        ),
        (
            lambda n, device, dtype: count(n, device, dtype).requires_grad_(
                dtype.is_floating_point
            ),
            "test_leaves_its_inputs",
            "returned a tensor that requires grad; no input does.",
        ),
    ],
)
def test_a_fault_is_told_by_the_law_that_it_breaks(first_red, function, law, sentence, place):
    assert first_red(Count, function, place) == (law, sentence)


def test_a_tensor_on_another_device_is_told_by_the_law_of_the_device(red_of):
    red = red_of(Count, lambda n, device, dtype: count(n, "cpu", dtype), "cuda")
    assert list(red) == ["test_stays_on_the_device"]
    assert red["test_stays_on_the_device"].sentence == (
        "returned a tensor on cpu; expected one on cuda."
    )
    assert red["test_stays_on_the_device"].hint == "Of device."


def test_a_function_that_takes_any_gpu_is_seen_on_the_cpu(red_of):
    def wrong(n, device, dtype):
        return count(n, "cuda" if torch.cuda.is_available() else device, dtype)

    assert list(red_of(Count, wrong)) == ["test_stays_on_the_device"]


@pytest.mark.parametrize("place", DEVICES)
def test_a_device_that_may_only_be_text_is_seen(red_of, place):
    for contract, function in ((Count, count), (Board, board)):

        def wrong(*given, contract=contract, function=function):
            at = len(contract.cases[0])
            return function(*given[:at], str.lower(given[at]), *given[at + 1 :])

        assert {type(error) for error in red_of(contract, wrong, place).values()} == {TypeError}


def test_a_gpu_that_may_have_no_number_is_seen(red_of):
    for contract, function in ((Count, count), (Board, board)):

        def wrong(*given, contract=contract, function=function):
            at = len(contract.cases[0])
            here = "cpu" if torch.device(given[at]).index is not None else given[at]
            return function(*given[:at], here, *given[at + 1 :])

        assert red_of(contract, wrong) == {}
        assert list(red_of(contract, wrong, "cuda")) == ["test_stays_on_the_device"]


def test_one_tensor_that_is_given_twice_is_seen(red_of):
    kept = {}

    def wrong(n, device, dtype):
        key = n, str(device), dtype
        if key not in kept:
            kept[key] = count(n, device, dtype)
        return kept[key]

    red = red_of(Count, wrong)
    assert list(red) == ["test_remembers_nothing"]


def test_what_is_not_refused_is_told_with_the_hint(red_of):
    red = red_of(Count, lambda n, device, dtype: count(max(n, 0), device, dtype))
    assert list(red) == ["test_refuses"]
    assert red["test_refuses"].hint == "A size is 0 or more."


def test_a_number_that_is_drawn_is_seen(red_of):
    def wrong(n, device, dtype):
        torch.rand(1)
        return count(n, device, dtype)

    assert list(red_of(Count, wrong)) == ["test_leaves_torch_as_it_is"]
