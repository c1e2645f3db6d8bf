"""The checks of indexing/k02_one_hot: rows of 0 and 1 that Python's lists write down."""

import functools
import itertools

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect_device,
    expect_dtype,
    expect_made_without,
    expect_raises,
    expect_shape,
    expect_tensor,
    expect_values,
    layouts,
    untouched,
)

SHAPE = "Each number becomes a row: the result has the shape of index, and classes at its end."
DTYPE = "The argument dtype says what the result is made of."
DEVICE = "The row lies where index lies: new tensors need device=index.device."
ONE = "Along the last dimension there is 1 at the place of the number, and 0 elsewhere."
STRIDES = "Here index lies in memory as {kind}: ask it for its numbers, not for where they lie."
KEEP = "Only look at index: methods with a trailing underscore change it."
RAISE = "Compare all numbers of index with 0 and classes - 1 first, and raise ValueError yourself."
MANY = "With {classes} classes, compare numbers in a dtype that holds them all, such as int64."
WITHOUT = "Write it from smaller operations: which number is equal to which class?"

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
DTYPES += [torch.int64, torch.int32, torch.int8, torch.uint8, torch.bool]
# index as nested lists, classes
CASES = [
    ([2, 0, 1, 2, 0], 3),
    ([1, 3, 3], 6),  # more classes than index uses
    ([[0, 4, 1], [3, 2, 2]], 5),
    ([[[1], [0]], [[0], [1]], [[1], [1]]], 2),
    (2, 4),  # a single number
    ([0, 0], 1),
    ([[0, 1, 2], [2, 1, 0], [1, 1, 1]], 3),  # all sizes are equal
]
MANY_CLASSES = [0, 1, 129, 255, 256, 257, 258, 299], 300
FEW_NUMBERS = [torch.bfloat16, torch.int8, torch.uint8, torch.float32]  # all but one lack 257
EMPTY = [(0,), (2, 0), (0, 3)]
# index, classes, what is wrong
OUTSIDE = [
    ([[0, 1], [7, 2]], 3, "7"),
    ([0, 3, 1], 3, "3"),
    ([0, 1, -1], 3, "-1"),
    ([[-3, 1], [0, 2]], 3, "-3"),
    (3, 3, "3"),
    (-1, 3, "-1"),
    ([2**40, 0], 2, "2 ** 40"),
    ([1, 0], 1, "1"),
]


def by_loop(index, classes, dtype):
    """One number at a time."""
    rows = []
    for number in index:
        row = torch.zeros(classes, dtype=dtype)
        row[number] = 1
        rows.append(row)
    return torch.stack(rows)


BENCHMARK = Benchmark(
    "one_hot",
    means="index: shape (n,); 16 classes, float32",
    inputs=lambda n: (torch.randint(16, (n,)), 16, torch.float32),
    sizes=(10, 1_000, 1_000_000),
    bytes_moved=lambda n: 8 * n + 16 * 4 * n,  # read index, write the rows
    naive=by_loop,
    naive_up_to=1_000,
)


def rows_of(numbers, classes):
    """The expected rows as nested lists, from nested lists."""
    if isinstance(numbers, list):
        return [rows_of(number, classes) for number in numbers]
    return [int(k == numbers) for k in range(classes)]


def hot(solution, index, classes, dtype=torch.float32):
    """What the learner returns, once it left index alone."""
    with untouched(KEEP, index=index):
        return solution.one_hot(index, classes, dtype)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """one_hot returns a tensor."""
    expect_tensor(solution.one_hot(torch.tensor([2, 0]).to(device), 3, torch.float32))


@aspect("shape")
def test_has_a_row_for_each_number(solution, device):
    """The result has the shape (*index.shape, classes)."""
    for numbers, classes in CASES:
        index = torch.tensor(numbers)
        got = solution.one_hot(index.to(device), classes, torch.float32)
        expect_shape(got, (*index.shape, classes), SHAPE)


@aspect("shape")
def test_an_empty_index_gives_no_rows(solution, device):
    """An empty index has no number outside, and gives an empty result of its shape."""
    for shape in EMPTY:
        index = torch.zeros(shape, dtype=torch.int64).to(device)
        expect_shape(solution.one_hot(index, 4, torch.float32), (*shape, 4), SHAPE)


@aspect("dtype")
def test_has_the_dtype_that_is_asked_for(solution, device):
    """The result has the dtype that is asked for."""
    for dtype in DTYPES:
        expect_dtype(solution.one_hot(torch.tensor([2, 0]).to(device), 3, dtype), dtype, DTYPE)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where index lies."""
    for numbers in ([2, 0], []):
        index = torch.tensor(numbers, dtype=torch.int64).to(device)
        expect_device(solution.one_hot(index, 3, torch.float32), device, DEVICE)


@aspect("values")
def test_has_1_at_the_place_of_the_number(solution, device):
    """Along the last dimension there is 1 at the place of the number, and 0 elsewhere."""
    for numbers, classes in CASES:
        got = hot(solution, torch.tensor(numbers).to(device), classes)
        expected = torch.tensor(rows_of(numbers, classes), dtype=torch.float32)
        expect_values(got, expected, ONE, rtol=0, atol=0)


@aspect("values")
def test_is_the_same_in_each_dtype(solution, device):
    """In each dtype the rows have 1 and 0, and in bool True and False."""
    numbers, classes = CASES[2]
    for dtype in DTYPES:
        got = hot(solution, torch.tensor(numbers).to(device), classes, dtype)
        expected = torch.tensor(rows_of(numbers, classes), dtype=dtype)
        expect_values(got, expected, ONE, rtol=0, atol=0)


@aspect("values")
def test_many_classes_are_told_apart(solution, device):
    """In each dtype there may be more classes than it has numbers."""
    numbers, classes = MANY_CLASSES
    rows = torch.tensor(rows_of(numbers, classes))
    for dtype in FEW_NUMBERS:
        got = hot(solution, torch.tensor(numbers).to(device), classes, dtype)
        expect_values(got, rows.to(dtype), MANY.format(classes=classes), rtol=0, atol=0)


@aspect("values")
def test_strides_do_not_matter(solution, device):
    """It is the same wherever the numbers of index lie in memory."""
    x = torch.tensor(CASES[2][0]).to(device)
    kinds = {**layouts(x), "one row, repeated": x[1:].expand(3, 3)}
    for kind, index in kinds.items():
        expected = torch.tensor(rows_of(index.tolist(), 5), dtype=torch.float32)
        got = hot(solution, index, 5)
        expect_values(got, expected, STRIDES.format(kind=kind), rtol=0, atol=0)


@aspect("errors")
def test_a_number_outside_is_a_value_error(solution, device):
    """A number below 0 or above classes - 1 raises ValueError."""
    for numbers, classes, bad in OUTSIDE:
        index = torch.tensor(numbers).to(device)
        call = functools.partial(solution.one_hot, index, classes, torch.float32)
        expect_raises(ValueError, call, RAISE, f"{bad}, with {classes} classes")


@aspect("structure")
def test_is_written_without_torchs_own(solution):
    """torch's own one_hot is not used."""
    for (numbers, classes), dtype in zip(itertools.cycle(CASES), [*DTYPES, *DTYPES], strict=False):
        index = torch.tensor(numbers)
        expect_made_without("one_hot", solution.one_hot, index, classes, dtype, hint=WITHOUT)
