"""The checks of indexing/k03_accumulate: sums of small whole numbers, added up in Python."""

import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    describe,
    expect,
    expect_shape,
    expect_tensor,
    expect_values,
    in_layout,
    shares_storage,
    untouched,
)

SUM = "Each source row is added once to the buffer row of its index, to what stands there already."
LOST = "Only the last of several rows with the same index arrived: each of them is to be added."
ROWS = "Only the first dimension is indexed; what a row is, a number or a matrix, makes no odds."
STRIDES = "Here {names} lie in memory as {kind}: add to buffer itself, not to a copy of it."
APART = "0 * inf is NaN: add each row to its own place, and nothing to the others."
DIGITS = "Stay in the dtype of buffer: on the way through another one, digits get lost."
IN_PLACE = "`buffer = …` only gives a new tensor that name. Write into the memory that buffer has."
ITSELF = "buffer itself is meant: the object that came in."
ONLY_BUFFER = "Only buffer may change."

COPY = "left buffer as it was and returned {got}, a new one; expected buffer itself."
OTHER = "returned another tensor than the buffer that came in; expected buffer itself."
MOVED = "gave buffer other memory: a view of it made before still shows {old}."
AROUND = "wrote into the memory around buffer: next to it {old} became {new}."
DROPPED = "has {got} in row {row} of buffer; expected {expected}, the sum with {count} source rows."

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
DTYPES = [*FLOATS, torch.int64, torch.int32, torch.int8, torch.uint8]
BUFFER = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [0, 1, 0]]
INDEX = [2, 0, 2, 3, 2, 0]
SOURCE = [[10, 20, 30], [1, 1, 2], [40, 0, 5], [3, 3, 3], [10, 20, 30], [20, 30, 40]]
# shape of buffer, index
SHAPES = [
    ((4,), [1, 1, 3, 1, 0]),
    ((3, 2, 2), [2, 0, 2, 2]),
    ((2, 1, 3, 2), [1, 1, 1]),
    ((1, 2), [0, 0, 0]),
    ((5, 1), [4]),
    ((3, 3), [2, 1, 1]),
    ((2, 2), [0, 1, 0, 1, 0, 1, 0]),
    ((5, 2), [i * i % 7 % 5 for i in range(40)]),
    ((3, 2), []),
    ((3,), []),
]
LAYOUTS = {
    "transposed": "columns before rows",
    "every second element": "every second number of a larger memory",
    "at an offset": "a part of a larger memory",
    "expanded": "one part, repeated",
}
# numbers whose sum the dtype holds exactly, though a narrower one, or float for int, does not
LONG = {
    torch.float64: (1 + 2.0**-40, 2 + 2.0**-40),
    torch.float32: (1 + 2.0**-20, 2 + 2.0**-20),
    torch.int64: (2**60 + 1, 2**61 + 2),
    torch.int32: (2**29 + 1, 2**30 + 2),
}
INF, NAN = float("inf"), float("nan")


def row_by_row(buffer, index, source):
    """One row after the other."""
    for i, row in zip(index, source, strict=True):
        buffer[i] += row
    return buffer


BENCHMARK = Benchmark(
    "accumulate_",
    means="buffer: shape (256, 16); source: shape (n, 16), float32",
    inputs=lambda n: (
        torch.zeros(256, 16),
        torch.randint(256, (n,)),
        torch.randint(9, (n, 16)).float(),
    ),
    sizes=(10, 1_000, 1_000_000),
    bytes_moved=lambda n: n * (8 + 16 * 4) + 2 * 256 * 16 * 4,  # read all, write buffer
    operations=lambda n: n * 16,
    naive=row_by_row,
    naive_up_to=1_000,
)


def total(buffer, index, source):
    """The expected numbers as nested lists, from nested lists."""
    result = list(buffer)
    for i, row in zip(index, source, strict=True):
        result[i] = plus(result[i], row)
    return result


def plus(a, b):
    return [plus(x, y) for x, y in zip(a, b, strict=True)] if isinstance(a, list) else a + b


def shaped(shape, rows):
    """buffer of this shape, index and source, on the CPU."""
    index = torch.tensor(rows, dtype=torch.int64)
    buffer = torch.arange(100.0)[: torch.Size(shape).numel()].view(shape)
    source = (torch.arange(len(rows) * buffer[0].numel()) ** 2.0).view(len(rows), *shape[1:])
    return buffer, index, source


def case(device, dtype=torch.float32):
    """buffer, index, source and the expected sums."""
    numbers = BUFFER, SOURCE, total(BUFFER, INDEX, SOURCE)
    buffer, source, expected = (torch.tensor(rows, dtype=dtype) for rows in numbers)
    return buffer.to(device), torch.tensor(INDEX).to(device), source.to(device), expected


def accumulated(solution, buffer, index, source):
    """The learner's buffer, once it is the very one and nothing else has changed."""
    alias, old = buffer.detach(), buffer.tolist()
    with untouched(ONLY_BUFFER, index=index, source=source):
        got = solution.accumulate_(buffer, index, source)
    if got is not buffer:
        expect_tensor(got)
        is_new = alias.tolist() == old and not shares_storage(got, alias)
        raise CheckFailed(COPY.format(got=describe(got)) if is_new else OTHER, ITSELF)
    expect(shares_storage(buffer, alias), MOVED.format(old=alias.tolist()), IN_PLACE)
    return buffer


@aspect("type")
def test_returns_a_tensor(solution, device):
    """accumulate_ returns a tensor."""
    expect_tensor(solution.accumulate_(*case(device)[:3]))


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """buffer keeps its shape."""
    expect_shape(solution.accumulate_(*case(device)[:3]), (4, 3))


@aspect("values")
def test_rows_with_one_index_add_up(solution, device):
    """Each source row is added to the buffer row of its index, also where the index repeats."""
    for dtype in DTYPES:
        buffer, index, source, expected = case(device, dtype)
        got = accumulated(solution, buffer, index, source)
        expect_shape(got, (4, 3))
        last = {i: plus(BUFFER[i], row) for i, row in zip(INDEX, SOURCE, strict=True)}
        if got.tolist() == [last.get(i, row) for i, row in enumerate(BUFFER)]:
            count, sums = INDEX.count(2), expected[2].tolist()
            sentence = DROPPED.format(got=got[2].tolist(), row=2, expected=sums, count=count)
            raise CheckFailed(sentence, LOST)
        expect_values(got, expected, SUM, rtol=0, atol=0)


@aspect("values")
def test_a_row_may_have_any_shape(solution, device):
    """Rows are numbers, rows or matrices; there may be one of them, or none."""
    for shape, rows in SHAPES:
        buffer, index, source = shaped(shape, rows)
        expected = torch.tensor(total(buffer.tolist(), rows, source.tolist()))
        got = accumulated(solution, buffer.to(device), index.to(device), source.to(device))
        expect_values(got, expected, f"{SUM} {ROWS}", rtol=0, atol=0)


@aspect("values")
def test_strides_do_not_matter(solution, device):
    """It is the same wherever the numbers lie in memory."""
    for kind, words in LAYOUTS.items():
        # rows that are matrices, since those alone can need a copy to become flat
        inputs = [each.to(device) for each in shaped((3, 2, 2), [2, 0, 2, 2])]
        if kind == "expanded":
            inputs[1:] = [each[:1].expand(each.shape) for each in inputs[1:]]
        else:
            inputs = [in_layout(each, kind) for each in inputs]
        expected = torch.tensor(total(*(each.tolist() for each in inputs)))
        names = "index and source" if kind == "expanded" else "all three"
        hint = STRIDES.format(names=names, kind=words)
        expect_values(accumulated(solution, *inputs), expected, hint, rtol=0, atol=0)


@aspect("values")
def test_inf_and_nan_stay_in_their_row(solution, device):
    """inf and NaN in source reach the row of their index only, and those in buffer stay there."""
    rows, index = [[INF, 1.0], [NAN, 2.0], [3.0, -INF], [4.0, 5.0]], [3, 0, 3, 1]
    before = [[1.0, 1.0], [INF, 1.0], [1.0, NAN], [1.0, 1.0], [1.0, 1.0]]
    inputs = (torch.tensor(each).to(device) for each in (before, index, rows))
    got = accumulated(solution, *inputs)
    expect_values(got, torch.tensor(total(before, index, rows)), APART, rtol=0, atol=0)


@aspect("values")
def test_no_digit_is_lost(solution, device):
    """The sums are as precise as the dtype of buffer."""
    for dtype, (one, other) in LONG.items():
        numbers = [one, 0], [other, 0], [one + other, 0]
        buffer, source, expected = (torch.tensor(each, dtype=dtype) for each in numbers)
        index = torch.tensor([0, 1]).to(device)
        got = accumulated(solution, buffer.to(device), index, source.to(device))
        expect_values(got, expected, DIGITS, rtol=0, atol=0)


@aspect("memory")
def test_a_view_made_before_sees_the_sums(solution, device):
    """The sums lie in the memory that buffer had, at its place there."""
    for kind in ("contiguous", "transposed", "every second element", "at an offset"):
        buffer, index, source, expected = case(device)
        buffer = in_layout(buffer, kind)
        alias, address, strides = buffer.detach(), buffer.data_ptr(), buffer.stride()
        solution.accumulate_(buffer, index, source)
        seen = alias.tolist() == expected.tolist()
        expect(seen, MOVED.format(old=alias.tolist()), IN_PLACE)
        same_place = buffer.data_ptr() == address and buffer.stride() == strides
        expect(same_place, "moved buffer to other memory.", IN_PLACE)


@aspect("memory")
def test_writes_nowhere_else(solution, device):
    """The memory around buffer stays as it was."""
    for kind in ("every second element", "at an offset"):
        buffer, index, source, _ = case(device)
        buffer = in_layout(buffer, kind)
        size = buffer.untyped_storage().nbytes() // buffer.element_size()
        whole = buffer.as_strided((size,), (1,), 0)
        places = torch.arange(size).as_strided((4, 3), buffer.stride(), buffer.storage_offset())
        own, before = set(places.flatten().tolist()), whole.tolist()
        solution.accumulate_(buffer, index, source)
        for place, (old, new) in enumerate(zip(before, whole.tolist(), strict=True)):
            expect(place in own or old == new, AROUND.format(old=old, new=new), ONLY_BUFFER)
