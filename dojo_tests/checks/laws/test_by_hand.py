"""The laws of a gradient by hand: a formula keeps them, whatever asks autograd breaks them."""

import numpy as np
import pytest
import torch

from dojo.checks.laws import BackwardByHand

X = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]]


class SquareBackward(BackwardByHand):
    """The gradient of x², for an incoming one."""

    name = "square_backward"
    tensors = ("grad", "x")
    cases = [(X, X), ([2.0], [3.0]), (np.ones((2, 2)), np.eye(2))]

    def truth(self, grad, x):
        return 2 * x * grad


def square_backward(grad, x):
    return 2 * x.detach() * grad.detach()


def by_grad(grad, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad((x * x * grad).sum(), x)[0].detach()


def by_backward(grad, x):
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        (x**2).backward(grad.detach())
    return x.grad


def by_vjp(grad, x):
    return torch.func.vjp(lambda x: x * x, x.detach())[1](grad.detach())[0]


def by_jvp(grad, x):
    return torch.func.jvp(lambda x: x * x, (x.detach(),), (grad.detach(),))[1]


def by_dual_numbers(grad, x):
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x.detach(), grad.detach())
        return torch.autograd.forward_ad.unpack_dual(dual * dual).tangent.clone()


def test_a_formula_keeps_all_laws(red_of, device):
    assert not red_of(SquareBackward, square_backward, device)


@pytest.mark.parametrize("wrong", [by_grad, by_backward, by_vjp, by_jvp, by_dual_numbers])
def test_autograd_is_seen_in_every_form(red_of, wrong):
    found = red_of(SquareBackward, wrong)["test_is_made_by_hand"]
    assert found.sentence == (
        "had autograd compute a derivative; expected one that is computed by hand."
    )


def test_a_backward_operation_of_torch_is_seen(first_red):
    class TanhBackward(BackwardByHand):
        name = "tanh_backward"
        tensors = ("grad", "y")
        cases = [([[1.0, 2.0], [3.0, -1.0]], [[0.5, 0.25], [0.0, -0.5]])]

        def truth(self, grad, y):
            return grad * (1 - y * y)

    name, sentence = first_red(TanhBackward, torch.ops.aten.tanh_backward.default.__call__)
    assert (name, "tanh_backward" in sentence) == ("test_is_made_by_hand", True)


def test_inputs_may_be_tracked(first_red):
    def refuses(grad, x):
        if grad.requires_grad or x.requires_grad:
            raise RuntimeError("no tracked input")
        return 2 * x * grad

    name, _ = first_red(SquareBackward, refuses)
    assert name == "test_takes_tracked_inputs"


def test_a_write_into_a_tracked_input_is_seen(first_red):
    def writes(grad, x):
        if x.requires_grad:
            x.detach().mul_(1).add_(1).sub_(0.5)
            return 2 * (x.detach() - 0.5) * grad.detach()
        return 2 * x * grad

    name, sentence = first_red(SquareBackward, writes)
    assert name == "test_leaves_its_inputs"
    assert "changed the values of its input x" in sentence


def test_the_memory_of_a_tracked_input_is_seen(red_of):
    def gives_grad(grad, x):
        return grad.detach() if (x == 0.5).all() and x.requires_grad else 2 * x * grad

    class Halves(SquareBackward):
        name = "square_backward"
        cases = [(X, np.full((2, 3), 0.5))]

    assert set(red_of(Halves, gives_grad)) == {"test_has_memory_of_its_own"}
