"""The law of what a place of the result does not see."""

import numpy as np
import pytest
import torch

from dojo.checks.attention import causal
from dojo.checks.laws import PureFunction

LAW = "test_hidden_places_change_nothing"
OF_GRADIENTS = "test_hidden_places_get_no_gradient"


class CausalMean(PureFunction):
    """Row i is the mean of the rows 0 to i of x."""

    name = "causal_mean"
    cases = [([[1.0, 2.0], [3.0, 5.0], [-1.0, 0.5]],), (np.ones((2, 2, 3)),), (np.ones((1, 2)),)]
    hidden = {"x": 1e30}

    def truth(self, x):
        return np.cumsum(x, -2) / np.arange(1, x.shape[-2] + 1)[:, None]

    def sees(self, x):
        return {"x": causal(x.shape[-2], x.shape[-2])}


def weights_of(x):
    places = torch.arange(1, x.shape[-2] + 1, dtype=x.dtype, device=x.device)
    return x.new_ones(len(places), len(places)).tril() / places[:, None]


def causal_mean(x):
    return weights_of(x) @ x


def test_a_right_one_is_green(red_of):
    for device in ("cpu", "cuda"):
        assert not red_of(CausalMean, causal_mean, device)


def test_what_leaks_into_the_values_is_red(red_of):
    red = red_of(CausalMean, lambda x: (weights_of(x) + 1e-22) @ x)
    assert list(red) == [LAW, OF_GRADIENTS]
    assert "the result at place 0" in red[LAW].sentence
    assert "Here x = 1e+30 in all that it does not see." in red[LAW].hint


def test_what_leaks_into_a_gradient_alone_is_red(red_of):
    red = red_of(CausalMean, lambda x: causal_mean(x) + 1e-30 * (x - x.detach()).sum())
    assert list(red) == [OF_GRADIENTS]
    assert "for a hidden place of x; expected exactly 0." in red[OF_GRADIENTS].sentence


def test_a_gradient_of_nan_is_red(red_of):
    class Spoiled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.large = bool((x > 1e20).any())
            return causal_mean(x)

        @staticmethod
        def backward(ctx, grad):
            right = weights_of(grad).mT @ grad
            return right * float("nan") if ctx.large else right

    assert list(red_of(CausalMean, Spoiled.apply)) == [OF_GRADIENTS]


def test_what_is_plainly_wrong_is_told_first(first_red):
    law, _ = first_red(CausalMean, lambda x: x + 1)
    assert law == "test_values"


class Masked(PureFunction):
    """Numbers of tokens, each place sees those that the mask shows."""

    name = "masked"
    tensors = ("tokens", "mask")
    dtypes = (torch.int64,)
    fixed = {"mask": torch.bool}
    recorded = False
    cases = [([[1, 2, 3], [4, 5, 6]], [[True, False, True], [True, True, False]])]
    hidden = {"tokens": 77}
    places = {"tokens": -1}
    result_axis = -1

    def truth(self, tokens, mask):
        return tokens * mask

    def sees(self, tokens, mask):
        return {"tokens": np.eye(tokens.shape[-1], dtype=bool) & mask[..., None, :]}


def test_whole_numbers_and_other_dimensions_can_be_hidden(red_of):
    assert not red_of(Masked, lambda tokens, mask: tokens * mask)
    red = red_of(Masked, lambda tokens, mask: tokens * mask + (tokens > 50).sum())
    assert list(red) == [LAW]


def test_a_contract_that_hides_nothing_has_no_such_law(laws_of):
    class Double(PureFunction):
        name = "double"
        cases = [([1.0, 2.0],)]

        def truth(self, x):
            return 2 * x

    assert not {LAW, OF_GRADIENTS} & set(laws_of(Double))


def test_a_contract_must_have_a_case_that_hides_something():
    class Single(CausalMean):
        name = "causal_mean"
        cases = [([[1.0, 2.0]],)]

    with pytest.raises(AssertionError, match="no case hides anything"):
        _ = Single().unseen_rows
