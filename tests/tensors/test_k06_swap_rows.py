"""The checks of tensors/k06_swap_rows: rows of lists, swapped in Python."""

import math

import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    in_layout,
    shares_storage,
)

IN_PLACE = "Write into x with an assignment such as `x[…] = …`; a new tensor leaves x as it was."
ITSELF = "x itself is meant: the object that came in, not another one with the same numbers."
MEMORY = "`x.data = …` gives x other memory. Write into the memory that it has."
ROWS = "Rows lie along the first dimension: row i is `x[i]`."
DOUBLED = "x[i] is a view: once its row is overwritten, it shows the new numbers. Copy a row first."
UNCHANGED = "x is as it was: which row goes where, and is it written to x, or to a copy?"
SAME = "What do your steps do to row i when j is the same row?"
NEGATIVE = "Negative rows count from the end: row -1 is the last one."
EXACT = "The rows move as they are: arithmetic, or another dtype on the way, changes numbers."
AROUND = "Only the two rows of x may change."

COPY = "left x as it was and returned {got}, a new one; expected x itself, with its rows swapped."
VIEW = "returned another tensor in the memory of x; expected x itself."
OTHER = "returned {got}, a new one; expected x itself."
ROW = "left {got} in row {row} of x; expected {expected}, {which}."
ALIAS = "put the rows into other memory: a view of x made before the call still shows {old}."
ZERO = "made {got} of {expected}: 0.0 and -0.0 are equal, but not the same."
OUTSIDE = "wrote into the memory around x: next to it {old} became {new}."

SHAPE = (5, 2)
PAIRS = [(0, 4), (3, 1), (1, 2)]
NEGATIVES = [(-1, 0), (1, -2), (-4, -3)]
ONE_ROW = [(2, 2), (-1, 4), (-5, -5)]
LAYOUTS = {
    "contiguous": IN_PLACE,
    "transposed": "Here x lies in memory column by column.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
}
INF, NAN = math.inf, math.nan
# Rows that lose something in arithmetic or in another dtype.
DELICATE = {
    torch.float64: [[1 + 2.0**-40, 1e300], [NAN, 1.0], [INF, -1e-300]],
    torch.float32: [[1 + 2.0**-20, 1e30], [NAN, 1.0], [-INF, -0.0]],
    torch.float16: [[60000.0, 1.0], [0.001, INF], [1.0009765625, NAN]],
    torch.bfloat16: [[3e38, 1.0], [1e-30, INF], [1.0078125, NAN]],
    torch.int64: [[2**62 + 1, 1], [-(2**62) - 3, 2], [2**53 + 1, 3]],
    torch.complex64: [[1 + 2j, -0.5j], [1j, 2.0], [1e30j, 1 - 2.0**-20 * 1j]],
    torch.complex128: [[1 + 2.0**-40 * 1j, 1e300], [1j, 2.0], [-1e-300j, 2j]],
    torch.int32: [[2**30 + 1, 1], [-(2**31), 2], [2**24 + 1, 3]],
    torch.int16: [[2**15 - 1, 1], [-(2**15), 2], [2**11 + 1, 3]],
    torch.int8: [[127, 1], [-128, 2], [100, 3]],
    torch.uint8: [[255, 1], [0, 2], [200, 3]],
    torch.bool: [[True, False], [True, True], [False, False]],
}


def by_a_copy_of_everything(x, i, j):
    """Right, but all rows are read and written though two of them change."""
    order = list(range(len(x)))
    order[i], order[j] = order[j], order[i]
    return x.copy_(x[order])


BENCHMARK = Benchmark(
    "swap_rows_",
    means="x: shape (n, 64), float32; its first and last row",
    inputs=lambda n: (torch.arange(64.0 * n).reshape(n, 64) % 7, 0, n - 1),
    sizes=(10, 1_000, 100_000),
    bytes_moved=lambda _n: 4 * 64 * 4,  # read and write two rows
    naive=by_a_copy_of_everything,
)


def numbered(device, shape=SHAPE, layout="contiguous"):
    """A tensor of the numbers 1, 2, 3, …"""
    x = torch.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    return in_layout(x.to(device), layout)


def swap(solution, x, i, j):
    """Have the learner's swap_rows_ swap rows of x, and see that x itself comes back."""
    before = x.tolist()
    got = solution.swap_rows_(x, i, j)
    expect_tensor(got)
    if got is x:
        return
    if shares_storage(got, x):
        raise CheckFailed(VIEW, ITSELF)
    if i != j and x.tolist() == before:
        raise CheckFailed(COPY.format(got=describe(got)), IN_PLACE)
    raise CheckFailed(OTHER.format(got=describe(got)), ITSELF)


def expect_swapped(solution, x, i, j, hint):
    """After the call, each row of x is the right one of the old rows."""
    old, shape = x.tolist(), tuple(x.shape)
    swap(solution, x, i, j)
    expect_shape(x, shape, subject="x")
    n, now = len(old), x.tolist()
    i, j = i % n, j % n
    source = {**dict(enumerate(range(n))), i: j, j: i}
    for row in sorted(source, key=lambda row: row not in (i, j)):
        expected = old[source[row]]
        which = "as before" if source[row] == row else f"which row {source[row]} held before"
        if hint in (ROWS, DOUBLED, AROUND):
            is_doubled = i != j and now[i] == now[j]
            hint = DOUBLED if is_doubled else AROUND if source[row] == row else ROWS
            hint = UNCHANGED if now == old and i != j else hint
        sentence = ROW.format(got=now[row], row=row, expected=expected, which=which)
        expect(now[row] == expected, sentence, hint)


@aspect("type")
def test_returns_x_itself(solution, device):
    """swap_rows_ returns x itself, the same object."""
    swap(solution, numbered(device, (3, 2)), 0, 2)
    swap(solution, numbered(device, (3, 2)), 1, 1)


@aspect("values")
def test_swaps_two_rows(solution, device):
    """The rows i and j change places, and the others stay."""
    for i, j in PAIRS:
        expect_swapped(solution, numbered(device), i, j, ROWS)
    expect_swapped(solution, numbered(device, (2, 1)), 1, 0, ROWS)


@aspect("values")
def test_swaps_rows_of_more_dimensions(solution, device):
    """A row may have several dimensions, or no elements at all."""
    expect_swapped(solution, numbered(device, (4, 2, 3)), 0, 2, ROWS)
    expect_swapped(solution, numbered(device, (3, 2, 1, 2)), 2, 1, ROWS)
    expect_swapped(solution, numbered(device, (3, 0)), 0, 2, ROWS)


@aspect("values")
def test_negative_rows_count_from_the_end(solution, device):
    """Row -1 is the last one."""
    for i, j in NEGATIVES:
        expect_swapped(solution, numbered(device), i, j, NEGATIVE)


@aspect("values")
def test_a_row_swapped_with_itself_stays(solution, device):
    """Nothing changes where i and j are the same row."""
    for i, j in ONE_ROW:
        expect_swapped(solution, numbered(device), i, j, SAME)
    expect_swapped(solution, numbered(device, (1, 3)), 0, -1, SAME)


@aspect("values")
def test_moves_the_rows_exactly(solution, device):
    """The numbers of both rows stay as they are, in every dtype."""
    for dtype, rows in DELICATE.items():
        x = torch.tensor(rows, dtype=dtype).to(device)
        swap(solution, x, 0, 2)
        expect_dtype(x, dtype, subject="x")
        expected = torch.tensor([rows[2], rows[1], rows[0]], dtype=dtype)
        expect_values(x, expected, EXACT, rtol=0, atol=0)
        for now, right in zip(x.flatten().tolist(), expected.flatten().tolist(), strict=True):
            is_other_zero = right == 0 and str(now) != str(right)
            expect(not is_other_zero, ZERO.format(got=now, expected=right), EXACT)


@aspect("memory")
def test_writes_into_the_memory_of_x(solution, device):
    """The rows change places in x's own memory; a view made before sees it."""
    for layout, hint in LAYOUTS.items():
        x = numbered(device, (3, 2), layout)
        alias, address, strides = x.detach(), x.data_ptr(), x.stride()
        expect_swapped(solution, x, 0, 2, hint)
        seen = alias.tolist() == [[5, 6], [3, 4], [1, 2]]
        expect(seen, ALIAS.format(old=alias.tolist()), MEMORY)
        expect(x.data_ptr() == address and x.stride() == strides, "moved x in memory.", MEMORY)
        expect_swapped(solution, numbered(device, (3, 2, 2), layout), 0, 2, hint)


@aspect("memory")
def test_writes_nowhere_else(solution, device):
    """The memory around x stays as it was."""
    for layout in ("every second element", "at an offset"):
        x = numbered(device, (3, 2), layout)
        size = x.untyped_storage().nbytes() // x.element_size()
        whole = x.detach().as_strided((size,), (1,), 0)
        places = torch.arange(size).as_strided((3, 2), x.stride(), x.storage_offset())
        own, before = set(places.flatten().tolist()), whole.tolist()
        swap(solution, x, 0, 2)
        for place, (old, new) in enumerate(zip(before, whole.tolist(), strict=True)):
            expect(place in own or old == new, OUTSIDE.format(old=old, new=new), AROUND)
