"""The law of second gradients: it differentiates the contract's formula of the first ones."""

import torch

from dojo.checks.laws import PureFunction


class Cube(PureFunction):
    """x³ times y."""

    name = "cube"
    tensors = ("x", "y")
    dtypes = (torch.float32, torch.float64)
    cases = [([[1.0, -2.0, 3.0], [0.5, 2.0, -1.0]], [[1.0, 0.5, -1.0], [2.0, 1.0, 3.0]])]
    twice = True

    def truth(self, x, y):
        return x**3 * y

    def gradient(self, weights, x, y):
        return [3 * x**2 * y * weights, x**3 * weights]


class Doubled(PureFunction):
    """A linear function: the second gradient for x is 0, and autograd gives None."""

    name = "doubled"
    dtypes = (torch.float32, torch.float64)
    cases = [([[1.0, -2.0], [0.5, 2.0]],)]
    twice = True

    def truth(self, x):
        return 2 * x

    def gradient(self, weights, x):
        return [2 * weights]


class SavesTheSlope(torch.autograd.Function):
    """x³·y with slopes that are made in forward: their own gradients are lost."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(3 * x**2 * y, x**3)
        return x**3 * y

    @staticmethod
    def backward(ctx, grad):
        of_x, of_y = ctx.saved_tensors
        return grad * of_x, grad * of_y


def test_right_functions_keep_it(red_of, device):
    assert not red_of(Cube, lambda x, y: x**3 * y, device)
    assert not red_of(Doubled, lambda x: 2 * x, device)


def test_slopes_that_are_saved_in_forward_are_red(first_red):
    name, sentence = first_red(Cube, SavesTheSlope.apply)
    assert name == "test_second_gradients"
    assert "the second gradient for x" in sentence


def test_a_backward_that_is_not_recorded_is_red(first_red):
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad.detach()

    assert first_red(Doubled, Once.apply) == (
        "test_second_gradients",
        "has a gradient that autograd does not track, though create_graph is True.",
    )


class WritesIntoGrad(torch.autograd.Function):
    """2·x, with a backward that doubles in place, where it is not recorded itself."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad if torch.is_grad_enabled() else grad.mul_(2)


def test_a_backward_that_writes_into_the_incoming_gradient_is_red(red_of):
    red = red_of(Doubled, WritesIntoGrad.apply)
    assert list(red) == ["test_leaves_the_incoming_gradient"]
    sentence = "has a backward that writes into the gradient that comes in."
    assert red["test_leaves_the_incoming_gradient"].sentence == sentence


class Exactly(Doubled):
    """The same, with first gradients that are compared exactly."""

    name = "doubled"
    gradient_ulps = 0


def test_second_gradients_have_room_where_first_ones_are_exact(red_of):
    assert not red_of(Exactly, lambda x: 2 * x)


def test_a_wrong_first_gradient_is_told_first(first_red):
    name, _ = first_red(Cube, lambda x, y: x**3 * y + (x**2 - (x**2).detach()))
    assert name == "test_gradients"
