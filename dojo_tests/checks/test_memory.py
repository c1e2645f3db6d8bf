"""What is expected of memory: the same object, a view, new memory, inputs left as they were."""

import numpy as np
import pytest
import torch

from dojo.checks import (
    expect_new_memory,
    expect_same_object,
    expect_view,
    shares_storage,
    untouched,
)
from dojo.checks.memory import owner_of
from dojo.devices.simulated_cuda import SimulatedCuda

IN_INPUT = "returned a tensor that lies in its input's memory; expected a new one."


def two_storages_on_one_buffer():
    array = np.zeros(4, dtype=np.float32)
    return torch.from_numpy(array), torch.from_numpy(array)


def change(act, hint="", **inputs):
    """Change an input inside ``untouched``."""
    with untouched(hint, **inputs):
        act(*inputs.values())


# ---------------------------------------------------------------- expect_same_object


def test_expect_same_object_accepts_the_object_itself():
    x = torch.ones(2)
    expect_same_object(x, x)


def test_expect_same_object_refuses_an_equal_tensor(failure_of):
    failed = failure_of(expect_same_object, torch.ones(2), torch.ones(2), "Hint.", "x1")
    assert failed.sentence == "returned a new tensor; expected x1 itself."
    assert failed.hint == "Hint."


def test_expect_same_object_refuses_a_view_of_all_of_x(failure_of):
    x = torch.ones(2)
    sentence = failure_of(expect_same_object, x.view(2), x).sentence
    assert sentence == "returned a new tensor; expected x itself."


def test_expect_same_object_describes_what_is_no_tensor(failure_of):
    sentence = failure_of(expect_same_object, None, torch.ones(2)).sentence
    assert sentence == "returned None; expected x itself."


# ---------------------------------------------------------------- shares_storage


@pytest.mark.parametrize(
    "view", [lambda x: x, lambda x: x.T, lambda x: x[1:], lambda x: x.detach(), lambda x: x[:0]]
)
def test_shares_storage_is_true_of_a_view(view):
    x = torch.ones(2, 3)
    assert shares_storage(view(x), x) is True


@pytest.mark.parametrize("copy", [torch.clone, lambda x: x + 0, lambda x: torch.tensor(x.tolist())])
def test_shares_storage_is_false_of_a_copy(copy):
    x = torch.ones(2, 3)
    assert shares_storage(copy(x), x) is False


def test_shares_storage_is_true_of_two_storages_on_one_buffer():
    a, b = two_storages_on_one_buffer()
    assert a.untyped_storage()._cdata != b.untyped_storage()._cdata
    assert shares_storage(a, b) is True


def test_shares_storage_is_false_of_two_empty_tensors():
    assert shares_storage(torch.ones(0), torch.ones(0)) is False


# ---------------------------------------------------------------- owner_of


def test_owner_of_names_the_first_tensor_in_whose_memory_a_result_lies():
    x, y = torch.ones(3), torch.ones(4)
    assert owner_of(y[1:], [("x", x), ("y", y), ("z", y)]) == "y"
    assert owner_of(torch.from_numpy(y.numpy()[2:]), [("x", x), ("y", y)]) == "y"


def test_owner_of_a_new_tensor_is_nobody():
    x = torch.ones(3)
    assert owner_of(x.clone(), [("x", x)]) == ""
    assert owner_of(x, []) == ""


# ---------------------------------------------------------------- expect_view


@pytest.mark.parametrize("view", [lambda x: x[0], lambda x: x.T, lambda x: x.view(6)])
def test_expect_view_accepts_a_view(view):
    x = torch.ones(2, 3)
    expect_view(view(x), x)


def test_expect_view_refuses_a_copy(failure_of):
    x = torch.ones(2, 3)
    failed = failure_of(expect_view, x[0].clone(), x, "Hint.")
    assert failed.sentence == "returned a copy; expected a view of the input's memory."
    assert failed.hint == "Hint."


def test_expect_view_names_the_subject(failure_of):
    sentence = failure_of(expect_view, torch.ones(2), torch.ones(2), subject="the row").sentence
    assert sentence == "returned as the row a copy; expected a view of the input's memory."


def test_expect_view_refuses_what_is_no_tensor(failure_of):
    sentence = failure_of(expect_view, [1.0], torch.ones(1)).sentence
    assert sentence == "returned [1.0]; expected a torch.Tensor."


# ---------------------------------------------------------------- expect_new_memory


def test_expect_new_memory_accepts_a_copy():
    x, y = torch.ones(2), torch.ones(2)
    expect_new_memory(x + y, x, y)


def test_expect_new_memory_accepts_empty_tensors():
    expect_new_memory(torch.ones(0), torch.ones(0))


def test_expect_new_memory_refuses_the_input_itself(failure_of):
    x = torch.ones(2)
    failed = failure_of(expect_new_memory, x, x, hint="Hint.")
    assert failed.sentence == "returned its input itself; expected a new tensor."
    assert failed.hint == "Hint."


def test_expect_new_memory_refuses_a_view_of_any_input(failure_of):
    x, y = torch.ones(2), torch.ones(2)
    failed = failure_of(expect_new_memory, y[:1], x, y, hint="Hint.")
    assert failed.sentence == IN_INPUT
    assert failed.hint == "Hint."


def test_expect_new_memory_refuses_another_storage_on_the_inputs_buffer(failure_of):
    got, x = two_storages_on_one_buffer()
    assert failure_of(expect_new_memory, got, x).sentence == IN_INPUT


def test_expect_new_memory_refuses_what_is_no_tensor(failure_of):
    sentence = failure_of(expect_new_memory, None, torch.ones(1)).sentence
    assert sentence == "returned None; expected a torch.Tensor."


# ---------------------------------------------------------------- untouched


def read(x):
    return x.sum(), x.t() if x.dim() == 2 else x[...], x.clone().fill_(1), x.detach(), x.tolist()


@pytest.mark.parametrize(
    "x",
    [
        torch.ones(2, 3),
        torch.ones(()),
        torch.ones(0, 3),
        torch.tensor([float("nan"), 1.0]),
        torch.tensor([True, False]),
        torch.ones(2, 3).T,
        torch.ones(2, requires_grad=True),
        torch.ones(2, requires_grad=True) * 2,
    ],
    ids=["matrix", "0-d", "empty", "nan", "bool", "transposed", "leaf", "result"],
)
def test_untouched_accepts_inputs_that_are_only_read(x):
    change(read, x=x)


def test_untouched_sees_a_write(failure_of):
    failed = failure_of(change, lambda x: x.add_(1), "Hint.", x=torch.ones(2))
    assert failed.sentence == (
        "changed the values of its input x: it was [1., 1.] and is now [2., 2.]."
    )
    assert failed.hint == "Hint."


def test_untouched_sees_the_smallest_change(failure_of):
    def nudge(x):
        x[0] = 1.0 + 2**-23

    sentence = failure_of(change, nudge, x=torch.ones(2)).sentence
    assert sentence.startswith("changed the values of its input x")


def test_untouched_sees_a_number_become_nan(failure_of):
    sentence = failure_of(change, lambda x: x.fill_(float("nan")), x=torch.ones(())).sentence
    assert sentence == "changed the values of its input x: it was 1. and is now nan."


def test_untouched_shows_no_numbers_of_a_large_input(failure_of):
    sentence = failure_of(change, lambda x: x.add_(1), x=torch.ones(13)).sentence
    assert sentence == "changed the values of its input x."


def test_untouched_sees_a_write_through_a_view(failure_of):
    sentence = failure_of(change, lambda x: x[0].zero_(), x=torch.ones(1, 2)).sentence
    assert sentence == "changed the values of its input x: it was [[1., 1.]] and is now [[0., 0.]]."


def test_untouched_names_the_input_that_changed(failure_of):
    inputs = {"x1": torch.ones(1), "x2": torch.ones(1)}
    sentence = failure_of(change, lambda _x1, x2: x2.add_(1), **inputs).sentence
    assert sentence == "changed the values of its input x2: it was [1.] and is now [2.]."


@pytest.mark.parametrize(
    "act, sentence",
    [
        (lambda x: x.resize_(2), "changed the shape of its input x from (2, 2) to (2,)."),
        (lambda x: x.t_(), "changed the strides of its input x from (2, 1) to (1, 2)."),
        (
            lambda x: x.requires_grad_(),
            "changed the requires_grad of its input x from False to True.",
        ),
        (
            lambda x: setattr(x, "data", x.data.double()),
            "changed the dtype of its input x from torch.float32 to torch.float64.",
        ),
        (
            lambda x: setattr(x, "data", x.data.clone()),
            "changed the memory of its input x.",
        ),
        (
            lambda x: x.set_(x.untyped_storage(), 1, (1, 1), (2, 1)),
            "changed the shape of its input x from (2, 2) to (1, 1).",
        ),
    ],
    ids=["resize_", "t_", "requires_grad_", "dtype", "memory", "set_"],
)
def test_untouched_sees_a_change_that_is_none_of_values(failure_of, act, sentence):
    assert failure_of(change, act, x=torch.ones(2, 2)).sentence == sentence


def test_untouched_sees_another_offset_in_the_same_memory(failure_of):
    def shift(x):
        x.set_(x.untyped_storage(), 1, (2,), (1,))

    sentence = failure_of(change, shift, x=torch.ones(4)[:2]).sentence
    assert sentence == "changed the memory of its input x."


def test_untouched_sees_a_new_gradient_function(failure_of):
    weight = torch.ones(2, requires_grad=True)
    result = weight * 2

    def multiply(x):
        x.mul_(1)

    sentence = failure_of(change, multiply, x=result).sentence
    assert sentence.startswith("changed the gradient function of its input x from <MulBackward0")


def test_untouched_sees_a_hook_that_stays(failure_of):
    x = torch.ones(2, requires_grad=True)
    sentence = failure_of(change, lambda x: x.register_hook(torch.zeros_like), x=x).sentence
    assert sentence == "changed the number of hooks of its input x from 0 to 1."
    x = torch.ones(2, requires_grad=True)
    register = torch.Tensor.register_post_accumulate_grad_hook
    sentence = failure_of(change, lambda x: register(x, torch.zeros_like), x=x).sentence
    assert sentence == "changed the number of hooks of its input x from 0 to 1."


def test_untouched_sees_a_gradient_that_will_be_kept(failure_of):
    x = torch.ones(2, requires_grad=True) * 2
    sentence = failure_of(change, lambda x: x.retain_grad(), x=x).sentence
    assert sentence == "changed the retains_grad of its input x from False to True."


def test_untouched_accepts_a_hook_that_is_taken_away():
    x = torch.ones(2, requires_grad=True)
    change(lambda x: x.register_hook(torch.zeros_like).remove(), x=x)


def test_untouched_sees_another_device(failure_of):
    with SimulatedCuda():
        x = torch.ones(2)
        sentence = failure_of(change, lambda x: setattr(x, "data", x.cuda()), x=x).sentence
    assert sentence == "changed the device of its input x from cpu to cuda:0."


def test_untouched_lets_an_error_of_the_answer_pass():
    with pytest.raises(ZeroDivisionError), untouched(x=torch.ones(1)):
        raise ZeroDivisionError
