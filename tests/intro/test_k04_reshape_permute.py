"""The checks of intro/k04_reshape_permute: six different numbers, placed by Python's indices."""

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
    expect_shape,
    expect_tensor,
    expect_values,
    expect_view,
    random_like,
    untouched,
)

TUPLE = "Return both at once: `return rows, permuted`."
RETURN = "Does every path of your function end in a return?"
ORDER = "`rows` holds the numbers of x in their order, three to a row."
SWAP = "A reshape keeps the order of the numbers; `permuted[j, i]` has to be `rows[i, j]`."
VIEW = "Neither operation has to copy: both only describe x's memory anew."
KEEP = "Make new views of x; `resize_` and in-place operations change x itself."
TRACKED = "Work on x itself: `detach`, `.data`, `tolist` and copies of the values cut the graph."
ALSO_TRACKED = "Nothing has to be copied where x requires grad either."
CUT_OFF = "returned as {name} a tensor that autograd does not track: no gradient reaches x."

NUMBERS = [11, 3, 7, 2, 5, 13]
FLOATS = [torch.float32, torch.float64, torch.bfloat16, torch.float16]
DTYPES = [*FLOATS, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
DTYPES += [torch.complex64, torch.complex128]
PLACES = {
    "memory of its own": "",
    "inside a larger memory": "Here x begins inside of a larger memory.",
    "a row of a matrix": "Here x is a row of a matrix.",
}
# every dtype in memory of its own, and every place in one dtype
CASES = [("memory of its own", dtype) for dtype in DTYPES]
CASES += [(place, torch.float32) for place in PLACES]


def from_numbers(x):
    """Both results put together from single numbers, in memory of their own."""
    rows = torch.stack([torch.stack([x[3 * i + j] for j in range(3)]) for i in range(2)])
    return rows, torch.stack([torch.stack([x[3 * i + j] for i in range(2)]) for j in range(3)])


BENCHMARK = Benchmark(
    "reshape_and_permute",
    means="x: shape (6,), float32",
    inputs=lambda n: (torch.arange(n).float(),),
    sizes=(6,),
    naive=from_numbers,
)


def numbers(dtype):
    """The six numbers of x, as far as the dtype can hold them; complex ones are not real."""
    if dtype == torch.bool:
        return [number > 5 for number in NUMBERS]
    return (
        [number + 1j * index for index, number in enumerate(NUMBERS)]
        if dtype.is_complex
        else NUMBERS
    )


def vector(device, place="memory of its own", dtype=torch.float32):
    """The contiguous x with its numbers, at some place of its memory."""
    x = torch.tensor(numbers(dtype), dtype=dtype).to(device)
    if place == "inside a larger memory":
        longer = x.new_zeros(11)
        longer[4:10] = x
        return longer[4:10]
    if place == "a row of a matrix":
        matrix = x.new_ones(3, 6)
        matrix[1] = x
        return matrix[1]
    return x


def in_rows(six):
    return [six[:3], six[3:]]


def in_columns(six):
    return [[six[j], six[3 + j]] for j in range(3)]


def both(solution, x):
    """The learner's two results, once they are a tuple of two tensors and x is as it was."""
    with untouched(KEEP, x=x):
        got = solution.reshape_and_permute(x)
    if not isinstance(got, tuple) or tuple.__len__(got) != 2:
        is_plain = isinstance(got, list | dict)
        kind = f"a {type(got).__name__} of {len(got)}" if is_plain else describe(got)
        hint = RETURN if got is None else TUPLE
        raise CheckFailed(f"returned {kind}; expected the tuple (rows, permuted).", hint)
    rows, permuted = tuple.__iter__(got)
    expect_tensor(rows, subject="rows")
    expect_tensor(permuted, subject="permuted")
    return rows, permuted


def both_in_shape(solution, x):
    """The learner's two results, once they have their shapes too."""
    rows, permuted = both(solution, x)
    expect_shape(rows, (2, 3), ORDER, subject="rows")
    expect_shape(permuted, (3, 2), SWAP, subject="permuted")
    return rows, permuted


@aspect("type")
def test_returns_a_tuple_of_two_tensors(solution, device):
    """The result is a tuple of two tensors."""
    both(solution, vector(device))


@aspect("shape")
def test_has_the_shapes(solution, device):
    """The shapes are (2, 3) and (3, 2)."""
    both_in_shape(solution, vector(device))


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """Both have the dtype of x."""
    for dtype in DTYPES:
        rows, permuted = both(solution, vector(device, dtype=dtype))
        expect_dtype(rows, dtype, subject="rows")
        expect_dtype(permuted, dtype, subject="permuted")


@aspect("device")
def test_stays_on_the_device(solution, device):
    """Both lie where x lies."""
    rows, permuted = both(solution, vector(device))
    expect_device(rows, device, subject="rows")
    expect_device(permuted, device, subject="permuted")


@aspect("values")
def test_rows_hold_the_numbers_in_order(solution, device):
    """rows holds the numbers of x in their order."""
    for place, dtype in CASES:
        rows, _ = both(solution, vector(device, place, dtype))
        expected = torch.tensor(in_rows(numbers(dtype)), dtype=dtype)
        hint = f"{ORDER} {PLACES[place]}".strip()
        expect_values(rows, expected, hint, "rows", rtol=0, atol=0)


@aspect("values")
def test_permuted_swaps_the_dimensions(solution, device):
    """permuted[j, i] is rows[i, j]."""
    for place, dtype in CASES:
        _, permuted = both(solution, vector(device, place, dtype))
        expected = torch.tensor(in_columns(numbers(dtype)), dtype=dtype)
        hint = f"{SWAP} {PLACES[place]}".strip()
        expect_values(permuted, expected, hint, "permuted", rtol=0, atol=0)


@aspect("gradient")
def test_gradients_reach_x(solution, device):
    """Gradients reach x through rows and through permuted."""
    for dtype in FLOATS:
        source = vector(device, dtype=dtype).requires_grad_()
        rows, permuted = both_in_shape(solution, source.clone())
        expect(rows.grad_fn is not None, CUT_OFF.format(name="rows"), TRACKED)
        expect(permuted.grad_fn is not None, CUT_OFF.format(name="permuted"), TRACKED)
        weights = random_like(source.detach(), seed=7)
        by_rows = torch.stack([weights[:3], weights[3:]])
        by_columns = torch.stack([by_rows[:, j] for j in range(3)])
        expect_gradients(rows, {"x": source}, by_rows, {"x": weights.clone()}, ORDER)
        expect_gradients(permuted, {"x": source}, by_columns, {"x": weights.clone()}, SWAP)


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x keeps its shape, its strides and its values."""
    for place in PLACES:
        both(solution, vector(device, place))


@aspect("memory")
def test_both_are_views_of_x(solution, device):
    """A write to x is seen in rows and in permuted."""
    tracked = vector(device).requires_grad_().clone()
    inputs = [(vector(device, dtype=dtype), VIEW) for dtype in DTYPES]
    for x, hint in [*inputs, (tracked, ALSO_TRACKED)]:
        rows, permuted = both_in_shape(solution, x)
        expect_view(rows, x, hint, subject="rows")
        expect_view(permuted, x, hint, subject="permuted")
    for place, where in PLACES.items():
        x = vector(device, place)
        rows, permuted = both_in_shape(solution, x)
        hint = f"{VIEW} {where}".strip()
        expect_view(rows, x, hint, subject="rows")
        expect_view(permuted, x, hint, subject="permuted")
        x += 30
        six = [number + 30 for number in NUMBERS]
        for name, got, expected in (
            ("rows", rows, in_rows(six)),
            ("permuted", permuted, in_columns(six)),
        ):
            seen = torch.tensor(expected, dtype=torch.float32)
            after = f"{name}, after 30 was added to x in place,"
            expect_values(got, seen, hint, after, rtol=0, atol=0)
