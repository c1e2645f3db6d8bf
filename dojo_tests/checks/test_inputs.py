"""The arrays and tensors that checks hand to an answer."""

import numpy as np
import pytest
import torch

from dojo.checks import (
    arranged,
    in_layout,
    layouts,
    numbers,
    random_like,
    shares_storage,
    tensor_of,
)
from dojo.devices.simulated_cuda import SimulatedCuda
from dojo.devices.tags import device_of

STRIDES = {  # in elements, and where the first one lies
    "contiguous": ((3, 1), 0),
    "transposed": ((1, 2), 0),
    "every second element": ((6, 2), 1),
    "at an offset": ((3, 1), 5),
    "repeated row": ((0, 1), 4),
}
X = torch.arange(6.0).reshape(2, 3)


def test_numbers_count_from_1():
    array = numbers()
    assert (array.tolist(), array.dtype) == ([[1, 2, 3], [4, 5, 6]], np.float32)


def test_numbers_take_a_shape_of_no_dimension():
    assert numbers((), "int64").tolist() == 1


def test_numbers_that_are_complex_have_an_imaginary_part():
    array = numbers((2,), "complex64")
    assert (array.tolist(), array.dtype) == ([1 + 2j, 2 + 4j], np.complex64)


def test_numbers_that_are_bool_are_true_at_every_third():
    assert numbers((4,), "bool").tolist() == [True, False, False, True]


@pytest.mark.parametrize("layout", STRIDES)
def test_arranged_lies_in_the_larger_array_as_its_name_says(layout):
    array, whole = arranged(layout, "int64")
    strides, offset = STRIDES[layout]
    assert array.shape == (2, 3)
    assert tuple(step // array.itemsize for step in array.strides) == strides
    start = array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    assert start // array.itemsize == offset
    assert array[0, 0] == whole[offset]


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "complex64"])
def test_tensor_of_has_the_arrays_dtype_shape_and_values(dtype):
    array = numbers((2, 3), dtype)
    tensor = tensor_of(array)
    assert (tensor.tolist(), tensor.dtype) == (array.tolist(), getattr(torch, dtype))


def test_tensor_of_takes_another_dtype():
    assert tensor_of(numbers(), dtype=torch.bfloat16).dtype == torch.bfloat16


def test_tensor_of_keeps_the_shape_of_an_empty_array():
    assert tensor_of(np.zeros((2, 0, 3))).shape == (2, 0, 3)


def test_tensor_of_owns_its_memory():
    array = numbers()
    tensor_of(array).zero_()
    assert array[0, 0] == 1


def test_tensor_of_lies_at_the_place():
    with SimulatedCuda():
        assert device_of(tensor_of(numbers(), "cuda")).type == "cuda"


def test_random_like_is_away_from_zero_and_has_both_signs():
    found = random_like(torch.zeros(100))
    assert found.abs().min() >= 0.5
    assert found.abs().max() <= 1.5
    assert found.min() < 0 < found.max()


def test_random_like_has_the_shape_and_dtype_of_x():
    found = random_like(torch.zeros(2, 3, dtype=torch.float64))
    assert (found.shape, found.dtype) == ((2, 3), torch.float64)


def test_random_like_repeats_itself_by_seed_and_leaves_torchs_generator_alone():
    before = torch.random.get_rng_state()
    first, again, other = (random_like(X, seed).tolist() for seed in (0, 0, 1))
    assert first == again != other
    assert torch.equal(torch.random.get_rng_state(), before)


def test_random_like_lies_on_the_device_of_x():
    with SimulatedCuda():
        assert device_of(random_like(X.cuda())).type == "cuda"


@pytest.mark.parametrize(
    "kind, strides, offset",
    [
        ("contiguous", (3, 1), 0),
        ("transposed", (1, 2), 0),
        ("every second element", (6, 2), 1),
        ("at an offset", (3, 1), 3),
    ],
)
@pytest.mark.parametrize("source", [X, X.T.contiguous().T], ids=["plain", "transposed"])
def test_in_layout_equals_x_in_other_memory(source, kind, strides, offset):
    found = in_layout(source, kind)
    assert found.tolist() == X.tolist()
    assert (found.stride(), found.storage_offset()) == (strides, offset)
    assert not shares_storage(found, source)


def test_layouts_gives_every_layout_by_its_name():
    found = layouts(X)
    assert list(found) == ["contiguous", "transposed", "every second element", "at an offset"]
    assert all(torch.equal(each, X) for each in found.values())
