"""The checks of tensors/k03_tracked_to_numpy: each tensor is made of an array, expected back."""

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

ARRAY = "Which method of a tensor on the CPU wraps its memory as an array, and keeps the shape?"
KEEP = "Only the library changes: keep the shape, the dtype and the values of t."
EMPTY = "An empty tensor has a shape too, which a list of its numbers does not know."
BFLOAT16 = "NumPy has no bfloat16. Which dtype holds all of its values, and no more than that?"
TRACKED = "The numbers of a tracked tensor are those of an untracked one."
CONJUGATE = "Here t is lazily conjugated: what lies in memory are not yet its values."
NEGATIVE = "Here t is lazily negated: what lies in memory are not yet its values."
COPY = "returned a copy: the array does not show what was written to t after the call."
SHARE = "{what} lies on the CPU in a dtype that NumPy has: which step copies it?"
STAYS = "Read t and leave it as it is, tracked or not."

SHAPES = [(2, 3), (7,), (2, 1, 5), (1,), (), (0,), (0, 3)]
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
WIDENED = [1 + 2.0**-7, -0.5, 2.0**127, INF, -INF, NAN]
TRACKABLE = ["float32", "float64", "float16", "complex64"]


def by_way_of_a_list(t):
    """Each number an object of Python's in between."""
    return np.array(t.tolist(), dtype=np.float32)


BENCHMARK = Benchmark(
    "to_numpy",
    means="t: shape (n,), float32, requires grad",
    inputs=lambda n: ((torch.arange(n) % 7.0).requires_grad_(),),
    sizes=(1_000, 100_000, 10_000_000),
    naive=by_way_of_a_list,
    naive_up_to=100_000,
)


def places(device):
    """Where t may be: on the machine with a GPU, on either device."""
    return dict.fromkeys(("cpu", device))


def array_of(solution, t):
    """What the learner's function returns, once it is an array."""
    got = solution.to_numpy(t)
    if type(got) is not np.ndarray:
        kind = f"a {type(got).__name__}" if isinstance(got, np.ndarray | list) else describe(got)
        raise CheckFailed(f"returned {kind}; expected a numpy.ndarray.", ARRAY)
    return got


def lazy(place, dtype="complex64"):
    """Tensors whose memory holds other numbers than they have, what they are, and an array each."""
    array = numbers((2, 3), dtype) / 3  # thirds: float32 holds fewer of their digits
    t = tensor_of(array, place)
    tracked = t.clone().requires_grad_()
    return [
        (t.conj(), CONJUGATE, array.conj()),
        (t.conj()[0, 1], CONJUGATE, array.conj()[0, 1, ...]),
        (tracked.conj(), CONJUGATE, array.conj()),
        (t.conj().imag, NEGATIVE, -array.imag),
        (t.mT.conj().imag[1:], NEGATIVE, -array.imag.T[1:]),
        (tracked.conj().imag, NEGATIVE, -array.imag),
    ]


def in_shared_memory():
    """Tensors on the CPU that an array can share, with what they are."""
    t = tensor_of(numbers(), "cpu")
    tracked = tensor_of(numbers(), "cpu").requires_grad_()
    z = tensor_of(numbers((2, 3), "complex64"), "cpu")
    some = {f"A {dtype} tensor": tensor_of(numbers(dtype=dtype), "cpu") for dtype in VALUES}
    some |= {f"A tensor, {name}," if name else name: each for name, each in layouts(t).items()}
    return some | {
        "A tensor of shape ()": torch.ones((), device="cpu"),
        "A leaf that requires grad": tracked,
        "A parameter": torch.nn.Parameter(t.clone()),
        "The result of a tracked operation": tracked * 2,
        "A view of a tracked tensor": tracked.clone()[:, 1],
        "The transpose of a tracked tensor": tracked.clone().T,
        "A repeated row": t[:1].clone().expand(2, 3),
        "The real part of a conjugated tensor": z.conj().real,
        "A tensor conjugated twice": z.conj().conj(),
    }


@aspect("type")
def test_returns_an_array(solution, device):
    """The result is a numpy.ndarray, wherever t is and whatever its shape."""
    for place in places(device):
        for shape in SHAPES:
            array_of(solution, tensor_of(numbers(shape), place))


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """The array has the shape of t."""
    for shape in SHAPES:
        got = array_of(solution, tensor_of(numbers(shape), device))
        sentence = f"returned an array of shape {got.shape}; expected shape {shape}."
        expect(got.shape == shape, sentence, EMPTY if 0 in shape else KEEP)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The array has the dtype of t."""
    for dtype in VALUES:
        got = array_of(solution, tensor_of(numbers(dtype=dtype), device))
        sentence = f"returned a {got.dtype} array; expected {dtype}."
        expect(got.dtype == np.dtype(dtype), sentence, KEEP)


@aspect("dtype")
def test_widens_bfloat16(solution, device):
    """bfloat16 becomes float32, with the same values, tracked or not."""
    array = np.array(WIDENED, "float32")
    for place in places(device):
        t = tensor_of(array, place, torch.bfloat16)
        for each in (t, t.clone().requires_grad_(), t.clone().requires_grad_() * 1):
            expect_array(array_of(solution, each), array, BFLOAT16)


@aspect("values")
def test_has_the_values_of_t(solution, device):
    """The array has the values of t, to the last digit and in their places."""
    for place in places(device):
        for dtype, few in VALUES.items():
            array = np.array(few, dtype)
            expect_array(array_of(solution, tensor_of(array, place)), array, KEEP)
        for t in layouts(tensor_of(numbers(), place)).values():
            expect_array(array_of(solution, t), numbers(), KEEP)


@aspect("values")
def test_has_the_values_of_tracked_tensors(solution, device):
    """A tensor that requires grad, leaf or result, is no different."""
    for place in places(device):
        for dtype in TRACKABLE:
            array = numbers(dtype=dtype)
            leaf = tensor_of(array, place).requires_grad_()
            expect_array(array_of(solution, leaf), array, TRACKED)
            expect_array(array_of(solution, leaf * 2), array * 2, TRACKED)
            expect_array(array_of(solution, leaf.T[1]), array.T[1], TRACKED)


@aspect("values")
def test_has_the_values_of_lazy_tensors(solution, device):
    """A tensor that is lazily conjugated or negated arrives with its own values."""
    for place in places(device):
        for t, hint, array in lazy(place, "complex64") + lazy(place, "complex128"):
            expect_array(array_of(solution, t), array, hint)


@aspect("memory")
def test_shares_memory_where_it_can(solution, device):
    """A tensor on the CPU, tracked or not, and its array lie in one memory."""
    for what, t in in_shared_memory().items():
        got = array_of(solution, t)
        expect_array(got, np.array(t.tolist(), got.dtype), KEEP)
        t.untyped_storage().fill_(0)
        expect(not got.any(), COPY, SHARE.format(what=what))


@aspect("memory")
def test_t_stays_as_it_was(solution, device):
    """t stays as it was, where it was, and tracked if it was."""
    for place in places(device):
        leaf = tensor_of(numbers(), place).requires_grad_()
        some = (leaf, leaf * 2, leaf.detach(), leaf.detach().bfloat16(), leaf.detach().T)
        for t in (*some, lazy(place)[0][0], lazy(place)[3][0]):
            with untouched(STAYS, t=t):
                array_of(solution, t)
