"""Tensors that count as constants, and gradients that an answer leaves in its inputs."""

import pytest
import torch

from dojo.checks.laws import PureFunction


class Scaled(PureFunction):
    """x times the target, which counts as a constant."""

    name = "scaled"
    tensors = ("x", "target")
    constants = ("target",)
    dtypes = (torch.float32, torch.float64)
    cases = [([[1.0, -2.0, 3.0], [0.5, 2.0, -1.0]], [[1.0, 0.5, -1.0], [2.0, 1.0, 3.0]])]

    def truth(self, x, target):
        return x * target


def test_a_target_that_is_detached_keeps_all_laws(red_of, device):
    assert not red_of(Scaled, lambda x, target: x * target.detach(), device)


def test_a_gradient_of_0_is_as_good_as_none(red_of):
    assert not red_of(Scaled, lambda x, target: x * target.detach() + 0 * target)


def test_a_gradient_that_goes_through_is_red(red_of):
    found = red_of(Scaled, lambda x, target: x * target)
    assert set(found) == {"test_gradients"}
    assert "the gradient of target" in found["test_gradients"].sentence
    assert found["test_gradients"].hint.startswith("No gradient goes through target")


def test_what_is_cut_off_too_early_is_red(red_of):
    found = red_of(Scaled, lambda x, target: (x * target).detach() + 0 * target)
    assert set(found) == {"test_gradients"}


@pytest.mark.parametrize("name", ["x", "target"])
def test_a_gradient_that_is_left_in_an_input_is_red(red_of, name):
    def leaves_it(x, target):
        value = x * target.detach()
        one = x if name == "x" else target
        if one.is_leaf and one.requires_grad:
            one.grad = torch.zeros_like(one)
        return value

    found = red_of(Scaled, leaves_it)
    assert set(found) == {"test_leaves_its_inputs"}
    sentence = f"filled the .grad of {name}."
    assert found["test_leaves_its_inputs"].sentence == sentence


def test_a_backward_inside_is_red(red_of):
    def runs_backward(x, target):
        value = x * target.detach()
        if value.requires_grad:
            value.sum().backward(retain_graph=True)
        return value

    assert "test_leaves_its_inputs" in red_of(Scaled, runs_backward)
