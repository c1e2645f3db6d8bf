"""The checks of intro/k09_gpu_to_numpy: each tensor is made of an array, which is expected back."""

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_array,
    layouts,
    numbers,
    tensor_of,
    untouched,
)
from dojo.checks.laws.settings import settings_watched

TENSOR = "A tensor on the CPU is still a tensor: which method wraps its memory as an array?"
HERE = "x is on the CPU here, and there need be no GPU: wrap its memory as an array."
ON_GPU = "The tensor is still on the GPU. Bring it to the CPU, then wrap its memory as an array."
NUMBER = "A tensor of shape () becomes an array of shape (), which is more than a number."
CALL = "Without its parentheses a method is named, but not called."
RETURN = "Does every path of your function end in a return?"
LIST = "A list knows neither dtype nor shape. Take the numbers as an array from the start."
SUBCLASS = "A plain numpy.ndarray is meant, and no kind of it."
KEEP = "Only the library changes: keep the shape, the dtype and the values of x."
EMPTY = "An empty tensor has a shape too, which a list of its numbers does not know."
AGAIN = "Read x anew at each call, and keep no array for the next one."
SETTING = "Whoever calls to_numpy does not expect it to change how torch works from then on."
STAYS = "Make a copy on the CPU, if need be, and leave x itself as it is."

SHAPES = [(2, 3), (7,), (2, 1, 5), (1,), (1, 1), (), (0,), (0, 3), (3, 0)]
INF, NAN = float("inf"), float("nan")
# dtype → values that a narrower dtype, or another kind of number, does not hold
VALUES = {
    "float32": [3e38, 1 + 2.0**-20, -0.5, INF, -INF, NAN],
    "float64": [1e300, 1 + 2.0**-40, -0.5, INF, -INF, NAN],
    "float16": [1 + 2.0**-10, -0.5, 65504.0, INF, -INF, NAN],
    "int64": [2**63 - 1, -(2**63), 2**60 + 1, -1, 0],
    "int32": [2**31 - 1, -(2**31), 2**30 + 1, -1, 0],
    "int16": [2**15 - 1, -(2**15), -1, 0],
    "int8": [127, -128, -1, 0],
    "uint8": [255, 128, 1, 0],
    "uint16": [2**16 - 1, 2**15, 1, 0],
    "uint32": [2**32 - 1, 2**31, 1, 0],
    "uint64": [2**64 - 1, 2**63, 2**60 + 1, 0],
    "complex64": [1 + 2j, -0.5j, 1 + 2.0**-20, complex(INF, 1)],
    "complex128": [1 + 2j, -0.5j, 1 + 2.0**-40, complex(1, INF)],
    "bool": [True, False, True, True],
}
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here the numbers of x lie in memory column by column.",
    "every second element": "Here the numbers of x are every second one of a larger memory.",
    "at an offset": "Here the numbers of x begin inside of a larger memory.",
    "repeated row": "Here both rows of x lie in the same memory.",
}


def by_way_of_a_list(x):
    """Each number an object of Python's in between."""
    return np.array(x.tolist(), dtype=np.float32)


BENCHMARK = Benchmark(
    "to_numpy",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0,),
    sizes=(1_000, 100_000, 10_000_000),
    naive=by_way_of_a_list,
    naive_up_to=100_000,
)


def places(device):
    """Where x may be: on the machine with a GPU, on either device."""
    return dict.fromkeys(("cpu", device))


def array_of(solution, x):
    """What the learner's function returns, once it is an array."""
    solution.hint = ON_GPU if x.is_cuda else HERE
    got = solution.to_numpy(x)
    if type(got) is not np.ndarray:
        kind = f"a {type(got).__name__}" if isinstance(got, np.ndarray) else describe(got)
        raise CheckFailed(f"returned {kind}; expected a numpy.ndarray.", where_to_look(got))
    return got


def where_to_look(got):
    if got is None:
        return RETURN
    if isinstance(got, torch.Tensor):
        return ON_GPU if got.is_cuda else TENSOR
    if isinstance(got, np.generic | bool | int | float | complex):
        return NUMBER
    if isinstance(got, np.ndarray):
        return SUBCLASS
    return LIST if isinstance(got, list) else CALL if callable(got) else ""


@aspect("type")
def test_returns_an_array(solution, device):
    """The result is a numpy.ndarray, wherever x is and whatever its shape."""
    for place in places(device):
        for shape in SHAPES:
            array_of(solution, tensor_of(numbers(shape), place))


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """The array has the shape of x."""
    for shape in SHAPES:
        got = array_of(solution, tensor_of(numbers(shape), device))
        sentence = f"returned an array of shape {got.shape}; expected shape {shape}."
        expect(got.shape == shape, sentence, EMPTY if 0 in shape else KEEP)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The array has the dtype of x."""
    for dtype in VALUES:
        got = array_of(solution, tensor_of(numbers(dtype=dtype), device))
        sentence = f"returned a {got.dtype} array; expected {dtype}."
        expect(got.dtype == np.dtype(dtype), sentence, KEEP)


@aspect("values")
def test_has_the_values_of_x(solution, device):
    """The array has the values of x, to the last digit."""
    for place in places(device):
        for dtype, few in VALUES.items():
            array = np.array(few, dtype)
            expect_array(array_of(solution, tensor_of(array, place)), array, KEEP)


@aspect("values")
def test_every_value_has_its_place(solution, device):
    """The array has the values of x in their places, whatever the shape."""
    for place in places(device):
        for shape in SHAPES:
            array = numbers(shape)
            expect_array(array_of(solution, tensor_of(array, place)), array, KEEP)


@aspect("values")
def test_follows_the_strides(solution, device):
    """The values are in their places whatever the strides of x are."""
    for place in places(device):
        for dtype in VALUES:
            array = numbers(dtype=dtype)
            x = tensor_of(array, place)
            for layout, arranged in layouts(x).items():
                expect_array(array_of(solution, arranged), array, LAYOUTS[layout])
            repeated = np.stack([array[0], array[0]])
            expect_array(array_of(solution, x[:1].expand(2, 3)), repeated, LAYOUTS["repeated row"])


@aspect("values")
def test_each_call_stands_for_itself(solution, device):
    """An array shows x as it is at the call, and another call leaves it as it is."""
    for place in places(device):
        array = numbers()
        x, other = tensor_of(array, place), tensor_of(array * 3, place)
        first = array_of(solution, x)
        expect_array(array_of(solution, other), array * 3, AGAIN)
        expect_array(first, array, AGAIN)
        x *= 2
        expect_array(array_of(solution, x), array * 2, AGAIN)


@aspect("memory")
def test_x_stays_as_it_was(solution, device):
    """x stays where it was, as it was."""
    for place in places(device):
        x = tensor_of(numbers(), place)
        for arranged in (*layouts(x).values(), tensor_of(numbers((2, 1, 5)), place), x[0, 0]):
            with untouched(STAYS, x=arranged):
                array_of(solution, arranged)


@aspect("memory")
def test_leaves_torch_as_it_is(solution, device):
    """It changes no setting of torch, and leaves the random generators alone."""
    with settings_watched(solution, thoroughly=True) as found:
        solution.to_numpy(tensor_of(numbers(), device))
    expect(not found.text, found.text, SETTING)
