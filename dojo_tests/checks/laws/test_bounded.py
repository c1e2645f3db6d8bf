"""The laws of large inputs: the largest tensor on the way, and work in parts."""

import numpy as np
import torch

from dojo.checks.laws import PureFunction

LAW = "test_makes_no_large_tensor"


class Pairs(PureFunction):
    """The sum over all pairs of x[i]·x[j]; no tensor of all pairs may be made."""

    name = "pairs"
    cases = [([1.0, 2.0, -3.0],), ([[0.5, 1.0], [2.0, 4.0]],)]
    large = [(np.arange(20.0) / 8,)]

    def truth(self, x):
        return x.sum() ** 2

    def largest(self, x):
        return 10 * x.size


class Quadratic(torch.autograd.Function):
    """Right, with a quadratic tensor on the way back alone."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sum() ** 2

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        every = x.flatten()[:, None] + torch.zeros_like(x).flatten()
        return (grad * 2 * every.sum(0)).view(x.shape)


def masked(x):
    mask = torch.ones(x.numel(), x.numel(), dtype=torch.bool, device=x.device)
    return x.sum() ** 2 * mask.all()


def test_a_right_one_is_green(red_of):
    for device in ("cpu", "cuda"):
        assert not red_of(Pairs, lambda x: x.sum() ** 2, device)


def test_a_large_tensor_is_red(red_of):
    red = red_of(Pairs, lambda x: (x.flatten()[:, None] * x.flatten()).sum())
    assert list(red) == [LAW]
    assert red[LAW].sentence == "made a tensor of 400 elements on the way; expected at most 200."


def test_a_large_mask_is_red(red_of):
    assert list(red_of(Pairs, masked)) == [LAW]


def test_a_large_tensor_on_the_way_back_is_red(red_of):
    red = red_of(Pairs, Quadratic.apply)
    assert list(red) == [LAW]
    assert red[LAW].sentence.startswith("made a tensor of 400 elements in its backward;")


def test_one_that_is_made_only_where_nothing_is_tracked_is_red(red_of):
    assert list(red_of(Pairs, lambda x: x.sum() ** 2 if x.requires_grad else masked(x))) == [LAW]


def test_an_expanded_view_is_no_large_tensor(red_of):
    def expanded(x):
        return x.sum() ** 2 + 0 * x.detach().flatten()[:1].expand(1000)[0]

    assert not red_of(Pairs, expanded)


def in_parts_of_16(x, join):
    """The sum of each part, put together."""
    parts = [one.sum() for one in x.flatten().split(16)]
    return join(parts) ** 2


def test_what_works_in_parts_is_judged_where_there_are_several(red_of):
    assert not red_of(Pairs, lambda x: in_parts_of_16(x, sum))
    red = red_of(Pairs, lambda x: in_parts_of_16(x, lambda parts: parts[0]))
    assert "test_values_of_large_inputs" in red
    assert "test_values" not in red


def test_gradients_go_through_all_parts(red_of):
    def first_alone(parts):
        return parts[0] + sum(one.detach() for one in parts[1:])

    red = red_of(Pairs, lambda x: in_parts_of_16(x, first_alone))
    assert list(red) == ["test_gradients_of_large_inputs"]
