"""The laws of a function that writes into its first tensor and returns that very tensor."""

import numpy as np
import pytest
import torch

from dojo.checks import ASPECTS, aspect_of
from dojo.checks.laws import InPlaceFunction
from dojo.checks.laws.in_place import COPIED, IN_PLACE, ITSELF, MEMORY, ONLY_X
from dojo.checks.laws.wording import KEEP, NO_MEMORY, SETTINGS

DEVICES = ("cpu", "cuda")
X, Y = [[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]], [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]


class Add(InPlaceFunction):
    """x takes x + y; y may be left out, and counts as 1 then."""

    name = "add_"
    tensors = ("x", "y")
    cases = [(X, Y), (X,), ([1.0, 2.0], [3.0, 4.0]), (1.0, 2.0), (np.zeros((0, 2)),)]
    wild = [([float("inf"), 1.0], [1.0, float("nan")])]
    refused = [(([1.0], [[[1.0]]]), [torch.float32], ValueError, "Too many.")]

    def truth(self, x, y=None):
        return x + (1 if y is None else y)


class Double(InPlaceFunction):
    """x is doubled, of whole numbers too: gradients are not asked for."""

    name = "double_"
    dtypes = (torch.float32, torch.int64, torch.int8)
    cases = [([[1, 2], [3, 4]],), ([0, 0],)]
    recorded = False
    hints = {"in place": "In place.", "unchanged": "Unchanged.", "copied": "Copied."}

    def truth(self, x):
        return 2 * x


def add_(x, y=None):
    if y is not None and y.dim() > 2:
        raise ValueError("too many")
    return x.add_(1 if y is None else y)


def double_(x):
    return x.mul_(2)


def add_by_copy(x, y=None):
    got = x + (1 if y is None else y)
    if y is not None and y.dim() > 2:
        raise ValueError("too many")
    return x.copy_(got)


def add_row_by_row(x, y=None):
    if x.dim() == 2:
        for row in range(x.shape[0]):
            add_(x[row], None if y is None else y[row])
        return x
    return add_(x, y)


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize(
    "contract, function",
    [(Add, add_), (Add, add_by_copy), (Add, add_row_by_row), (Double, double_)],
)
def test_a_right_function_keeps_every_law(red_of, contract, function, place):
    assert red_of(contract, function, place) == {}


def test_every_law_has_a_docstring_and_an_aspect_and_they_stand_in_order(laws_of):
    laws = [vars(Add)[name] for name in laws_of(Add)]
    assert [one.__name__ for one in laws if not one.__doc__] == []
    places = [ASPECTS.index(aspect_of(one)) for one in laws]
    assert places == sorted(places)
    assert "test_has_memory_of_its_own" not in laws_of(Add)
    assert "test_gradients" not in laws_of(Double)


def test_the_first_tensor_is_the_one_that_is_written():
    assert Add.written == ("x",)
    assert "repeated" not in Add.layouts


def test_every_row_that_is_asked_is_among_all_rows(run_laws, answer_of):
    answer = answer_of(Add, add_)
    run_laws(Add, answer)
    assert {row for row, _ in answer.records} <= set(Add().all_rows())


# ---------------------------------------------------------------- x itself


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize(
    "function, sentence, hint",
    [
        (
            lambda x: None,
            "returned None; expected a torch.Tensor.",
            "Does every path of your function end in a return?",
        ),
        (
            lambda x: x * 2,
            "left x as it was and returned {}; expected x itself, with the result in it.",
            "In place.",
        ),
        (
            lambda x: x.mul_(2).clone(),
            "changed x, but returned a new tensor; expected x itself.",
            ITSELF.format(x="x"),
        ),
        (
            lambda x: x.mul_(2).view_as(x),
            "returned another tensor in the memory of x; expected x itself.",
            ITSELF.format(x="x"),
        ),
    ],
)
def test_what_is_not_x_itself_is_told_by_its_kind(red_of, function, sentence, hint, place):
    error = red_of(Double, function, place)["test_returns_a_tensor"]
    where = " on cuda:0" if place == "cuda" else ""
    kind = f"a float32 tensor of shape (2, 2){where} [[2., 4.], [6., 8.]], a new one"
    assert (error.sentence, error.hint) == (sentence.format(kind), hint)


def test_where_the_contract_has_no_hint_the_law_has_one(red_of):
    error = red_of(Add, lambda x, y=None: x + (1 if y is None else y))["test_returns_a_tensor"]
    assert error.hint == IN_PLACE.format(x="x")


def test_another_input_that_came_back_is_named(red_of):
    error = red_of(Add, lambda x, y=None: x.add_(1) if y is None else y.add_(x))
    sentence = error["test_returns_a_tensor"].sentence
    assert sentence == "left x as it was and returned y; expected x itself, with the result in it."


def test_a_copy_of_a_strided_x_that_came_back_has_the_hint_of_copies(red_of):
    def copies(x):
        return (x if x.is_contiguous() else x.contiguous()).mul_(2)

    error = red_of(Double, copies)["test_returns_a_tensor"]
    assert error.hint == "Here x lies in memory with its dimensions in reverse. Copied."


# ---------------------------------------------------------------- numbers


def test_an_x_that_is_left_alone_is_told_as_such(red_of):
    red = red_of(Double, lambda x: x)
    assert "test_returns_a_tensor" not in red
    error = red["test_values"]
    assert (error.sentence, error.hint) == ("left x as it was.", "Unchanged.")


@pytest.mark.parametrize("place", DEVICES)
def test_a_write_into_a_copy_of_a_strided_x_is_told_as_such(red_of, place):
    def wrong(x):
        x.reshape(-1).mul_(2)
        return x

    red = red_of(Double, wrong, place)
    assert "test_returns_a_tensor" not in red
    assert red["test_values"].sentence == "left x as it was."
    assert "Copied." in red["test_values"].hint
    assert "Here x " in red["test_values"].hint


def test_the_law_has_a_hint_for_a_copy_of_its_own(red_of):
    def wrong(x, y=None):
        x.data.reshape(-1).add_(1 if y is None else y.reshape(-1))
        return x

    assert COPIED.format(x="x") in red_of(Add, wrong)["test_values"].hint


def test_wrong_numbers_are_told_as_those_of_a_new_tensor_are(red_of):
    error = red_of(Double, lambda x: x.mul_(3))["test_values"]
    assert error.sentence == "returned 3. at index (0, 0); expected 2. (4 of 4 elements differ)."


def test_wrong_numbers_of_one_dtype_are_seen(red_of):
    red = red_of(Double, lambda x: x.mul_(3 if x.dtype == torch.int8 else 2))
    assert red["test_values"].got.dtype == torch.int8


def test_inf_that_is_left_out_is_seen(red_of):
    def wrong(x, y=None):
        return x if x.isinf().any() else add_(x, y)

    assert list(red_of(Add, wrong)) == ["test_wild_values"]


# ---------------------------------------------------------------- memory


def gives_other_memory(x):
    x.data = x.data * 2
    return x


@pytest.mark.parametrize("place", DEVICES)
def test_an_x_in_other_memory_is_told_by_what_a_view_shows(red_of, place):
    red = red_of(Double, gives_other_memory, place)
    assert list(red) == ["test_writes_into_the_memory_of_x"]
    error = red["test_writes_into_the_memory_of_x"]
    assert error.sentence == (
        "put the result into other memory: a view of x made before still shows"
        " [[1., 2.], [3., 4.]]."
    )
    assert error.hint == MEMORY.format(x="x")


def test_an_x_that_has_moved_after_it_was_written_is_seen(red_of):
    def wrong(x):
        x.mul_(2)
        x.data = x.data.clone()
        return x

    red = red_of(Double, wrong)
    assert list(red) == ["test_writes_into_the_memory_of_x"]
    assert red["test_writes_into_the_memory_of_x"].sentence == "moved x to other memory."


@pytest.mark.parametrize("place", DEVICES)
def test_a_write_beside_x_is_seen(red_of, place):
    def wrong(x):
        if x.storage_offset():
            x.as_strided((1,), (1,), x.storage_offset() - 1).zero_()
        return double_(x)

    red = red_of(Double, wrong, place)
    assert list(red) == ["test_writes_into_the_memory_of_x"]
    error = red["test_writes_into_the_memory_of_x"]
    assert (error.sentence, error.hint) == ("wrote into the memory around x.", ONLY_X.format(x="x"))


@pytest.mark.parametrize("place", DEVICES)
def test_a_write_into_another_input_is_seen(red_of, place):
    def wrong(x, y=None):
        got = add_(x, y)
        if y is not None:
            y.data.mul_(2)
        return got

    red = red_of(Add, wrong, place)
    assert red["test_leaves_its_inputs"].sentence.startswith("changed the values of its input y")
    assert red["test_leaves_its_inputs"].hint == ONLY_X.format(x="x")


def test_an_error_after_another_input_was_changed_names_the_change(red_of):
    def wrong(x, y=None):
        if x.dtype == torch.float16:
            raise RuntimeError("no half")
        got = add_(x, y)
        if y is not None:
            y.data.mul_(2)
        return got

    error = red_of(Add, wrong, only=["test_values"])["test_values"]
    assert error.sentence.startswith("changed the values of its input y")
    assert error.hint == KEEP


def test_an_x_that_is_made_to_require_grad_is_seen(red_of):
    red = red_of(Double, lambda x: double_(x).requires_grad_(x.dtype.is_floating_point))
    error = red["test_leaves_its_inputs"]
    assert error.sentence == "made x require grad, though no input did."


@pytest.mark.parametrize("place", DEVICES)
@pytest.mark.parametrize("make_key", [id, lambda x: x.shape])
def test_a_function_that_works_once_for_each_tensor_is_seen(red_of, make_key, place):
    seen = {}

    def wrong(x):
        if id(x) in seen:
            return x
        seen[id(x)] = x
        return double_(x)

    red = red_of(Double, wrong, place)
    assert list(red) == ["test_remembers_nothing"]
    assert red["test_remembers_nothing"].hint.endswith(NO_MEMORY)


def test_a_function_that_is_wrong_for_numbers_that_come_again_is_seen(red_of):
    class Known(Double):
        name = "double_"
        cases = [([[1, 2], [3, 4]],)]
        layouts = ("contiguous",)

    seen = set()

    def wrong(x):
        key = str(x.tolist()), x.dtype
        if key in seen:
            return x.mul_(3)
        seen.add(key)
        return double_(x)

    red = red_of(Known, wrong, only=["test_values", "test_remembers_nothing"])
    assert list(red) == ["test_remembers_nothing"]


def test_a_setting_that_is_changed_is_named(red_of):
    def wrong(x):
        torch.rand(1)
        return double_(x)

    red = red_of(Double, wrong)
    assert list(red) == ["test_leaves_torch_as_it_is"]
    assert red["test_leaves_torch_as_it_is"].hint == SETTINGS


# ---------------------------------------------------------------- gradients and errors


@pytest.mark.parametrize("place", DEVICES)
def test_a_write_that_autograd_does_not_see_is_told(red_of, place):
    def wrong(x, y=None):
        add_(x.data, None if y is None else y.detach())
        return x

    red = red_of(Add, wrong, place)
    assert "test_gradients" in red
    assert set(red) <= {"test_gradients", "test_refuses", "test_leaves_its_inputs"}


def test_a_call_out_of_the_record_is_told_where_all_gradients_are_right(red_of):
    def wrong(x, y=None):
        if y is None:
            x.data.add_(1)
            return x
        return add_(x, y)

    red = red_of(Add, wrong)
    assert red["test_gradients"].sentence == "left the operation out of autograd's record."


def test_a_wrong_gradient_of_the_other_input_is_told_by_its_name(red_of):
    def wrong(x, y=None):
        if y is not None and y.requires_grad:
            y = 2 * y - y.detach()
        return add_(x, y)

    red = red_of(Add, wrong)
    assert list(red) == ["test_gradients"]
    assert red["test_gradients"].sentence.startswith("returned as the gradient of y ")


def test_a_write_before_the_refusal_is_seen(red_of):
    def wrong(x, y=None):
        if y is not None and y.dim() > 2:
            x.zero_()
        return add_(x, y)

    red = red_of(Add, wrong)
    assert list(red) == ["test_refuses"]
    assert red["test_refuses"].sentence == (
        "changed the values of its input x: it was [1.] and is now [0.]."
    )


def test_what_is_not_refused_is_told_with_the_hint(red_of):
    red = red_of(Add, lambda x, y=None: x.add_(1 if y is None else y.sum() if y.dim() > 2 else y))
    assert list(red) == ["test_refuses"]
    assert red["test_refuses"].hint == "Too many."


def test_a_function_that_works_on_the_cpu_alone_breaks_the_law_of_the_device_there(red_of):
    def wrong(x):
        if torch.cuda.is_available() and not x.is_cuda:
            raise RuntimeError("needs the GPU")
        return double_(x)

    assert list(red_of(Double, wrong)) == ["test_stays_on_the_device"]
    assert red_of(Double, wrong, "cuda") == {}
