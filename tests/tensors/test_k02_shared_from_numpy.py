"""The checks of tensors/k02_shared_from_numpy: writes on each side, and arrays to refuse."""

import contextlib
import warnings

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    arranged,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    gpu,
    numbers,
    tensor_of,
)

SHARED = "A copy has memory of its own. Which functions wrap the memory that is there?"
SCALAR = "Some functions take an array of shape () for a number, and copy it."
KEEP = "Wrap the array as it is, without changing its dtype or shape."
UNTOUCHED = "Read what comes in, and leave it as it is, its flags too."
HOME = "The shared memory is the CPU's, with a GPU present too."
TENSOR_BLIND = "returned a tensor that does not see a write to the array."
ARRAY_BLIND = "returned a tensor whose writes the array does not see."
UNLOCKED = "made a read-only array writeable; expected ValueError, and the array as it was."
REFUSED = "returned {got} for {what}, at call {n}; expected ValueError."
NEGATIVE = "No stride of a tensor is negative, so this memory cannot be shared: refuse the array."
READ_ONLY = "torch warns of such an array once at most. Ask the array itself, at each call."

DTYPES = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "bool"]
DTYPES += ["uint8", "uint16", "uint32", "uint64", "complex64", "complex128"]
SHAPES = [(2, 3), (7,), (2, 1, 5), (1,), (), (0,), (0, 3)]
SPECIAL = [float("nan"), float("inf"), -float("inf"), 1e300, 0.1]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here the numbers lie in memory column by column.",
    "every second element": "Here the numbers are every second one of a larger memory.",
    "at an offset": "Here the numbers begin inside of a larger memory.",
    "repeated row": "Here both rows lie in the same memory.",
}

BENCHMARK = Benchmark(
    "from_numpy_shared",
    means="array: shape (n,), float32",
    inputs=lambda n: (np.arange(n, dtype=np.float32),),
    sizes=(1_000, 100_000, 10_000_000),
    naive=torch.tensor,  # copies
    only_cpu=True,
)


def locked(array):
    """The array, which nobody may write to any more."""
    array.flags.writeable = False
    return array


def state_of(array):
    return array.shape, array.strides, array.dtype, array.flags.writeable, array.tobytes()


def shared(solution, array):
    """The learner's tensor, for an array that is left as it was."""
    before = state_of(array)
    got = solution.from_numpy_shared(array)
    expect(state_of(array) == before, "changed the array that it was given.", UNTOUCHED)
    expect_tensor(got)
    return got


def expect_refused(solution, array, what, hint):
    """ValueError at each of three calls, and the array is left as it was."""
    before = state_of(array)
    for n in (1, 2, 3):
        got = None
        with contextlib.suppress(ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's warning need not be prevented
            got = describe_answer(solution.from_numpy_shared(array), array)
        if array.flags.writeable and not before[3]:
            raise CheckFailed(UNLOCKED, UNTOUCHED)
        expect(state_of(array) == before, f"changed {what}.", UNTOUCHED)
        if got:
            raise CheckFailed(REFUSED.format(got=got, what=what, n=n), hint)


def describe_answer(got, array):
    """What came back in place of an error: a copy, shared memory, or something else."""
    if not isinstance(got, torch.Tensor):
        return describe(got)
    if array.size == 0:
        return "a tensor"
    return "shared memory" if got.data_ptr() == array.ctypes.data else "a copy"


def another(value):
    """A value that a place holding this one does not hold yet."""
    return not value if isinstance(value, bool) else 29


def expect_shared(got, array, hint):
    """A write on each side is seen on the other; both have the shape (2, 3)."""
    expect_shape(got, (2, 3), KEEP)
    array[1, 2] = value = another(array[1, 2].item())
    expect(got[1, 2].item() == value, TENSOR_BLIND, hint)
    got[1, 1] = value = another(array[1, 1].item())
    expect(array[1, 1].item() == value, ARRAY_BLIND, hint)


@aspect("type")
def test_returns_a_tensor(solution):
    """from_numpy_shared returns a tensor, whatever the array's shape."""
    for shape in SHAPES:
        shared(solution, numbers(shape))


@aspect("shape")
def test_keeps_the_shape(solution):
    """The tensor has the array's shape."""
    for shape in SHAPES:
        expect_shape(shared(solution, numbers(shape)), shape, KEEP)


@aspect("dtype")
def test_keeps_the_dtype(solution):
    """The tensor has the array's dtype."""
    for dtype in DTYPES:
        array = numbers((2, 3), dtype)
        expect_dtype(shared(solution, array), tensor_of(array).dtype, KEEP)


@aspect("device")
def test_lies_on_the_cpu(solution):
    """A GPU, where there is one, plays no part."""
    with gpu():
        expect_device(shared(solution, numbers((2, 3))), "cpu", HOME)


@aspect("values")
def test_has_the_values_of_the_array(solution):
    """The tensor has the array's values in their places, whatever dtype and strides."""
    for layout, dtype in [
        *((each, "float64") for each in LAYOUTS),
        *(("contiguous", d) for d in DTYPES),
    ]:
        array, whole = arranged(layout, dtype)
        before = whole.copy()
        expect_values(shared(solution, array), tensor_of(array), LAYOUTS[layout], rtol=0, atol=0)
        expect(np.array_equal(whole, before), "changed the memory around the array.", UNTOUCHED)
    array = np.array(SPECIAL)
    expect_values(shared(solution, array), torch.tensor(SPECIAL, dtype=torch.float64), KEEP)


@aspect("memory")
def test_shares_memory(solution):
    """A write to the array is seen in the tensor, and one to the tensor in the array."""
    for dtype in DTYPES:
        array = numbers((2, 3), dtype)
        expect_shared(shared(solution, array), array, SHARED)


@aspect("memory")
def test_shares_memory_with_any_strides(solution):
    """The tensor lies where the array lies, whatever the strides."""
    for layout, hint in LAYOUTS.items():
        for dtype in ("float64", "uint8"):
            array, _ = arranged(layout, dtype)
            expect_shared(shared(solution, array), array, f"{SHARED} {hint}".strip())


@aspect("memory")
def test_shares_memory_in_every_shape(solution):
    """The tensor lies where the array lies, whatever the shape."""
    for shape in [shape for shape in SHAPES if 0 not in shape]:
        array = numbers(shape)
        got = shared(solution, array)
        expect_shape(got, shape, KEEP)
        array[...] = 29
        seen = got.flatten().tolist() == [29.0] * array.size
        expect(seen, TENSOR_BLIND, SHARED if shape else SCALAR)


@aspect("errors")
def test_refuses_negative_strides(solution):
    """An array with a negative stride raises ValueError, every time."""
    for dtype in ("float64", "int32"):
        matrix = numbers((2, 3), dtype)
        vectors = numbers((3,), dtype)[::-1], numbers((1,), dtype)[::-1]
        inner = numbers((2, 3, 2), dtype)[:, ::-1]
        for array in (*vectors, matrix[::-1], matrix[:, ::-2], matrix.T[::-1], inner):
            expect_refused(solution, array, "an array with a negative stride", NEGATIVE)


@aspect("errors")
def test_refuses_read_only_arrays(solution):
    """A read-only array raises ValueError, every time."""
    arrays = [locked(numbers((2, 3))), locked(numbers(())), locked(numbers((2, 3)).T)]
    arrays += [np.frombuffer(bytes(8), dtype="uint8"), np.broadcast_to(numbers((3,)), (2, 3))]
    arrays += [locked(numbers((7,))[1:4]), locked(numbers((3,), "int64"))]
    arrays += [locked(numbers(shape)) for shape in ((1,), (0,), (0, 3))]
    for array in arrays:
        expect_refused(solution, array, "a read-only array", READ_ONLY)


@aspect("errors")
def test_shares_after_it_has_refused(solution):
    """An array that can be shared is shared, also after others were refused."""
    array = numbers((2, 3))
    expect_refused(solution, array[::-1], "an array with a negative stride", NEGATIVE)
    expect_refused(solution, locked(array.copy()), "a read-only array", READ_ONLY)
    expect_shared(shared(solution, array), array, SHARED)
