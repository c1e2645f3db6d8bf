"""Functions with several results: each is judged by itself, and named in the sentence."""

import numpy as np
import pytest
import torch

from dojo.checks.laws import PureFunction

X = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]]


class Moments(PureFunction):
    """The sum of x, and how many numbers it has."""

    name = "moments"
    cases = [(X,), ([[1.0, 2.0], [3.0, 4.0]],), (3.0,), (np.zeros((0, 2)),)]
    results = ("the squares", "the sum", "the count")

    def truth(self, x):
        return x**2, x.sum(), x.size

    def result_dtype(self, dtype):
        return dtype, dtype, torch.int64


def moments(x):
    return x**2, x.sum(), torch.tensor(x.numel(), device=x.device)


def test_a_right_tuple_keeps_all_laws(red_of, device):
    assert not red_of(Moments, moments, device)


WRONG = {
    "a list": (
        lambda x: list(moments(x)),
        "test_returns_a_tensor",
        "expected a tuple of 3 tensors, the squares and the sum and the count.",
    ),
    "one too few": (
        lambda x: moments(x)[:2],
        "test_returns_a_tensor",
        "expected a tuple of 3 tensors",
    ),
    "a number": (
        lambda x: (*moments(x)[:2], x.numel()),
        "test_returns_a_tensor",
        "returned as the count 6; expected a torch.Tensor.",
    ),
    "a shape": (
        lambda x: (x**2, x.sum().reshape(1), moments(x)[2]),
        "test_has_the_shape",
        "returned as the sum a tensor of shape (1,); expected shape ().",
    ),
    "a dtype": (
        lambda x: (x**2, x.sum(), x.sum() * 0 + x.numel()),
        "test_has_the_dtype",
        "returned as the count a float32 tensor; expected int64.",
    ),
    "another device": (
        lambda x: (x**2, x.sum(), torch.tensor(x.numel())),
        "test_stays_on_the_device",
        "returned as the count a tensor on cpu; expected one on cuda.",
    ),
    "a number in the second": (
        lambda x: (x**2, x.sum() + 1, moments(x)[2]),
        "test_values",
        "the sum",
    ),
    "cut off": (
        lambda x: (x**2, x.detach().sum(), moments(x)[2]),
        "test_gradients",
        "returned a tensor that autograd does not track.",
    ),
    "another gradient": (
        lambda x: (x**2 + x - x.detach(), x.sum(), moments(x)[2]),
        "test_gradients",
        "the gradient of the squares for x",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_result_is_named(red_of, kind):
    wrong, law, words = WRONG[kind]
    device = "cuda" if kind == "another device" else "cpu"
    found = red_of(Moments, wrong, device)
    assert law in found
    assert words in found[law].sentence


def test_a_result_in_the_memory_of_an_input_is_red(red_of):
    class Halves(PureFunction):
        name = "halves"
        cases = [(X,)]
        results = ("the first row", "the last row")

        def truth(self, x):
            return x[0], x[-1]

    assert not red_of(Halves, lambda x: (x[0].clone(), x[-1].clone()))
    found = red_of(Halves, lambda x: (x[0].clone(), x[-1]))
    assert set(found) == {"test_has_memory_of_its_own"}


def test_a_buffer_for_one_of_them_is_red(red_of):
    kept = {}

    def remembers(x):
        squares, total, count = moments(x)
        buffer = kept.setdefault((x.dtype, x.device, count.item()), torch.zeros_like(count))
        return squares, total, buffer.copy_(count)

    assert "test_remembers_nothing" in red_of(Moments, remembers)


def test_a_result_that_depends_on_one_input_needs_no_gradient_for_the_other(red_of):
    class Both(PureFunction):
        name = "both"
        tensors = ("a", "b")
        cases = [([[1.0, 2.0], [3.0, 4.0]], [[0.5, -1.0], [2.0, 1.0]])]
        results = ("twice a", "a times b")

        def truth(self, a, b):
            return 2 * a, a * b

    assert not red_of(Both, lambda a, b: (2 * a, a * b))
    assert "test_gradients" in red_of(Both, lambda a, b: (2 * a, a * b.detach()))
