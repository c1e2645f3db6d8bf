"""Options: each call goes by its own, and each way to leave some out is asked in every dtype."""

import numpy as np
import pytest
import torch

from dojo.checks import CheckFailed
from dojo.checks.laws import InPlaceFunction, PureFunction
from dojo.checks.laws.wording import NO_MEMORY

X = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]]


class Scaled(PureFunction):
    """A function with a weight that may be left out, a dimension and a factor."""

    name = "scaled"
    tensors = ("x", "weight")
    cases = [(X, [1.0, 2.0, 4.0], 0), (X, None, 1, 0.5), ([X], [0.5, 2.0, 3.0], 2, 0.5), (X,)]

    def truth(self, x, weight=None, dim=0, factor=1.0):
        return factor * np.cumsum(x if weight is None else x * weight, dim)


class ScaledInPlace(InPlaceFunction):
    """The same for a function that writes into x."""

    name = "scaled"
    tensors = ("x", "weight")
    written = ("x",)
    cases = [(X, [1.0, 2.0, 4.0], 0), (X, [0.5, 2.0, 3.0], 1, 0.5)]

    def truth(self, x, weight, dim=0, factor=1.0):
        return factor * np.cumsum(x * weight, dim)


class Fixed(Scaled):
    """The same, but no option may be exchanged for that of another case."""

    name = "scaled"
    option_rows = ()


def scaled(x, weight=None, dim=0, factor=1.0):
    return factor * (x if weight is None else x * weight).cumsum(dim)


def scaled_(x, weight, dim=0, factor=1.0):
    return x.copy_(scaled(x, weight, dim, factor))


def remembers(function, index):
    """The function that goes by the option of its first call on tensors of these shapes."""
    kept = {}

    def answer(x, weight=None, *options):
        key = x.shape, weight is None, *options[:index], *options[index + 1 :]
        options = [*options[:index], *kept.setdefault(key, options[index:][:1])]
        return function(x, weight, *options)

    return answer


@pytest.fixture
def fails_by(answer_of):
    """What a law says of an answer; None if it says nothing."""

    def fails_by(contract, function):
        with pytest.raises(CheckFailed) as info:
            contract().test_remembers_nothing(answer_of(contract, function), "cpu")
        return info.value

    return fails_by


def test_each_option_has_a_pair_of_rows_that_differ_in_it_alone():
    pairs = [(row.case, other.case) for row, other in Scaled().option_rows]
    assert pairs == [
        ((X, [1.0, 2.0, 4.0], 0), (X, [1.0, 2.0, 4.0], 1)),  # and not 2, which the oracle refuses
        ((X, [1.0, 2.0, 4.0], 0), (X, [1.0, 2.0, 4.0], 0, 0.5)),
    ]
    assert {row.dtype for pair in Scaled().option_rows for row in pair} == {torch.float64}


def test_an_option_without_another_truth_has_no_pair():
    class Alike(Scaled):
        name = "scaled"
        cases = [(X, None, 0), (X, None, -2)]

    assert Alike().option_rows == []


@pytest.mark.parametrize("contract, right", [(Scaled, scaled), (ScaledInPlace, scaled_)])
def test_what_goes_by_its_own_options_is_right(answer_of, contract, right):
    contract().test_remembers_nothing(answer_of(contract, right), "cpu")


@pytest.mark.parametrize("index", [0, 1])
def test_an_option_of_an_earlier_call_is_wrong(fails_by, index):
    failure = fails_by(Scaled, remembers(scaled, index))
    assert failure.sentence.startswith("returned ")
    assert NO_MEMORY in failure.hint


@pytest.mark.parametrize("index", [0, 1])
def test_an_option_of_an_earlier_call_is_wrong_in_place(fails_by, index):
    assert fails_by(ScaledInPlace, remembers(scaled_, index)).sentence.startswith("returned ")


def test_a_shape_of_an_earlier_call_is_told_with_the_same_hint(fails_by):
    class Repeated(PureFunction):
        name = "repeated"
        cases = [([1.0, 2.0], 2), ([1.0, 2.0, 3.0], 3)]

        def truth(self, x, times):
            return np.concatenate([x] * times)

    kept = {}

    def answer(x, times):
        return x.repeat(kept.setdefault(x.shape, times))

    assert NO_MEMORY in fails_by(Repeated, answer).hint


def test_a_contract_may_have_no_pairs(answer_of):
    Fixed().test_remembers_nothing(answer_of(Fixed, remembers(scaled, 1)), "cpu")


def test_each_way_to_call_is_asked_in_every_dtype():
    contract = Scaled()
    asked = [(len(row.case), row.case[1:2] == (None,), row.dtype) for row in contract.usual("cpu")]
    for dtype in contract.dtypes:
        assert {(3, False, dtype), (4, True, dtype), (4, False, dtype), (1, False, dtype)} <= {
            *asked
        }
