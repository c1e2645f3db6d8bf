"""The checks of tensors/k05_negate_between: Python compares and negates number by number."""

import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_tensor,
    expect_values,
    layouts,
    shares_storage,
)

IN_PLACE = "`x.clone()`, `-x` and `torch.where` make new tensors. Write into the x that came in."
ITSELF = "x itself is meant: the object that came in, not another one with the same numbers."
BETWEEN = "Each element from {low} to {high} changes its sign, once, and no other element does."
BOUNDS = "An element that equals a bound, here {low} or {high}, is negated too."
NOTHING = "No number is {low} or more and {high} or less: x stays as it is."
NEVER = "Only what lies between {low} and {high} is touched: NaN does not, and inf times 0 is NaN."
EXACT = "Compare and negate in the dtype of x: on the way through another one, digits get lost."
FRACTION = "A bound like {low} is no integer, and must not be cut to one: what lies beside it?"
UNCHANGED = "x[mask] reads a copy: what is done to that copy in place is lost. Assign to x[mask]."
MEMORY = "Give x no other memory: write into the memory that it has."
ONLY_X = "Only the elements of x may change."

COPY = "left x as it was and returned {got}; expected x itself, with its elements negated."
VIEW = "returned another tensor in the memory of x; expected x itself."
OTHER = "changed x, but returned {got}; expected x itself."
STILL = "returned x, but left it as it was; expected {expected}."
ALIAS_OLD = "put the numbers into other memory: a view of x made before still shows {old}."
AROUND = "wrote into the memory around x: it held {old} and now holds {new}."

SHAPES = [(2, 3), (5,), (2, 1, 3), (1,), (), (0,), (0, 3)]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x lies in memory column by column.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
}
INF, NAN = float("inf"), float("nan")
INTEGERS = [torch.int64, torch.int32, torch.int16, torch.int8]
FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
# Below, at and above the bounds, on both sides of 0; -5 is what 5 becomes if it is touched.
ELEMENTS = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5]
RANGES = [(-2, 4), (1, 3), (-3, -1), (-4, 2), (0, 5), (-5, 5), (2.5, 3.5), (-INF, 1), (2, INF)]
FRACTIONS = [(-1.5, 2.5), (1.5, 3.5), (-3.5, -1.5)]
WIDE = (-(2**62), 2**62)  # too many numbers to list them all
EMPTY_OR_ONE = [(2, 2), (3, 1), (7, 9), (INF, -INF)]
# dtype, elements, low, high: in a narrower dtype a neighbour would lie inside too
PRECISE = [
    (torch.int64, [2**53, 2**53 + 1, 2**53 + 2], 2**53 + 1, 2**53 + 1),
    (torch.int32, [2**24, 2**24 + 1, 2**24 + 2], 2**24 + 1, 2**24 + 1),
    (torch.float32, [1.0, 1 + 2.0**-20, 1 + 2.0**-19], 1 + 2.0**-20, 1 + 2.0**-20),
    (torch.float16, [1.0, 1 + 2.0**-10, 1 + 2.0**-9], 1 + 2.0**-10, 1 + 2.0**-10),
    (torch.bfloat16, [2.0**100, 2.0**101, -3.0], 2.0**101, INF),
    (torch.float64, [1.0, 1 + 2.0**-40, 0.1], 1 + 2.0**-40, 2.0),
    (torch.float64, [0.1, 0.3, -0.1], 0.1, 0.3),
]


def by_way_of_a_list(x, low, high):
    """Each number an object of Python's in between."""
    x[:] = torch.tensor([-e if low <= e <= high else e for e in x.tolist()], device=x.device)
    return x


BENCHMARK = Benchmark(
    "negate_between_",
    means="x: shape (n,), float32",
    inputs=lambda n: (torch.arange(n) % 7.0, 2, 4),
    sizes=(1_000, 100_000, 10_000_000),
    bytes_moved=lambda n: 2 * 4 * n,  # read x and write it
    operations=lambda n: 3 * n,  # two comparisons and a sign
    naive=by_way_of_a_list,
    naive_up_to=100_000,
)


def numbers(shape, device, dtype=torch.float32):
    """1, 2, 3, … in this shape."""
    return torch.arange(1, torch.Size(shape).numel() + 1, dtype=dtype).reshape(shape).to(device)


def negated(x, low, high):
    """What x should hold, by Python's comparisons, on the CPU."""
    flat = [-number if low <= number <= high else number for number in x.flatten().tolist()]
    return torch.tensor(flat, dtype=x.dtype, device="cpu").reshape(tuple(x.shape))


def plain_numbers(x):
    """The elements of x, where None stands for NaN, which does not equal itself."""
    return [None if number != number else number for number in x.flatten().tolist()]


def expect_negated(solution, x, low, high, hint=BETWEEN):
    """What comes back is x itself, and x holds what it should."""
    before, expected = plain_numbers(x), negated(x, low, high)
    got = solution.negate_between_(x, low, high)
    expect_tensor(got)
    is_untouched = plain_numbers(x) == before != plain_numbers(expected)
    if got is not x:
        if shares_storage(got, x):
            raise CheckFailed(VIEW, ITSELF)
        if is_untouched:
            raise CheckFailed(COPY.format(got=describe(got)), IN_PLACE)
        raise CheckFailed(OTHER.format(got=describe(got)), ITSELF)
    where = hint.format(low=low, high=high)
    if is_untouched:
        where = UNCHANGED if hint is BETWEEN else where
        raise CheckFailed(STILL.format(expected=expected.tolist()), where)
    expect_values(got, expected, where, rtol=0, atol=0)


@aspect("type")
def test_returns_x_itself(solution, device):
    """negate_between_ returns x itself."""
    x = numbers((5,), device)
    got = solution.negate_between_(x, 2, 4)
    expect_tensor(got)
    if got is not x:
        expect_negated(solution, numbers((5,), device), 2, 4)  # says what became of x


@aspect("values")
def test_negates_between_the_bounds(solution, device):
    """Elements strictly between the bounds change their sign, and those outside do not."""
    for low, high in RANGES:
        inside = [e for e in ELEMENTS if e not in (low, high)]
        x = torch.tensor(inside, dtype=torch.float32, device=device)
        expect_negated(solution, x, low, high)


@aspect("values")
def test_includes_both_bounds(solution, device):
    """An element that equals a bound changes its sign too."""
    for low, high in [*RANGES, *EMPTY_OR_ONE]:
        x = torch.tensor(ELEMENTS, dtype=torch.float32, device=device)
        expect_negated(solution, x, low, high, BOUNDS if low <= high else NOTHING)


@aspect("values")
def test_holds_for_every_dtype(solution, device):
    """Floats and signed integers of every size keep their dtype and their last digit."""
    cases = [(dtype, ELEMENTS, -2, 4) for dtype in (*FLOATS, *INTEGERS)]
    for dtype, elements, low, high in [*cases, *PRECISE]:
        x = torch.tensor(elements, dtype=dtype, device=device)
        expect_negated(solution, x, low, high, EXACT)


@aspect("values")
def test_takes_any_bounds_for_integers(solution, device):
    """The bounds of integers may be fractions, and far apart."""
    for dtype in INTEGERS:
        for low, high in FRACTIONS:
            x = torch.tensor(ELEMENTS, dtype=dtype, device=device)
            expect_negated(solution, x, low, high, FRACTION)
    x = torch.tensor([*ELEMENTS, 2**62 + 1], device=device)
    expect_negated(solution, x, *WIDE)


@aspect("values")
def test_leaves_nan_and_inf_alone(solution, device):
    """NaN stays NaN; an infinite element changes its sign only if a bound is infinite."""
    for low, high in ((1, 3), (-INF, 1), (2, INF)):
        x = torch.tensor([INF, -INF, NAN, 2.0, 1.0], device=device)
        expect_negated(solution, x, low, high, NEVER)


@aspect("values")
def test_follows_shape_and_strides(solution, device):
    """Every element is looked at, whatever the shape and the strides of x."""
    for shape in SHAPES:
        expect_negated(solution, numbers(shape, device), 1, 3)
    for layout, x in layouts(numbers((2, 3), device, torch.int64)).items():
        expect_negated(solution, x, 2, 5, LAYOUTS[layout])


@aspect("memory")
def test_writes_into_the_memory_of_x(solution, device):
    """A view of x made before the call sees the change, and x has not moved."""
    for layout, x in layouts(numbers((2, 3), device)).items():
        alias, address, strides = x.detach(), x.data_ptr(), x.stride()
        expected = negated(x, 2, 5)
        solution.negate_between_(x, 2, 5)
        hint = f"{IN_PLACE} {LAYOUTS[layout]}".strip()
        expect(alias.tolist() == expected.tolist(), ALIAS_OLD.format(old=alias.tolist()), hint)
        same_place = x.data_ptr() == address and x.stride() == strides
        expect(same_place, "moved x to other memory.", MEMORY)


@aspect("memory")
def test_writes_nowhere_else(solution, device):
    """What lies in memory between and beside the elements of x stays as it is."""
    for start, step in ((1, 2), (5, 1), (0, 3)):
        whole = numbers((20,), device)
        rest = torch.ones(20, dtype=torch.bool, device="cpu")
        rest[start : start + 6 * step : step] = False
        before = whole.cpu()[rest].tolist()
        solution.negate_between_(whole[start : start + 6 * step : step].view(2, 3), -INF, INF)
        after = whole.cpu()[rest].tolist()
        expect(after == before, AROUND.format(old=before, new=after), ONLY_X)
