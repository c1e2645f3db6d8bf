"""The checks of intro/k03_in_place_add: sums of small numbers, counted up in Python."""

import pytest
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_gradients,
    expect_new_memory,
    expect_shape,
    expect_tensor,
    expect_values,
    in_layout,
    random_like,
    shares_storage,
    untouched,
)

NEW = "`add` promises a new tensor: leave x1 and x2 as they are, and write nowhere."
IN_PLACE = "`x1 + x2` makes a new tensor. Which operation, ending in _, writes into x1 itself?"
ITSELF = "x1 itself is meant: the object that came in, not another one with the same numbers."
SUM = "Only x1 and x2 go into the sum, each once."
DIGITS = "Stay in the dtype of x1 and x2: on the way through another one, digits get lost."
MEMORY = "`x1.data = …` gives x1 other memory. Write into the memory that it has."
UNRECORDED = "`.data`, `no_grad`, `detach` and `out=` hide the addition from autograd."
ONLY_X1 = "Only x1 may change."

COPY = "left x1 as it was and returned {got}, a new one; expected x1 itself, with the sum in it."
VIEW = "returned another tensor in the memory of x1; expected x1 itself."
OTHER = "changed x1, but returned a new tensor; expected x1 itself."
ALIAS_OLD = "put the sum into other memory: a view of x1 made before the call still shows {old}."
TRACKED = "made x1 require grad, though neither x1 nor x2 did."
RECORDED = "The addition itself has to be recorded, as that of two tracked tensors is."
AGAIN = "Make a new tensor at each call, so that the caller can keep the earlier ones."
AROUND = "wrote into the memory around x1: next to it {old} became {new}."

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
DTYPES = [*FLOATS, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here {name} lies in memory column by column.",
    "every second element": "Here {name} is every second number of a larger memory.",
    "at an offset": "Here {name} begins inside of a larger memory.",
    "repeated row": "Here both rows of {name} lie in the same memory.",
}
# dtype, layout of x1, layout of x2
CASES = [(dtype, "contiguous", "contiguous") for dtype in DTYPES]
CASES += [
    (torch.float32, "transposed", "contiguous"),
    (torch.bfloat16, "transposed", "transposed"),
    (torch.float64, "every second element", "repeated row"),
    (torch.int64, "at an offset", "every second element"),
    (torch.float32, "contiguous", "transposed"),
]
NAMES = ["add", "add_"]
ROWS_1 = [[1, 2, 3], [4, 5, 6]]
ROWS_2 = [[10, 20, 40], [30, 7, 50]]
# Sums that the dtype holds exactly, though a narrower one, or float for int, does not.
LONG = {
    torch.float64: (1 + 2.0**-40, 2 + 2.0**-40),
    torch.float32: (1 + 2.0**-20, 2 + 2.0**-20),
    torch.float16: (1 + 2.0**-9, 2 + 2.0**-9),
    torch.bfloat16: (1 + 2.0**-6, 2 + 2.0**-6),
    torch.int64: (2**60 + 1, 2**61 + 2),
    torch.int32: (2**29 + 1, 2**30 + 2),
}
# of both signs, and with what is not finite
ROWS_OF_INTS = [[-1, 20, -30], [4, -50, 60]], [[-2, -70, 10], [5, 40, -60]]
INF, NAN = float("inf"), float("nan")
ROWS_OF_FLOATS = [[-1.5, INF, 2.0], [NAN, -8.0, 0.25]], [[-2.0, 1.0, -INF], [3.0, 4.5, -INF]]


def with_a_copy(x1, x2):
    """The right numbers in the right memory, by way of a tensor that nobody needs."""
    x1[:] = x1 + x2
    return x1


BENCHMARK = Benchmark(
    "add_",
    means="x1 and x2: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0, torch.arange(n) % 5.0),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 3 * 4 * n,  # read x1 and x2, write x1
    operations=lambda n: n,
    naive=with_a_copy,
)


def pair(device, dtype=torch.float32, layout="contiguous", layout_of_x2="contiguous"):
    """x1, x2 and their sum."""
    rows_2 = [ROWS_2[0]] * 2 if layout_of_x2 == "repeated row" else ROWS_2
    rows = [
        [a + b for a, b in zip(*each, strict=True)] for each in zip(ROWS_1, rows_2, strict=True)
    ]
    x1, x2, total = (torch.tensor(each, dtype=dtype).to(device) for each in (ROWS_1, rows_2, rows))
    x2 = x2[:1].expand(2, 3) if layout_of_x2 == "repeated row" else in_layout(x2, layout_of_x2)
    return in_layout(x1, layout), x2, total


def hint_for(hint, layout, layout_of_x2):
    """The hint, with what is special about the memory of x1 and x2."""
    where = LAYOUTS[layout].format(name="x1"), LAYOUTS[layout_of_x2].format(name="x2")
    return " ".join(part for part in (hint, *where) if part)


def add(solution, x1, x2):
    """What the learner's add returns, once it left x1 and x2 alone."""
    with untouched(NEW, x1=x1, x2=x2):
        return solution.add(x1, x2)


def add_in_place(solution, x1, x2):
    """What the learner's add_ returns, once it is x1 itself and x2 was left alone."""
    before = x1.detach().clone()
    tracked = x1.requires_grad or x2.requires_grad
    with untouched(ONLY_X1, x2=x2):
        got = solution.add_(x1, x2)
    expect_tensor(got)
    if got is x1:
        expect(tracked or not x1.requires_grad, TRACKED, ONLY_X1)
        return got
    if shares_storage(got, x1):
        raise CheckFailed(VIEW, ITSELF)
    if torch.equal(x1.detach(), before):
        raise CheckFailed(COPY.format(got=describe(got)), IN_PLACE)
    raise CheckFailed(OTHER, ITSELF)


@aspect("type")
@pytest.mark.parametrize("name", NAMES)
def test_returns_a_tensor(solution, device, name):
    """Both functions return a tensor."""
    x1, x2, _ = pair(device)
    expect_tensor(getattr(solution, name)(x1, x2))


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """The sum has the shape (2, 3)."""
    for name in NAMES:
        x1, x2, _ = pair(device)
        expect_shape(getattr(solution, name)(x1, x2), (2, 3))


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The sum has the dtype of its parts."""
    for name in NAMES:
        for dtype in DTYPES:
            x1, x2, _ = pair(device, dtype)
            expect_dtype(getattr(solution, name)(x1, x2), dtype)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The sum lies where its parts lie."""
    for name in NAMES:
        x1, x2, _ = pair(device)
        expect_device(getattr(solution, name)(x1, x2), device)


@aspect("values")
def test_add_returns_the_sum(solution, device):
    """add returns the sum of x1 and x2, which stay as they are."""
    for case in CASES:
        x1, x2, total = pair(device, *case)
        got = add(solution, x1, x2)
        expect_values(got, total, hint_for(SUM, *case[1:]), rtol=0, atol=0)


@aspect("values")
def test_add_in_place_returns_the_sum(solution, device):
    """add_ returns x1 itself, which holds the sum."""
    for case in CASES:
        x1, x2, total = pair(device, *case)
        got = add_in_place(solution, x1, x2)
        expect_values(got, total, hint_for(SUM, *case[1:]), rtol=0, atol=0)


@aspect("values")
def test_no_digit_is_lost(solution, device):
    """The sum is as precise as the dtype of its parts."""
    for function in (add, add_in_place):
        for dtype, (one, other) in LONG.items():
            x1, x2, total = (
                torch.full((2, 3), number, dtype=dtype).to(device)
                for number in (one, other, one + other)
            )
            expect_values(function(solution, x1, x2), total, DIGITS, rtol=0, atol=0)


@aspect("values")
def test_adds_negative_and_infinite_numbers(solution, device):
    """The sum is right for numbers of both signs, for inf and for NaN."""
    for function in (add, add_in_place):
        for dtype in (*FLOATS, torch.int64, torch.int8):
            rows_1, rows_2 = ROWS_OF_FLOATS if dtype.is_floating_point else ROWS_OF_INTS
            both = (zip(*rows, strict=True) for rows in zip(rows_1, rows_2, strict=True))
            sums = [[a + b for a, b in row] for row in both]
            x1, x2, total = (
                torch.tensor(rows, dtype=dtype).to(device) for rows in (rows_1, rows_2, sums)
            )
            expect_values(function(solution, x1, x2), total, SUM, rtol=0, atol=0)


@aspect("gradient")
def test_add_is_recorded(solution, device):
    """Gradients reach x1 and x2 through add, each of them also if it alone requires grad."""
    for dtype in FLOATS:
        for names in (["x1", "x2"], ["x1"], ["x2"]):
            x1, x2, _ = pair(device, dtype)
            cotangent = random_like(x1, seed=3)
            inputs = {name: {"x1": x1, "x2": x2}[name].requires_grad_() for name in names}
            got = add(solution, x1, x2)
            expect_shape(got, (2, 3))
            expected = dict.fromkeys(names, cotangent)
            which = f" Here {names[0]} alone requires grad." if len(names) == 1 else ""
            expect_gradients(got, inputs, cotangent, expected, UNRECORDED + which)


@aspect("gradient")
def test_add_in_place_is_recorded(solution, device):
    """Gradients reach what x1 and x2 came from through add_."""
    for dtype in FLOATS:
        x1, x2, _ = pair(device, dtype)
        x1.requires_grad_()
        x2.requires_grad_()
        got = add_in_place(solution, x1 * 3, x2)
        expect_shape(got, (2, 3))
        cotangent = random_like(x1.detach(), seed=4)
        expected = {"x1": cotangent * 3, "x2": cotangent.clone()}
        expect_gradients(got, {"x1": x1, "x2": x2}, cotangent, expected, UNRECORDED)


@aspect("gradient")
def test_add_in_place_is_recorded_for_one_alone(solution, device):
    """A gradient reaches x1 or x2 through add_ even if the other one was not tracked before."""
    for dtype in FLOATS:
        x1, x2, _ = pair(device, dtype)
        x2.requires_grad_()
        got = add_in_place(solution, x1, x2)
        expect_shape(got, (2, 3))
        cotangent = random_like(x2.detach(), seed=5)
        expect_gradients(got, {"x2": x2}, cotangent, {"x2": cotangent.clone()}, UNRECORDED)
        source, x2, _ = pair(device, dtype)
        tracked = source.requires_grad_() * 3
        multiplication = tracked.grad_fn
        got = add_in_place(solution, tracked, x2)
        expect_shape(got, (2, 3))
        expected = {"x1": cotangent * 3}
        expect_gradients(got, {"x1": source}, cotangent, expected, UNRECORDED)
        is_new = got.grad_fn is not multiplication
        expect(is_new, "left the addition out of autograd's record.", RECORDED)


@aspect("memory")
def test_add_makes_a_new_tensor(solution, device):
    """add leaves x1 and x2 as they were and returns memory of its own."""
    for case in CASES:
        x1, x2, _ = pair(device, *case)
        got = add(solution, x1, x2)
        expect_new_memory(got, x1, x2, hint=NEW)
        kept = got.detach().clone()
        add(solution, x2, x2)
        expect(torch.equal(got, kept), "changed the result of an earlier call.", AGAIN)


@aspect("memory")
def test_add_in_place_writes_into_the_memory_of_x1(solution, device):
    """add_ writes into x1's own memory: a view made before sees the sum."""
    for case in CASES:
        x1, x2, total = pair(device, *case)
        alias, address, strides = x1.detach(), x1.data_ptr(), x1.stride()
        with untouched(ONLY_X1, x2=x2):
            solution.add_(x1, x2)
        seen = torch.equal(alias.cpu(), total.cpu())
        expect(seen, ALIAS_OLD.format(old=alias.tolist()), hint_for(IN_PLACE, *case[1:]))
        same_place = x1.data_ptr() == address and x1.stride() == strides
        expect(same_place, "moved x1 to other memory.", MEMORY)


@aspect("memory")
def test_add_in_place_writes_nowhere_else(solution, device):
    """add_ leaves the memory around x1 as it was."""
    for layout in ("every second element", "at an offset"):
        x1, x2, _ = pair(device, torch.float32, layout)
        size = x1.untyped_storage().nbytes() // x1.element_size()
        whole = x1.detach().as_strided((size,), (1,), 0)
        places = torch.arange(size).as_strided((2, 3), x1.stride(), x1.storage_offset())
        own, before = set(places.flatten().tolist()), whole.tolist()
        solution.add_(x1, x2)
        for place, (old, new) in enumerate(zip(before, whole.tolist(), strict=True)):
            expect(place in own or old == new, AROUND.format(old=old, new=new), ONLY_X1)
