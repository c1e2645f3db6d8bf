"""The checks of intro/k06_indexing: parts of nested lists, taken out by Python's own indices."""

import pytest
import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    dtype_name,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    layouts,
    untouched,
)

AS_A_TENSOR = "What indexing gives is a tensor already: return it as one piece, and as it is."
ROW_OR_COLUMN = "In x[i, j] the first index counts rows and the second columns, both from 0."
END_EXCLUDED = "A slice a:b ends before b, so it takes b - a of them."
KEPT_DIMENSION = "A slice keeps its dimension, even of size 1; a number as index drops it."
ORDER = "The numbers are the right ones, but x holds them in another order."
ROWS_TWICE = "A slice of rows is a matrix again, so that x[a:b][c] chooses a row of it."
STRIDES = "Index x itself: where its numbers lie in memory is for x's strides to say."
EXACT = "Take the numbers out as they are: another dtype or arithmetic on them may change them."
DTYPE = "Take the numbers out of x itself: they need no other dtype."
DEVICE = "The part lies where x lies, on a machine with a GPU too."
KEEP = "Only look at x: in-place methods, with a trailing underscore, change x itself."
ANEW = "Take the numbers out of x at each call, and keep nothing from one call to the next."

NAMES = ["second_column", "first_row", "last_column_of_first_two_rows"]
# of one dimension, and too long or too short
WRONG_END = ("the last column", "column of the first two rows", "three numbers of the first row")
SHAPES = dict(zip(NAMES, [(3,), (4,), (2,)], strict=True))
EACH = pytest.mark.parametrize("name", NAMES)

# in no row or column are they sorted
ROWS = [[3, 8, 1, 5], [7, 2, 11, 4], [6, 10, 9, 12]]
BOOLS = [[True, False, False, True], [True, True, False, False], [False, True, True, False]]
FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INTS = [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64]


def row_by_row(x):
    """The column collected in a loop over the rows."""
    return torch.stack([row[1] for row in x])


BENCHMARK = Benchmark(
    "second_column",
    means="x: shape (n, 4), float32",
    inputs=lambda n: ((torch.arange(4 * n) % 1000).float().view(n, 4),),
    sizes=(3, 1_000, 1_000_000),
    naive=row_by_row,
    naive_up_to=1_000,
)


def part(name, rows):
    """The part of the rows that is asked for."""
    if name == "second_column":
        return [row[1] for row in rows]
    return rows[0] if name == "first_row" else [rows[0][3], rows[1][3]]


def extreme_rows(dtype):
    """Two matrices that only survive where nothing is computed and no dtype is changed."""
    if dtype == torch.bool:
        rows = BOOLS
    elif not dtype.is_floating_point:
        low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
        rows = [[5, high, low, high - 1], [7, low, 3, high], [9, high - 2, 2, 1]]
    else:
        nan, inf = float("nan"), float("inf")
        fine, high = 1 + torch.finfo(dtype).eps, torch.finfo(dtype).max
        rows = [[-inf, fine, nan, high], [nan, inf, 2.0, fine], [-high, nan, inf, nan]]
    return rows, [row[::-1] for row in rows]  # so that each part meets an inf and a NaN


def strided():
    """In words → x with these strides, and its rows."""
    kinds = {kind: (x, ROWS) for kind, x in layouts(torch.tensor(ROWS)).items()}
    line = torch.tensor([3, 5, 8, 13, 21, 34])
    windows = [[3, 5, 8, 13], [5, 8, 13, 21], [8, 13, 21, 34]]
    kinds["overlapping rows"] = line.as_strided((3, 4), (1, 1)), windows
    kinds["one row, expanded"] = line[:4].expand(3, 4), [[3, 5, 8, 13]] * 3
    column = line[3:].unsqueeze(1)
    kinds["one column, expanded"] = column.expand(3, 4), [[n] * 4 for n in (13, 21, 34)]
    return kinds


def parts_by_name(rows):
    """What a wrong answer may have taken instead, in words → its numbers."""
    count = ("first", "second", "third", "last")
    columns = [list(column) for column in zip(*rows, strict=True)]
    parts = {f"the {count[j]} column": column for j, column in enumerate(columns)}
    parts |= {f"the {'last' if i == 2 else count[i]} row": row for i, row in enumerate(rows)}
    for j, column in enumerate(columns):
        parts[f"the {count[j]} column of the first two rows"] = column[:2]
        parts[f"the {count[j]} column of the last two rows"] = column[1:]
    parts["the first three numbers of the first row"] = rows[0][:3]
    parts["the last two numbers of the first row"] = rows[0][2:]
    parts["the first two numbers of the last row"] = rows[2][:2]
    parts["the whole first two rows"] = rows[:2]
    parts["x as a whole"] = rows
    return parts


def in_words(got, rows):
    """Which other part of x came back, after a comma; nothing where it is none."""
    found = [text for text, numbers in parts_by_name(rows).items() if numbers == got.tolist()]
    return f", {found[0]}" if found else ""


def shown(numbers):
    texts = [f"{n:.6g}" if isinstance(n, float) else str(n) for n in numbers]
    return f"[{', '.join(texts)}]"


def expect_part(name, got, x, rows, hint, case=""):
    """Exactly these numbers. Compared as Python's texts: exact, and a NaN equals itself."""
    expect_shape(got, SHAPES[name], ROW_OR_COLUMN)
    expect_dtype(got, x.dtype, DTYPE)
    # what x's dtype makes of the numbers, without x
    numbers, expected = got.tolist(), torch.tensor(part(name, rows), dtype=x.dtype).tolist()
    if str(numbers) == str(expected):
        return
    if str(x.tolist()) != str(torch.tensor(rows, dtype=x.dtype).tolist()):
        hint = KEEP
    elif sorted(map(str, numbers)) == sorted(map(str, expected)):
        hint = ORDER
    a, b = shown(numbers), shown(expected)
    if a == b:  # they differ only behind the sixth digit
        a, b = str(numbers), str(expected)
    raise CheckFailed(f"returned {a}{in_words(got, rows)}; expected {b}{case}.", hint)


@aspect("type")
@EACH
def test_returns_a_tensor(solution, name):
    """Each function returns a tensor."""
    got = getattr(solution, name)(torch.tensor(ROWS))
    expect_tensor(got, "" if got is None else AS_A_TENSOR)


@aspect("shape")
@EACH
def test_has_the_shape(solution, name):
    """A column of three rows has the shape (3,), a row (4,), the last column of two rows (2,)."""
    got = getattr(solution, name)(torch.tensor(ROWS))
    expect_tensor(got)
    shape = tuple(got.shape)
    words = in_words(got, ROWS)
    hint = KEPT_DIMENSION if len(shape) != 1 and not words else ROW_OR_COLUMN
    if shape == (1,) or any(text in words for text in WRONG_END):
        hint = END_EXCLUDED
    if name == "last_column_of_first_two_rows" and words == ", the second row":
        hint = ROWS_TWICE
    sentence = f"returned a tensor of shape {shape}{words}; expected shape {SHAPES[name]}."
    expect(shape == SHAPES[name], sentence, hint)


@aspect("dtype")
@EACH
def test_keeps_the_dtype(solution, name):
    """The part has the dtype of x."""
    for dtype in (*FLOATS, *INTS, torch.bool):
        expect_dtype(getattr(solution, name)(torch.tensor(ROWS).to(dtype)), dtype, DTYPE)


@aspect("device")
@EACH
def test_stays_on_the_device(solution, device, name):
    """The part lies where x lies."""
    for place in dict.fromkeys(("cpu", device)):
        x = torch.tensor(ROWS).to(place)
        expect_device(getattr(solution, name)(x), place, DEVICE)


@aspect("values")
@EACH
def test_holds_the_right_numbers(solution, device, name):
    """The part holds the right numbers of x, in their order, for every dtype."""
    x = torch.tensor(ROWS).to(device)
    expect_part(name, getattr(solution, name)(x), x, ROWS, ROW_OR_COLUMN)
    for dtype in (*FLOATS, *INTS, torch.bool):
        for rows in extreme_rows(dtype):
            x = torch.tensor(rows, dtype=dtype).to(device)
            case = f", for an x of dtype {dtype_name(dtype)}"
            expect_part(name, getattr(solution, name)(x), x, rows, EXACT, case)


@aspect("values")
@EACH
def test_takes_any_strides(solution, name):
    """The numbers are the right ones wherever x keeps them in memory."""
    for kind, (x, rows) in strided().items():
        case = f", for an x whose strides are {x.stride()} ({kind})"
        got = getattr(solution, name)(x)
        expect_part(name, got, x, rows, STRIDES, case)


@aspect("memory")
@EACH
def test_leaves_x_as_it_is(solution, name):
    """x keeps its shape, its strides and its values."""
    for x in (*(x for x, _ in strided().values()), torch.tensor(ROWS).double()):
        with untouched(KEEP, x=x):
            getattr(solution, name)(x)


@aspect("memory")
@EACH
def test_looks_at_x_anew_at_each_call(solution, name):
    """A later call leaves the results of an earlier one, and sees what was written to x since."""
    x, other = torch.tensor(ROWS), torch.tensor(ROWS) + 20
    first = getattr(solution, name)(x)
    expect_tensor(first)
    kept = first.detach().clone()
    getattr(solution, name)(other)
    expect(torch.equal(first, kept), "changed what it had returned for another x.", ANEW)
    x += 40
    rows = [[number + 40 for number in row] for row in ROWS]
    expect_part(name, getattr(solution, name)(x), x, rows, ANEW, ", after 40 was added to x")
