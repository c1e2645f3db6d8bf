"""What is expected of autograd."""

import torch

from dojo.checks import expect_gradients, gradients, graph_nodes


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
