"""Each expect_… passes for what is right, and says in one sentence what is wrong."""

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from dojo.checks import (
    CheckFailed,
    expect,
    expect_array,
    expect_device,
    expect_dtype,
    expect_elements,
    expect_raises,
    expect_shape,
    expect_tensor,
    expect_values,
)
from dojo.devices.simulated_cuda import SimulatedCuda

NAN = float("nan")
DENSE = "A dense tensor is asked for, not a sparse or nested one."
RETURN = "Does every path of your function end in a return?"


class Marked(torch.Tensor):
    pass


class MarkedArray(np.ndarray):
    pass


class AlwaysEqual(TorchFunctionMode):
    """A mode under which every function of torch says that all is well."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return True


def test_check_failed_carries_sentence_hint_and_values():
    error = CheckFailed("returned 1; expected 2.", "Count.", got=1, expected=2)
    assert isinstance(error, AssertionError)
    assert str(error) == error.sentence == "returned 1; expected 2."
    assert (error.hint, error.got, error.expected) == ("Count.", 1, 2)


# ---------------------------------------------------------------- expect


def test_expect_accepts_true():
    expect(True, "never said")


@pytest.mark.parametrize(
    "condition", [False, None, 1, "yes", np.True_, torch.tensor(True)], ids=repr
)
def test_expect_refuses_all_that_is_not_true_itself(failure_of, condition):
    failed = failure_of(expect, condition, "went wrong.", "Hint.")
    assert (failed.sentence, failed.hint) == ("went wrong.", "Hint.")


# ---------------------------------------------------------------- expect_tensor


@pytest.mark.parametrize("got", [torch.ones(2), torch.ones(()), torch.nn.Parameter(torch.ones(1))])
def test_expect_tensor_accepts_a_tensor_or_parameter(got):
    expect_tensor(got)


@pytest.mark.parametrize(
    "got, described, hint",
    [
        (None, "None", RETURN),
        (1.0, "1.0", ""),
        ([1.0], "[1.0]", ""),
        (np.ones(1), "a float64 ndarray of shape (1,) [1.]", ""),
        (torch.ones(1).as_subclass(Marked), "a Marked float32 tensor of shape (1,) [1.]", ""),
        (torch.Tensor, "an object of type torch._TensorMeta", ""),
    ],
    ids=["None", "float", "list", "array", "subclass", "class"],
)
def test_expect_tensor_refuses_what_is_no_plain_tensor(failure_of, got, described, hint):
    failed = failure_of(expect_tensor, got)
    assert failed.sentence == f"returned {described}; expected a torch.Tensor."
    assert failed.hint == hint


def test_expect_tensor_refuses_a_sparse_tensor(failure_of):
    failed = failure_of(expect_tensor, torch.eye(2).to_sparse())
    assert failed.sentence.startswith("returned a sparse_coo float32 tensor of shape (2, 2)")
    assert failed.hint == DENSE


def test_expect_tensor_keeps_the_checks_own_hint(failure_of):
    assert failure_of(expect_tensor, None, "Hint.").hint == "Hint."


def test_expect_tensor_names_the_subject(failure_of):
    sentence = failure_of(expect_tensor, None, subject="the mean").sentence
    assert sentence == "returned as the mean None; expected a torch.Tensor."


# ---------------------------------------------------------------- expect_shape


@pytest.mark.parametrize("shape", [(), (2,), (0, 3), [2, 3], torch.Size([1, 1])])
def test_expect_shape_accepts_the_shape(shape):
    expect_shape(torch.ones(*shape) if shape else torch.ones(()), shape)


@pytest.mark.parametrize(
    "got, expected", [((1,), ()), ((), (1,)), ((2, 3), (3, 2)), ((0,), (1,)), ((6,), (2, 3))]
)
def test_expect_shape_refuses_another_shape(failure_of, got, expected):
    failed = failure_of(expect_shape, torch.ones(got), expected, "Hint.")
    assert failed.sentence == f"returned a tensor of shape {got}; expected shape {expected}."
    assert failed.hint == "Hint."


def test_expect_shape_refuses_what_is_no_tensor(failure_of):
    sentence = failure_of(expect_shape, np.ones(2), (2,)).sentence
    assert sentence.endswith("expected a torch.Tensor.")


def test_expect_shape_names_the_subject(failure_of):
    sentence = failure_of(expect_shape, torch.ones(2), (3,), subject="the row").sentence
    assert sentence == "returned as the row a tensor of shape (2,); expected shape (3,)."


# ---------------------------------------------------------------- expect_dtype


def test_expect_dtype_accepts_the_dtype():
    expect_dtype(torch.ones(2, dtype=torch.int64), torch.int64)


def test_expect_dtype_refuses_another_dtype(failure_of):
    failed = failure_of(expect_dtype, torch.ones(2, dtype=torch.int64), torch.float32, "Hint.")
    assert failed.sentence == "returned an int64 tensor; expected float32."
    assert failed.hint == "Hint."


def test_expect_dtype_refuses_what_is_no_tensor(failure_of):
    sentence = failure_of(expect_dtype, 1.0, torch.float32).sentence
    assert sentence == "returned 1.0; expected a torch.Tensor."


def test_expect_dtype_names_the_subject(failure_of):
    sentence = failure_of(expect_dtype, torch.ones(2), torch.int8, subject="the sum").sentence
    assert sentence == "returned as the sum a float32 tensor; expected int8."


# ---------------------------------------------------------------- expect_device


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_expect_device_accepts_the_kind_of_device(place):
    with SimulatedCuda():
        expect_device(torch.ones(2, device=place), place)


@pytest.mark.parametrize("place, other, shown", [("cpu", "cuda", "cpu"), ("cuda", "cpu", "cuda:0")])
def test_expect_device_refuses_another_kind(failure_of, place, other, shown):
    with SimulatedCuda():
        failed = failure_of(expect_device, torch.ones(2, device=place), other, "Hint.")
    assert failed.sentence == f"returned a tensor on {shown}; expected one on {other}."
    assert failed.hint == "Hint."


def test_expect_device_refuses_what_is_no_tensor(failure_of):
    sentence = failure_of(expect_device, None, "cpu").sentence
    assert sentence == "returned None; expected a torch.Tensor."


# ---------------------------------------------------------------- expect_values


@pytest.mark.parametrize(
    "got, expected",
    [
        (torch.ones(2), torch.ones(2)),
        (torch.ones(2) + 1e-6, torch.ones(2)),
        (torch.tensor([NAN, 1.0]), torch.tensor([NAN, 1.0])),
        (torch.ones(2, requires_grad=True) * 1, torch.ones(2)),
        (torch.ones(0, 3), torch.ones(0, 3)),
        (torch.tensor(True), torch.tensor(True)),
        (torch.ones(2, 3).T, torch.ones(3, 2)),
        (torch.nn.Parameter(torch.ones(1)), torch.ones(1)),
    ],
    ids=["equal", "close", "nan", "tracked", "empty", "bool", "strided", "parameter"],
)
def test_expect_values_accepts_close_values(got, expected):
    expect_values(got, expected)


def test_expect_values_accepts_a_tensor_on_the_gpu():
    with SimulatedCuda():
        expect_values(torch.ones(2, device="cuda"), torch.ones(2))


def test_expect_values_names_the_first_place_that_differs(failure_of):
    got, expected = torch.tensor([[1.0, 2.0, 3.5]]), torch.tensor([[1.0, 5.0, 3.0]])
    failed = failure_of(expect_values, got, expected, "Hint.")
    assert failed.sentence == ("returned 2. at index (0, 1); expected 5. (2 of 3 elements differ).")
    assert failed.hint == "Hint."
    assert failed.got.tolist() == got.tolist()
    assert failed.expected.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "got, expected, sentence",
    [
        (torch.tensor(1.0), torch.tensor(2.0), "returned 1. in its only element; expected 2."),
        (torch.tensor([NAN]), torch.tensor([1.0]), "returned nan at index (0,); expected 1."),
        (torch.tensor([1.0]), torch.tensor([NAN]), "returned 1. at index (0,); expected nan."),
        (torch.tensor([1]), torch.tensor([2]), "returned 1 at index (0,); expected 2."),
        (
            torch.tensor(True),
            torch.tensor(False),
            "returned True in its only element; expected False.",
        ),
    ],
    ids=["0-d", "got nan", "expected nan", "int", "bool"],
)
def test_expect_values_words_a_single_difference(failure_of, got, expected, sentence):
    assert failure_of(expect_values, got, expected).sentence == sentence


def test_expect_values_refuses_another_shape_though_it_would_broadcast(failure_of):
    sentence = failure_of(expect_values, torch.ones(1), torch.ones(())).sentence
    assert sentence == "returned a tensor of shape (1,); expected shape ()."


def test_expect_values_refuses_another_dtype_though_the_numbers_agree(failure_of):
    sentence = failure_of(expect_values, torch.ones(2).double(), torch.ones(2)).sentence
    assert sentence == "returned a float64 tensor; expected float32."


def test_expect_values_refuses_what_is_no_tensor(failure_of):
    sentence = failure_of(expect_values, [1.0, 1.0], torch.ones(2)).sentence
    assert sentence == "returned [1.0, 1.0]; expected a torch.Tensor."


def test_expect_values_names_the_subject(failure_of):
    sentence = failure_of(expect_values, torch.tensor(1), torch.tensor(2), subject="n").sentence
    assert sentence == "returned as n 1 in its only element; expected 2."


def test_expect_values_is_exact_with_tolerances_of_zero(failure_of):
    got = torch.tensor([1.0 + 2**-23])
    expect_values(got, torch.ones(1))
    sentence = failure_of(expect_values, got, torch.ones(1), rtol=0, atol=0).sentence
    assert sentence == "returned 1.0000001192092896 at index (0,); expected 1.0."


def test_expect_values_takes_a_wider_tolerance():
    expect_values(torch.tensor([1.1]), torch.ones(1), rtol=0.2)
    expect_values(torch.tensor([1.1]), torch.ones(1), atol=0.2)


def test_expect_values_is_not_deceived_by_a_function_mode(failure_of):
    got, expected = torch.zeros(1), torch.ones(1)
    with AlwaysEqual():
        sentence = failure_of(expect_values, got, expected).sentence
    assert sentence == "returned 0. at index (0,); expected 1."


# ---------------------------------------------------------------- expect_elements


ELEMENTS = np.array([[1, 2, 3], [4, 5, 6]])


def test_expect_elements_accepts_the_elements():
    expect_elements(torch.tensor([6, 1]), ELEMENTS, np.array([6, 1]))


def test_expect_elements_names_a_wrong_one_by_its_place(failure_of):
    failed = failure_of(
        expect_elements, torch.tensor([6, 3]), ELEMENTS, np.array([6, 1]), "Hint.", "y"
    )
    assert failed.sentence == (
        "returned y[0, 2] at index (1,); expected y[0, 0] (1 of 2 elements differ)."
    )
    assert failed.hint == "Hint."
    assert (failed.got.tolist(), failed.expected.tolist()) == ([6, 3], [6, 1])


def test_expect_elements_shows_a_number_that_is_no_element(failure_of):
    sentence = failure_of(expect_elements, torch.tensor([9]), ELEMENTS, np.array([1])).sentence
    assert sentence == "returned 9 at index (0,); expected x[0, 0]."


def test_expect_elements_refuses_another_shape(failure_of):
    sentence = failure_of(expect_elements, torch.tensor([[1]]), ELEMENTS, np.array([1])).sentence
    assert sentence == "returned a tensor of shape (1, 1); expected shape (1,)."


# ---------------------------------------------------------------- expect_array


@pytest.mark.parametrize(
    "array", [np.ones(2), np.ones(()), np.ones((0, 2)), np.array([NAN, 1.0]), np.array([True])]
)
def test_expect_array_accepts_the_same_array(array):
    expect_array(array.copy(), array)


@pytest.mark.parametrize(
    "got, described",
    [
        (None, "None"),
        ([1.0], "[1.0]"),
        (torch.ones(1), "a float32 tensor of shape (1,) [1.]"),
        (np.ones(1).view(MarkedArray), "a float64 ndarray of shape (1,) [1.]"),
        (np.float64(1), "an object of type numpy.float64"),
    ],
    ids=["None", "list", "tensor", "subclass", "scalar"],
)
def test_expect_array_refuses_what_is_no_plain_array(failure_of, got, described):
    failed = failure_of(expect_array, got, np.ones(1), "Hint.")
    assert failed.sentence == f"returned {described}; expected a numpy.ndarray."
    assert failed.hint == "Hint."


def test_expect_array_refuses_another_shape(failure_of):
    sentence = failure_of(expect_array, np.ones((1, 2)), np.ones(2)).sentence
    assert sentence == "returned an array of shape (1, 2); expected shape (2,)."


def test_expect_array_refuses_another_dtype(failure_of):
    sentence = failure_of(expect_array, np.ones(2, dtype=int), np.ones(2)).sentence
    assert sentence == "returned an int64 array; expected float64."


def test_expect_array_is_exact(failure_of):
    got = np.array([1.0, 1.0 + 2**-52])
    failed = failure_of(expect_array, got, np.ones(2), subject="y")
    assert failed.sentence == (
        "returned as y 1.0000000000000002 at index (1,); expected 1.0 (1 of 2 elements differ)."
    )
    assert failed.got is got


def test_expect_array_tells_nan_from_a_number(failure_of):
    sentence = failure_of(expect_array, np.array([NAN]), np.ones(1)).sentence
    assert sentence == "returned nan at index (0,); expected 1."


# ---------------------------------------------------------------- expect_raises


def raising(error):
    def call():
        raise error

    return call


@pytest.mark.parametrize("error", [ValueError("no"), UnicodeDecodeError("utf-8", b"", 0, 1, "")])
def test_expect_raises_accepts_the_error_and_its_subclasses(error):
    expect_raises(ValueError, raising(error))


def test_expect_raises_refuses_another_error(failure_of):
    failed = failure_of(expect_raises, ValueError, raising(TypeError("no")), "Hint.", "a float")
    assert failed.sentence == "raised TypeError for a float; expected ValueError."
    assert failed.hint == "Hint."


def test_expect_raises_refuses_a_result(failure_of):
    failed = failure_of(expect_raises, ValueError, lambda: 1, "Hint.")
    assert failed.sentence == "returned 1; expected ValueError."
    assert failed.hint == "Hint."


def test_expect_raises_names_the_subject_of_a_result(failure_of):
    sentence = failure_of(expect_raises, ValueError, lambda: None, subject="n = -1").sentence
    assert sentence == "returned None for n = -1; expected ValueError."


def test_expect_raises_lets_not_implemented_pass_though_it_is_a_runtime_error():
    with pytest.raises(NotImplementedError):
        expect_raises(RuntimeError, raising(NotImplementedError()))
