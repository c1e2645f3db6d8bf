"""The checks of tensors/k04_scale_in_place: products of small numbers, computed by Python."""

import functools

import pytest
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    dtype_name,
    expect,
    expect_raises,
    expect_tensor,
    expect_values,
    layouts,
    shares_storage,
    untouched,
)

IN_PLACE = "`x * s` makes a new tensor, whatever it is called. Which operation writes into x?"
ITSELF = "x itself is meant: the object that came in, not another one with the same numbers."
PRODUCT = "Each element of x is multiplied by s, once."
DIGITS = "Stay in the dtype of x: on the way through another one, digits get lost."
NOT_FINITE = "inf and NaN are multiplied like other numbers, and inf times 0 is NaN."
MEMORY = "Give x no other memory: write into the memory that it has."
ONLY_X = "Only the elements of x may change."
REFUSE = "The products are floats, which x cannot hold. Which ways to write into x refuse them?"
BEFORE = "Refuse before anything is written."

COPY = "left x as it was and returned {got}, a new one; expected x itself, with the products in it."
VIEW = "returned another tensor in the memory of x; expected x itself."
OTHER = "changed x, but returned a new tensor; expected x itself."
ALIAS_OLD = "put the products into other memory: a view of x made before still shows {old}."
AROUND = "wrote into the memory around x: it held {old} and now holds {new}."

SHAPES = [(2, 3), (4,), (2, 1, 3), (1,), (), (0,), (0, 3)]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x lies in memory column by column.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
}
INF, NAN = float("inf"), float("nan")
INTEGERS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
# dtype, elements, number: products that a narrower dtype, or float for int, does not hold
PRECISE = [
    (torch.float64, [1.0, 3.0, -0.7], 0.1),
    (torch.float64, [1 + 2.0**-40, 2.0**300], 3),
    (torch.float32, [1 + 2.0**-20, -3.0], 1.5),
    (torch.float16, [1 + 3 * 2.0**-10, -60000.0], 0.5),
    (torch.bfloat16, [2.0**100, -3.0], 0.5),
    (torch.int64, [2**61 + 1, -(2**60) - 1], 3),
    (torch.int32, [2**29 + 1, -(2**28) - 1], -3),
]


def with_a_copy(x, s):
    """The right numbers in the right memory, by way of a tensor that nobody needs."""
    x[:] = x * s
    return x


BENCHMARK = Benchmark(
    "scale_",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0, 3),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 2 * 4 * n,  # read x and write it
    operations=lambda n: n,
    naive=with_a_copy,
)


def numbers(shape, dtype, device):
    """1, 2, 3, … in this shape."""
    return torch.arange(1, torch.Size(shape).numel() + 1, dtype=dtype).reshape(shape).to(device)


def product(x, s):
    """x * s as Python's numbers, in x's dtype."""
    flat = [number * s for number in x.flatten().tolist()]
    return torch.tensor(flat, dtype=x.dtype, device="cpu").reshape(tuple(x.shape))


def around(x):
    """Reads what lies in the memory that x has now, but is none of its elements."""
    size = x.untyped_storage().nbytes() // x.element_size()
    is_other = torch.ones(size, dtype=torch.bool, device="cpu")
    is_other.as_strided(x.shape, x.stride(), x.storage_offset()).fill_(False)
    memory = x.as_strided((size,), (1,), 0)
    return lambda: memory.cpu()[is_other].tolist()


def scale(solution, x, s):
    """What the learner's scale_ returns, once it is x itself."""
    before = x.clone()
    got = solution.scale_(x, s)
    expect_tensor(got)
    if got is x:
        return got
    if shares_storage(got, x):
        raise CheckFailed(VIEW, ITSELF)
    if torch.equal(x, before):
        raise CheckFailed(COPY.format(got=describe(got)), IN_PLACE)
    raise CheckFailed(OTHER, ITSELF)


@aspect("type")
def test_returns_x_itself(solution, device):
    """scale_ returns x itself, whatever its shape."""
    for shape in SHAPES:
        scale(solution, numbers(shape, torch.float32, device), 3)


@aspect("values")
@pytest.mark.parametrize("dtypes, factors", [(FLOATS, (0.5, -2, 0.0, 3)), (INTEGERS, (3, 0, 2))])
def test_multiplies_each_element(solution, device, dtypes, factors):
    """x holds the products, in its own dtype."""
    for dtype in dtypes:
        for s in factors:
            x = numbers((2, 3), dtype, device)
            expected = product(x, s)
            expect_values(scale(solution, x, s), expected, PRODUCT, rtol=0, atol=0)


@aspect("values")
def test_follows_shape_and_strides(solution, device):
    """x holds the products, whatever its shape and its strides."""
    for shape in SHAPES:
        x = numbers(shape, torch.float32, device)
        expected = product(x, 3)
        expect_values(scale(solution, x, 3), expected, PRODUCT, rtol=0, atol=0)
    for layout, x in layouts(numbers((2, 3), torch.int64, device)).items():
        expected = product(x, 3)
        expect_values(scale(solution, x, 3), expected, LAYOUTS[layout], rtol=0, atol=0)


@aspect("values")
def test_is_as_precise_as_the_dtype(solution, device):
    """The products are as precise as the dtype of x; inf and NaN stay what they are."""
    endless = [(torch.float32, [INF, -INF, NAN], s) for s in (-2.5, 0, 0.0)]
    for dtype, elements, s in [*PRECISE, *endless]:
        x = torch.tensor(elements, dtype=dtype, device=device)
        expected = product(x, s)
        rtol = 2 * torch.finfo(dtype).eps if dtype.is_floating_point else 0
        hint = DIGITS if INF not in elements else NOT_FINITE
        expect_values(scale(solution, x, s), expected, hint, rtol=rtol, atol=0)


@aspect("memory")
def test_writes_into_the_memory_of_x(solution, device):
    """A view of x made before the call sees the products, and x has not moved."""
    for layout, x in layouts(numbers((2, 3), torch.float32, device)).items():
        alias, address, strides = x.detach(), x.data_ptr(), x.stride()
        expected = product(x, 3)
        solution.scale_(x, 3)
        hint = f"{IN_PLACE} {LAYOUTS[layout]}".strip()
        expect(alias.tolist() == expected.tolist(), ALIAS_OLD.format(old=alias.tolist()), hint)
        same_place = x.data_ptr() == address and x.stride() == strides
        expect(same_place, "moved x to other memory.", MEMORY)


@aspect("memory")
def test_writes_nowhere_else(solution, device):
    """What lies in memory between and beside the elements of x stays as it is."""
    whole = numbers((20,), torch.float32, device)
    for x in (whole[1:13:2].view(2, 3), whole[5:11].view(2, 3), whole[:18].view(3, 6)[:2, :3].T):
        rest = around(x)
        before = rest()
        solution.scale_(x, 3)
        expect(rest() == before, AROUND.format(old=before, new=rest()), ONLY_X)


@aspect("errors")
def test_refuses_a_float_for_integers(solution, device):
    """A float s and an integer x raise RuntimeError, and x stays as it was."""
    for dtype in INTEGERS:
        x = numbers((2, 3), dtype, device)
        scale(solution, x, 1)
        for s in (0.5, 2.0, -1.5, 0.0, 1.0, INF) if dtype == torch.int64 else (0.5, 2.0):
            for each in (x, x.T, x[0, 0], x[:0]):
                call = functools.partial(solution.scale_, each, s)
                with untouched(BEFORE, x=each):
                    expect_raises(RuntimeError, call, REFUSE, f"a float and {dtype_name(dtype)}")
