"""The checks of intro/k02_numpy_bridge: NumPy's arrays, torch's tensors, writes on each side."""

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    arranged,
    aspect,
    describe,
    expect,
    expect_array,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    gpu,
    numbers,
    tensor_of,
    untouched,
)
from dojo.checks.laws.settings import settings_watched

BACK = "A tensor that is printed like an array is still a tensor: which method gives the array?"
NUMBER = "A tensor of shape () crosses as an array of shape (), which is more than a number."
CALL = "Without its parentheses a method is named, but not called."
RETURN = "Does every path of your function end in a return?"
SHARED = "A copy has memory of its own. Which functions wrap the memory that is there?"
WRAP = "Wrap the memory that is there, whatever its strides: nothing has to be flattened."
SCALAR = "Some functions take an array of shape () for a number, and copy it."
KEEP = "Cross the bridge without changing the dtype or the shape."
EMPTY = "What is empty has a shape and a dtype too, which a list of its numbers does not know."
UNTOUCHED = "Read what comes in, and leave it as it is."
LOCKED = "Nobody can write to an array that is read-only, so no write to it is ever seen."
TRACKED = "Nobody asked autograd to track it, and then it cannot be written to as it is."
HOME = "The shared memory is the CPU's, with a GPU present too: leave the GPU alone."
SETTING = "Crossing the bridge changes nothing else in torch, and draws no random number."
TENSOR_BLIND = "returned a tensor that does not see a write to the array."
ARRAY_BLIND = "returned an array that does not see a write to the tensor."
NOT_SEEN_IN_ARRAY = "returned a tensor whose writes the array does not see."
NOT_SEEN_IN_TENSOR = "returned an array whose writes the tensor does not see."

DTYPES = ["float32", "float64", "int64", "int32", "int16", "int8", "bool", "float16"]
DTYPES += ["uint8", "uint16", "uint32", "uint64", "complex64", "complex128"]
FULL = [(2, 3), (7,), (2, 1, 5), (1,), (), (5, 4, 7)]  # the empty shapes: in ``cases``
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here the numbers lie in memory column by column.",
    "every second element": "Here the numbers are every second one of a larger memory.",
    "at an offset": "Here the numbers begin inside of a larger memory.",
    "repeated row": "Here both rows lie in the same memory.",
}
CASES = [("contiguous", dtype) for dtype in DTYPES]
CASES += [
    (layout, dtype) for layout in LAYOUTS for dtype in ("float64", "int32", "bool", "complex64")
]

BENCHMARK = Benchmark(
    "numpy_to_torch",
    means="array: shape (n,), float32",
    inputs=lambda n: (np.arange(n, dtype=np.float32),),
    sizes=(1_000, 100_000, 10_000_000),
    naive=torch.tensor,  # copies
    only_cpu=True,
)


def arranged_tensor(layout, dtype="float32"):
    """A (2, 3) tensor, and the larger one in whose memory it lies."""
    whole = tensor_of(numbers((20,), dtype))
    views = {
        "contiguous": whole[:6].view(2, 3),
        "transposed": whole[:6].view(3, 2).t(),
        "every second element": whole[1:13:2].view(2, 3),
        "at an offset": whole[5:11].view(2, 3),
        "repeated row": whole[4:7].expand(2, 3),
    }
    return views[layout], whole


def cases(dtype):
    """Arrays of this dtype, two of them empty, with what is special among floats."""
    array = numbers((2, 3), dtype)
    if array.dtype.kind == "f":
        array[1] = np.nan, np.inf, -np.inf
    return array, np.array(numbers((), dtype)), numbers((0,), dtype), numbers((0, 3), dtype)


def to_torch(solution, array):
    """The learner's tensor, for an array that is left as it was."""
    solution.hint = WRAP
    before, facts = array.copy(), (array.shape, array.strides, array.flags.writeable)
    got = solution.numpy_to_torch(array)
    expect_tensor(got)
    expect(array.flags.writeable, "made the array read-only.", UNTOUCHED)
    same = (array.shape, array.strides, array.flags.writeable) == facts
    change = f"it was {before.tolist()} and is now {array.tolist()}"
    same = same and array.tobytes() == before.tobytes()  # NaN too
    expect(same, f"changed the array that it was given: {change}.", UNTOUCHED)
    return got


def to_numpy(solution, tensor):
    """The learner's array, for a tensor that is left as it was."""
    with untouched(UNTOUCHED, tensor=tensor):
        return array_of(solution, tensor)


def array_of(solution, tensor):
    """What the learner's function returns for a tensor, once it is an array."""
    solution.hint = WRAP
    got = solution.torch_to_numpy(tensor)
    if type(got) is not np.ndarray:
        kind = "a numpy.matrix" if isinstance(got, np.matrix) else describe(got)
        raise CheckFailed(f"returned {kind}; expected a numpy.ndarray.", way_back(got))
    return got


def way_back(got):
    """Where to look if the way back ended in something else than an array."""
    if got is None:
        return RETURN
    if isinstance(got, np.generic | int | float | complex):
        return NUMBER
    return CALL if callable(got) else BACK


def in_every_shape():
    """Arrays of every shape, with either order of strides, and of every dtype in the shape ()."""
    for shape in FULL:
        yield numbers(shape, "float64")
        yield np.asfortranarray(numbers(shape, "int64"))
    yield from (np.array(numbers((), dtype)) for dtype in DTYPES)


def another(value):
    """A value that a place holding this one does not hold yet."""
    return not value if isinstance(value, bool) else 29


def hint_for(layout):
    return f"{SHARED} {LAYOUTS[layout]}".strip()


@aspect("type")
def test_numpy_to_torch_returns_a_tensor(solution):
    """numpy_to_torch returns a tensor, whatever the array's shape."""
    for shape in FULL:
        expect_tensor(solution.numpy_to_torch(numbers(shape)))


@aspect("type")
def test_torch_to_numpy_returns_an_array(solution):
    """torch_to_numpy returns a numpy.ndarray, whatever the tensor's shape."""
    for shape in FULL:
        array_of(solution, tensor_of(numbers(shape)))


@aspect("shape")
def test_numpy_to_torch_keeps_the_shape(solution):
    """The tensor has the array's shape."""
    for shape in FULL:
        expect_shape(solution.numpy_to_torch(numbers(shape)), shape, KEEP)


@aspect("shape")
def test_torch_to_numpy_keeps_the_shape(solution):
    """The array has the tensor's shape."""
    for shape in FULL:
        got = array_of(solution, tensor_of(numbers(shape)))
        sentence = f"returned an array of shape {got.shape}; expected shape {shape}."
        expect(got.shape == shape, sentence, KEEP)


@aspect("dtype")
def test_numpy_to_torch_keeps_dtype_and_values(solution):
    """The tensor has the array's dtype and values."""
    for array in (array for dtype in DTYPES for array in cases(dtype)):
        expected = tensor_of(array)
        got = to_torch(solution, array)
        hint = KEEP if array.size else EMPTY
        expect_dtype(got, expected.dtype, hint)
        expect_values(got, expected, hint, rtol=0, atol=0)


@aspect("dtype")
def test_torch_to_numpy_keeps_dtype_and_values(solution):
    """The array has the tensor's dtype and values."""
    for array in (array for dtype in DTYPES for array in cases(dtype)):
        hint = KEEP if array.size else EMPTY
        expect_array(to_numpy(solution, tensor_of(array)), array, hint)


@aspect("device")
def test_both_stay_on_the_cpu(solution):
    """A GPU, where there is one, plays no part."""
    with gpu():
        expect_device(solution.numpy_to_torch(numbers((2, 3))), "cpu", HOME)
        array_of(solution, tensor_of(numbers((2, 3))))


@aspect("values")
def test_numpy_to_torch_follows_the_strides(solution):
    """An array with other strides arrives with its values in their places."""
    for layout, hint in LAYOUTS.items():
        array, whole = arranged(layout)
        before, expected = whole.copy(), tensor_of(array)
        expect_values(to_torch(solution, array), expected, hint, rtol=0, atol=0)
        expect(np.array_equal(whole, before), "changed the memory around the array.", UNTOUCHED)


@aspect("values")
def test_torch_to_numpy_follows_the_strides(solution):
    """A tensor with other strides arrives with its values in their places."""
    for layout, hint in LAYOUTS.items():
        tensor, whole = arranged_tensor(layout)
        expected = np.array(tensor.tolist(), dtype="float32")
        before = whole.tolist()
        expect_array(to_numpy(solution, tensor), expected, hint)
        expect(whole.tolist() == before, "changed the memory around the tensor.", UNTOUCHED)


@aspect("values")
def test_torch_to_numpy_keeps_empty_shapes(solution):
    """An empty tensor arrives with all of its dimensions."""
    for shape in ((0,), (0, 3)):
        got = array_of(solution, tensor_of(numbers(shape)))
        sentence = f"returned an array of shape {got.shape}; expected shape {shape}."
        expect(got.shape == shape, sentence, EMPTY)


@aspect("memory")
def test_numpy_to_torch_shares_memory(solution):
    """A write to the array is seen in the tensor, and one to the tensor in the array."""
    for layout, dtype in CASES:
        array, _ = arranged(layout, dtype)
        got = to_torch(solution, array)
        expect_shape(got, (2, 3), KEEP)
        expect(not got.requires_grad, "returned a tensor that requires grad.", TRACKED)
        array[1, 2] = value = another(array[1, 2].item())
        expect(got[1, 2].item() == value, TENSOR_BLIND, hint_for(layout))
        value = another(array[1, 1].item())
        got[1, 1] = value
        expect(array[1, 1].item() == value, NOT_SEEN_IN_ARRAY, hint_for(layout))


@aspect("memory")
def test_numpy_to_torch_shares_memory_in_every_shape(solution):
    """The tensor lies where the array lies, whatever the shape."""
    for array in in_every_shape():
        got = to_torch(solution, array)
        expect_shape(got, array.shape, KEEP)
        array[...] = 1 if array.dtype == bool else 29
        seen = got.flatten().tolist() == array.flatten().tolist()
        expect(seen, TENSOR_BLIND, SHARED if array.shape else SCALAR)


@aspect("memory")
def test_torch_to_numpy_shares_memory(solution):
    """A write to the tensor is seen in the array, and one to the array in the tensor."""
    for layout, dtype in CASES:
        tensor, _ = arranged_tensor(layout, dtype)
        got = to_numpy(solution, tensor)
        expect_array(got, np.array(tensor.tolist(), dtype=dtype), KEEP)
        tensor[1, 2] = value = another(tensor[1, 2].item())
        expect(got[1, 2].item() == value, ARRAY_BLIND, hint_for(layout))
        if got.flags.writeable:  # some versions of np.from_dlpack share memory for reading only
            got[1, 1] = value = another(got[1, 1].item())
            expect(tensor[1, 1].item() == value, NOT_SEEN_IN_TENSOR, hint_for(layout))


@aspect("memory")
def test_torch_to_numpy_shares_memory_in_every_shape(solution):
    """The array lies where the tensor lies, whatever the shape."""
    for array in in_every_shape():
        tensor = tensor_of(array.T).permute(tuple(reversed(range(array.ndim))))
        got = to_numpy(solution, tensor)
        expect_array(got, array, KEEP)
        value = tensor.fill_(0 if array.dtype == bool else 29).flatten()[0].item()
        expect(bool((got == value).all()), ARRAY_BLIND, SHARED if array.shape else SCALAR)


@aspect("memory")
def test_there_and_back_is_the_same_memory(solution):
    """Whoever crosses the bridge twice still lies where it lay."""
    array = numbers((2, 3))
    back = to_numpy(solution, to_torch(solution, array))
    expect_array(back, array, KEEP)
    array[0, 0] = 29
    expect(bool(back[0, 0] == 29), "does not share memory after there and back.", SHARED)
    tensor = tensor_of(numbers((2, 3)))
    middle = to_numpy(solution, tensor)
    expect(middle.flags.writeable, "returned a read-only array.", LOCKED)
    again = to_torch(solution, middle)
    expect_shape(again, (2, 3), KEEP)
    tensor[0, 0] = 29
    expect(bool(again[0, 0] == 29), "does not share memory after there and back.", SHARED)


@aspect("memory")
def test_both_share_memory_beside_a_gpu(solution):
    """Memory is shared as well on a machine with a GPU."""
    with gpu():
        array, tensor = numbers((2, 3)), tensor_of(numbers((2, 3)))
        got = to_torch(solution, array)
        expect_shape(got, (2, 3), KEEP)
        array[1, 2] = 29
        expect(got[1, 2].item() == 29, f"{TENSOR_BLIND[:-1]}, with a GPU present.", HOME)
        got = to_numpy(solution, tensor)
        expect_array(got, numbers((2, 3)), KEEP)
        tensor[1, 2] = 29
        expect(bool(got[1, 2] == 29), f"{ARRAY_BLIND[:-1]}, with a GPU present.", HOME)


@aspect("memory")
def test_both_leave_torch_as_it_is(solution):
    """Both change no setting of torch, and leave the random generators alone."""
    array, tensor = numbers((2, 3)), tensor_of(numbers((2, 3)))
    for function, given in ((solution.numpy_to_torch, array), (solution.torch_to_numpy, tensor)):
        with settings_watched(solution, thoroughly=True) as found:
            function(given)
        expect(not found.text, found.text, SETTING)
