"""The checks of intro/k02_numpy_bridge: arrays made by NumPy, tensors by torch, writes on each side."""

import numpy as np
import pytest
import torch

from dojo.checks import (
    aspect,
    expect,
    expect_array,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    untouched,
)

BACK = "A tensor that is printed like an array is still a tensor: which method gives the array?"
SHARED = "A copy has memory of its own. Which functions wrap the memory that is there?"
KEEP = "Cross the bridge without changing the dtype or the shape."
UNTOUCHED = "Read what comes in, and leave it as it is."

DTYPES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
DTYPES += ["float16", "float32", "float64", "complex64", "complex128"]
SHAPES = [(2, 3), (), (1,), (0,), (0, 3), (7,), (2, 1, 5)]
LAYOUTS = ["contiguous", "transposed", "every second element", "at an offset", "repeated row"]


def numbers(shape, dtype="float32"):
    """A NumPy array of small numbers; those of complex dtypes have an imaginary part."""
    array = np.arange(1, np.prod(shape, dtype=int) + 1).reshape(shape)
    if dtype == "bool":
        return array % 3 == 1
    return (array * (1 + 2j)).astype(dtype) if dtype.startswith("complex") else array.astype(dtype)


def arranged(layout, dtype="float32"):
    """A (2, 3) array, and the larger one in whose memory it lies."""
    if layout == "contiguous":
        whole = numbers((2, 3), dtype)
        return whole, whole
    if layout == "transposed":
        whole = numbers((3, 2), dtype)
        return whole.T, whole
    whole = numbers((20,), dtype)
    if layout == "every second element":
        return whole[1:13:2].reshape(2, 3), whole
    if layout == "at an offset":
        return whole[5:11].reshape(2, 3), whole
    return np.lib.stride_tricks.as_strided(whole[4:], (2, 3), (0, whole.itemsize)), whole


def tensor_of(array):
    """A tensor with the array's dtype, shape and values, in memory of its own."""
    dtype = getattr(torch, array.dtype.name)
    return torch.tensor(array.tolist(), dtype=dtype).reshape(array.shape)


def arranged_tensor(layout):
    """A (2, 3) float32 tensor, and the larger one in whose memory it lies."""
    whole = torch.arange(1.0, 21.0)
    views = {
        "contiguous": whole[:6].view(2, 3),
        "transposed": whole[:6].view(3, 2).t(),
        "every second element": whole[1:13:2].view(2, 3),
        "at an offset": whole[5:11].view(2, 3),
        "repeated row": whole[4:7].expand(2, 3),
    }
    return views[layout], whole


@aspect("type")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_numpy_to_torch_returns_a_tensor(solution, shape):
    """numpy_to_torch returns a tensor, on the CPU."""
    got = solution.numpy_to_torch(numbers(shape))
    expect_tensor(got)
    expect_device(got, "cpu")


@aspect("type")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_torch_to_numpy_returns_an_array(solution, shape):
    """torch_to_numpy returns a numpy.ndarray with the tensor's shape and values."""
    array = numbers(shape)
    expect_array(solution.torch_to_numpy(tensor_of(array)), array, BACK)


@aspect("shape")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_numpy_to_torch_keeps_the_shape(solution, shape):
    """The tensor has the array's shape."""
    expect_shape(solution.numpy_to_torch(numbers(shape)), shape, KEEP)


@aspect("dtype")
@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_to_torch_keeps_dtype_and_values(solution, dtype):
    """The tensor has the array's dtype and values."""
    array = numbers((2, 3), dtype)
    expected = tensor_of(array)
    got = solution.numpy_to_torch(array)
    expect_dtype(got, expected.dtype, KEEP)
    expect_values(got, expected, KEEP, rtol=0, atol=0)


@aspect("dtype")
@pytest.mark.parametrize("dtype", DTYPES)
def test_torch_to_numpy_keeps_dtype_and_values(solution, dtype):
    """The array has the tensor's dtype and values."""
    array = numbers((2, 3), dtype)
    expect_array(solution.torch_to_numpy(tensor_of(array)), array, KEEP)


@aspect("values")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_numpy_to_torch_follows_the_strides(solution, layout):
    """An array with other strides arrives with its values in their places, and is left alone."""
    array, whole = arranged(layout)
    before, expected = whole.copy(), tensor_of(array)
    shape, strides = array.shape, array.strides
    got = solution.numpy_to_torch(array)
    expect_values(got, expected, KEEP, rtol=0, atol=0)
    same = np.array_equal(whole, before) and (array.shape, array.strides) == (shape, strides)
    expect(same, "changed the array that it was given.", UNTOUCHED)
    expect(bool(array.flags.writeable), "made the array read-only.", UNTOUCHED)


@aspect("values")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_torch_to_numpy_follows_the_strides(solution, layout):
    """A tensor with other strides arrives with its values in their places, and is left alone."""
    tensor, whole = arranged_tensor(layout)
    expected = np.array(tensor.tolist(), dtype="float32")
    with untouched(UNTOUCHED, tensor=tensor, memory=whole):
        got = solution.torch_to_numpy(tensor)
    expect_array(got, expected, BACK)


@aspect("memory")
@pytest.mark.parametrize("dtype", ["float64", "int32", "bool", "complex64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_numpy_to_torch_shares_memory(solution, layout, dtype):
    """A write to the array is seen in the tensor, and one to the tensor in the array."""
    array, _ = arranged(layout, dtype)
    got = solution.numpy_to_torch(array)
    expect_shape(got, (2, 3), KEEP)
    array[1, 2] = 0
    seen = not bool(got[1, 2])
    expect(seen, "returned a tensor that does not see a write to the array.", SHARED)
    got[1, 1] = 0
    seen = not bool(array[1, 1])
    expect(seen, "returned a tensor whose writes the array does not see.", SHARED)


@aspect("memory")
@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 1, 5)], ids=str)
def test_numpy_to_torch_shares_memory_in_every_shape(solution, shape):
    """The tensor begins where the array begins, whatever the shape."""
    array = numbers(shape, "float64")
    got = solution.numpy_to_torch(array)
    expect_shape(got, shape, KEEP)
    array[...] = 29
    seen = got.flatten().tolist() == [29.0] * array.size
    expect(seen, "returned a tensor that does not see a write to the array.", SHARED)


@aspect("memory")
@pytest.mark.parametrize("dtype", ["float64", "int32", "bool", "complex64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_torch_to_numpy_shares_memory(solution, layout, dtype):
    """A write to the tensor is seen in the array, and one to the array in the tensor."""
    tensor, whole = arranged_tensor(layout)
    place = (tensor.shape, tensor.stride(), tensor.storage_offset())
    tensor = whole.to(getattr(torch, dtype)).as_strided(*place)
    got = solution.torch_to_numpy(tensor)
    expect_array(got, np.array(tensor.tolist(), dtype=dtype), BACK)
    tensor[1, 2] = 0
    seen = not bool(got[1, 2])
    expect(seen, "returned an array that does not see a write to the tensor.", SHARED)
    if got.flags.writeable:
        got[1, 1] = 0
        seen = not bool(tensor[1, 1])
        expect(seen, "returned an array whose writes the tensor does not see.", SHARED)


@aspect("memory")
@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 1, 5)], ids=str)
def test_torch_to_numpy_shares_memory_in_every_shape(solution, shape):
    """The array begins where the tensor begins, whatever the shape."""
    tensor = tensor_of(numbers(shape, "float64"))
    got = solution.torch_to_numpy(tensor)
    expect_array(got, numbers(shape, "float64"), BACK)
    tensor.fill_(29)
    seen = bool((got == 29).all())
    expect(seen, "returned an array that does not see a write to the tensor.", SHARED)


@aspect("memory")
def test_there_and_back_is_the_same_memory(solution):
    """An array that crosses the bridge twice still lies where it lay."""
    array = numbers((2, 3))
    back = solution.torch_to_numpy(solution.numpy_to_torch(array))
    expect_array(back, array, BACK)
    array[0, 0] = 29
    expect(bool(back[0, 0] == 29), "does not share memory after there and back.", SHARED)
