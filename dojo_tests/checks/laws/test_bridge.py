"""The laws of functions that hand numbers over between NumPy and torch."""

import numpy as np
import pytest
import torch

from dojo.checks import ASPECTS, aspect_of
from dojo.checks.laws import ArrayFromTensor, TensorFromArray


class FromArray(TensorFromArray):
    """A tensor in the memory of an array."""

    name = "wrap"
    hints = {"shared": "Of shared.", "raises": "Of raises."}


class ToArray(ArrayFromTensor):
    """An array in the memory of a tensor."""

    name = "unwrap"
    takes_gpu = False
    hints = {"memory": "Of memory."}


class FromAnywhere(ArrayFromTensor):
    """An array of a tensor on either device, which may be a copy."""

    name = "unwrap"
    tensors = ("t",)
    shares = False


def by_array(x):
    return x.cpu().numpy()


def test_right_functions_keep_every_law(red_of):
    assert red_of(FromArray, torch.from_numpy) == {}
    assert red_of(ToArray, by_array) == {}
    for place in ("cpu", "cuda"):
        assert red_of(FromAnywhere, by_array, place) == {}
        assert red_of(FromAnywhere, lambda x: x.cpu().numpy().copy(), place) == {}


@pytest.mark.parametrize("contract", [FromArray, ToArray, FromAnywhere])
def test_every_law_has_a_docstring_and_an_aspect_and_they_stand_in_order(laws_of, contract):
    laws = [vars(contract)[name] for name in laws_of(contract)]
    assert [one.__name__ for one in laws if not one.__doc__ or "{" in one.__doc__] == []
    places = [ASPECTS.index(aspect_of(one)) for one in laws]
    assert places == sorted(places)
    assert contract.dojo_line > 0


def test_sharing_is_asked_only_where_it_is_promised(laws_of):
    assert "test_shares_memory" in laws_of(ToArray)
    assert "test_shares_memory" not in laws_of(FromAnywhere)


def locks(array):
    array.flags.writeable = False
    return torch.tensor(array.tolist())


def doubles(array):
    array *= 2
    return torch.from_numpy(array)


def shared_unless_reversed(array):
    return torch.from_numpy(array if array.flags.c_contiguous else array.copy())


def copies_complex_columns(array):
    is_copied = array.dtype == "complex64" and not array.flags.c_contiguous
    return torch.from_numpy(array.copy() if is_copied else array)


class Address:
    """Where an array lies, and nothing that keeps it there."""

    def __init__(self, array):
        self.__array_interface__ = dict(array.__array_interface__)


def copied_unless_simple(array):
    is_copied = array.ndim > 2 and not (array.flags.c_contiguous or array.flags.f_contiguous)
    return array.copy() if is_copied else array


FROM_ARRAY = {
    lambda array: torch.from_numpy(np.asarray(Address(array))): (
        "test_keeps_the_memory",
        "wrap returned a tensor whose memory was given back, once nobody had the array any more.",
    ),
    lambda array: torch.from_numpy(copied_unless_simple(array)): (
        "test_shares_memory_in_every_shape",
        "returned a copy: the tensor does not show what was",
    ),
    torch.tensor: ("test_shares_memory", "returned a copy: the tensor does not show what was"),
    locks: ("test_keeps_the_dtype", ""),
    doubles: ("test_has_the_values", "changed the array that it was given: it was [3e+38, "),
    shared_unless_reversed: ("test_shares_memory", "returned a copy: the tensor does not show"),
    lambda array: torch.from_numpy(array).float(): ("test_keeps_the_dtype", "returned a float32"),
    lambda array: torch.from_numpy(np.atleast_1d(array)): ("test_keeps_the_shape", "returned a "),
    lambda array: torch.from_numpy(array).cuda(): ("test_lies_on_the_cpu", "returned a tensor on"),
    lambda array: array: ("test_returns_a_tensor", "returned a float32 ndarray"),
    copies_complex_columns: ("test_shares_memory", "returned a copy: the tensor does not show"),
    torch.inference_mode()(torch.from_numpy): (
        "test_shares_memory",
        "returned a tensor of inference mode.",
    ),
    lambda array: torch.from_numpy(array).requires_grad_(array.dtype == "float32"): (
        "test_shares_memory",
        "returned a tensor that requires grad.",
    ),
    lambda array: torch.tensor(array.tolist(), dtype=torch.from_numpy(array).dtype): (
        "test_keeps_empty_shapes",
        "returned a tensor of shape (0,); expected shape (0, 3).",
    ),
}


@pytest.mark.parametrize("wrong", FROM_ARRAY)
def test_a_wrong_tensor_is_told(red_of, wrong):
    law, words = FROM_ARRAY[wrong]
    found = red_of(FromArray, wrong)
    assert law in found
    assert getattr(found[law], "sentence", "").startswith(words)


TO_ARRAY = {
    "an address": (
        lambda x: np.asarray(Address(x.numpy())),
        "test_keeps_the_memory",
        "unwrap returned an array whose memory was given back, once nobody had x any more.",
    ),
    "copies three dimensions": (
        lambda x: copied_unless_simple(x.numpy()),
        "test_shares_memory_in_every_shape",
        "returned a copy: the array does not show what was written to x",
    ),
    "copies": (lambda x: x.numpy().copy(), "test_shares_memory", "returned a copy: the array does"),
    "a list": (lambda x: x.tolist(), "test_returns_an_array", "A list knows neither dtype nor"),
    "a tensor": (lambda x: x, "test_returns_an_array", "is still a tensor: which method wraps"),
    "nothing": (lambda _: None, "test_returns_an_array", "Does every path of your function end"),
    "a method": (lambda x: x.numpy, "test_returns_an_array", "a method is named, but not called"),
    "a number": (
        lambda x: x.numpy() if x.dim() else x.item(),
        "test_returns_an_array",
        "A tensor of shape () becomes an array of shape ()",
    ),
    "a matrix": (
        lambda x: np.matrix(x.numpy()) if x.dim() == 2 else x.numpy(),
        "test_returns_an_array",
        "returned a matrix; expected a numpy.ndarray. A plain numpy.ndarray is meant",
    ),
    "float64": (lambda x: x.numpy().astype(float), "test_keeps_the_dtype", "returned a float64"),
    "one dimension": (lambda x: x.numpy().reshape(-1), "test_keeps_the_shape", "of shape (6,)"),
    "no strides": (
        lambda x: (
            np.array(x.untyped_storage().tolist(), np.uint8)[: x.nbytes]
            .view(x[:0].numpy().dtype if x.dim() else x.numpy().dtype)
            .reshape(x.shape)
        ),
        "test_follows_the_strides",
        "column by column",
    ),
    "changes": (lambda x: x.mul_(2).numpy(), "test_stays_as_it_was", "Of memory."),
}


@pytest.mark.parametrize("kind", TO_ARRAY)
def test_a_wrong_array_is_told(red_of, kind):
    wrong, law, words = TO_ARRAY[kind]
    failed = red_of(ToArray, wrong)[law]
    assert words in f"{failed.sentence} {failed.hint}"


@pytest.mark.parametrize("contract", [ToArray, FromAnywhere])
def test_a_list_is_told_by_the_dtype_that_it_loses_before_an_empty_shape(first_red, contract):
    law, sentence = first_red(contract, lambda x: np.array(x.tolist()))
    assert law == "test_keeps_the_dtype"
    assert sentence == "returned a float64 array; expected float32."


def test_a_copy_in_one_layout_and_dtype_is_told(red_of):
    def copies_complex_columns(x):
        is_copied = x.dtype == torch.complex64 and not x.is_contiguous()
        return (x.clone() if is_copied else x).numpy()

    assert list(red_of(ToArray, copies_complex_columns)) == ["test_shares_memory"]


def test_a_tensor_that_is_tracked_from_then_on_is_told(red_of):
    def tracks(x):
        if x.is_floating_point():
            x.requires_grad_()
        return x.detach().cpu().numpy()

    failed = red_of(FromAnywhere, tracks)["test_stays_as_it_was"]
    assert failed.sentence == "changed the requires_grad of its input t from False to True."


def test_a_setting_that_is_changed_for_the_gpu_alone_is_told(red_of):
    def draws_on_the_gpu(x):
        if x.is_cuda:
            torch.rand(1)
        return x.cpu().numpy()

    assert red_of(FromAnywhere, draws_on_the_gpu) == {}
    assert list(red_of(FromAnywhere, draws_on_the_gpu, "cuda")) == ["test_leaves_torch_as_it_is"]


def test_an_array_that_is_kept_is_told(red_of):
    first = {}

    def keeps(x):
        return first.setdefault((x.shape, x.dtype), x.cpu().numpy().copy())

    assert "test_each_call_stands_for_itself" in red_of(FromAnywhere, keeps)


def test_a_tensor_that_stays_on_the_gpu_is_told(red_of):
    def forgets_the_gpu(x):
        return x if x.is_cuda else x.numpy()

    assert red_of(FromAnywhere, forgets_the_gpu) == {}
    failed = red_of(FromAnywhere, forgets_the_gpu, "cuda")["test_returns_an_array"]
    assert failed.hint.startswith("The tensor is still on the GPU.")
