"""What is expected of autograd."""

import pytest
import torch

from dojo.checks import expect_derivatives, expect_gradients, gradients, graph_nodes


def leaf(*numbers, dtype=torch.float32):
    return torch.tensor(numbers, dtype=dtype, requires_grad=True)


def test_gradients_are_weighted_by_the_cotangent():
    x, y = leaf(1.0, 2.0), leaf(3.0, 5.0)
    found = gradients(x * y, {"x": x, "y": y}, torch.tensor([1.0, 10.0]))
    assert {name: gradient.tolist() for name, gradient in found.items()} == {
        "x": [3.0, 50.0],
        "y": [1.0, 20.0],
    }


def test_gradients_keep_the_graph_for_a_second_call():
    x = leaf(1.0)
    output = x * x
    first, second = (gradients(output, {"x": x}, torch.ones(1)) for _ in range(2))
    assert first["x"].tolist() == second["x"].tolist() == [2.0]


def test_gradients_leave_grad_of_the_inputs_alone():
    x = leaf(1.0)
    gradients(x * x, {"x": x}, torch.ones(1))
    assert x.grad is None


def test_gradients_of_what_is_no_tensor_fail(failure_of):
    failed = failure_of(gradients, None, {"x": leaf(1.0)}, torch.ones(1))
    assert failed.sentence == "returned None; expected a torch.Tensor."


def test_gradients_of_an_untracked_tensor_fail(failure_of):
    failed = failure_of(gradients, torch.ones(1), {"x": leaf(1.0)}, torch.ones(1), "Hint.")
    assert failed.sentence == "returned a tensor that autograd does not track."
    assert failed.hint == "Hint."


def test_gradients_name_the_input_that_gets_none(failure_of):
    x, y = leaf(1.0), leaf(2.0)
    failed = failure_of(gradients, x * y.detach(), {"x": x, "y": y}, torch.ones(1), "Hint.")
    assert failed.sentence == "is cut off from autograd: no gradient reaches y."
    assert failed.hint == "Hint."


def test_expect_gradients_accepts_the_right_ones():
    x = leaf(1.0, 2.0)
    expect_gradients(x * 3, {"x": x}, torch.tensor([1.0, 2.0]), {"x": torch.tensor([3.0, 6.0])})


def test_expect_gradients_names_the_gradient_that_differs(failure_of):
    x, weights = leaf(1.0, 2.0), torch.tensor([1.0, 2.0])
    failed = failure_of(
        expect_gradients, x * 2, {"x": x}, weights, {"x": torch.tensor([2.0, 6.0])}, "Hint."
    )
    assert failed.sentence == (
        "returned as the gradient of x 4. at index (1,); expected 6. (1 of 2 elements differ)."
    )
    assert failed.hint == "Hint."


def test_expect_gradients_compares_each_input(failure_of):
    x, y = leaf(1.0), leaf(2.0)
    expected = {"x": torch.tensor([2.0]), "y": torch.tensor([7.0])}
    failed = failure_of(expect_gradients, x * y, {"x": x, "y": y}, torch.ones(1), expected)
    assert failed.sentence == "returned as the gradient of y 1. at index (0,); expected 7."


def test_expect_gradients_compares_the_dtype(failure_of):
    x = leaf(1.0, 2.0)
    expected = {"x": torch.tensor([3.0, 3.0], dtype=torch.float64)}
    failed = failure_of(expect_gradients, x * 3, {"x": x}, torch.ones(2), expected)
    assert failed.sentence == "returned as the gradient of x a float32 tensor; expected float64."


def test_expect_gradients_compares_the_shape(failure_of):
    x = leaf(1.0, 2.0)
    failed = failure_of(expect_gradients, x * 3, {"x": x}, torch.ones(2), {"x": torch.ones(2, 1)})
    assert failed.sentence == (
        "returned as the gradient of x a tensor of shape (2,); expected shape (2, 1)."
    )


def test_expect_gradients_fails_where_one_is_missing(failure_of):
    x, y = leaf(1.0), leaf(2.0)
    expected = {"x": torch.ones(1)}
    failed = failure_of(expect_gradients, x * 1, {"x": x, "y": y}, torch.ones(1), expected)
    assert failed.sentence == "is cut off from autograd: no gradient reaches y."


def test_graph_nodes_finds_each_node_once():
    x = leaf(1.0)
    double = x * 2
    names = [node.name().rpartition("::")[2] for node in graph_nodes(double + double)]
    assert names == ["AddBackward0", "MulBackward0", "AccumulateGrad"]


def test_graph_nodes_of_an_untracked_tensor_are_none():
    assert graph_nodes(torch.ones(1)) == []


def test_graph_nodes_follows_a_long_history_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(3000):
        y = y + 1
    assert len(graph_nodes(y)) == 3001


def test_expect_derivatives_accepts_those_of_a_polynomial():
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    expect_derivatives(x**4, x, [4 * x**3, 12 * x**2, 24 * x, torch.full((2,), 24.0)])


def test_expect_derivatives_names_the_order(failure_of):
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    expected = [3 * x**2, 6 * x, torch.tensor([6.0, 7.0])]
    failed = failure_of(expect_derivatives, x**3, x, expected, hint="Hint.", subject="x³")
    assert failed.sentence.startswith("returned as the third derivative of x³ 6. at index (1,)")
    assert failed.hint == "Hint."


@pytest.mark.parametrize(
    "function, sentence",
    [
        (lambda x: x.detach(), "gave x³ a value that autograd does not track."),
        (lambda x: 2 * x, "gave x³ a first derivative that autograd does not track."),
    ],
)
def test_expect_derivatives_says_where_the_graph_ends(failure_of, function, sentence):
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    expected = [torch.full((2,), 2.0), torch.zeros(2)]
    assert (
        failure_of(expect_derivatives, function(x), x, expected, subject="x³").sentence == sentence
    )


def test_expect_derivatives_sees_a_result_of_something_else(failure_of):
    x, other = (torch.ones(2, requires_grad=True) for _ in range(2))
    sentence = failure_of(expect_derivatives, other * 2, x, [torch.ones(2)]).sentence
    assert sentence == "cut the result off from autograd: it has no first derivative."
