"""The checks of indexing/k12_length_mask: rows of Python's True and False."""

import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    in_layout,
    untouched,
)

SHAPE = "One row for each length, max_length columns, also where no length is that large."
ONE_ROW = "A single length gives a mask of one row, which is a matrix too."
BOOL = "What dtype has the result of a comparison?"
DEVICE = "A tensor made from a number lies on the CPU, unless you say where."
BESIDE = "Where lengths lies decides, not whether there is a GPU."
FIRST = "Positions count from 0: the first n of them are 0 to n - 1."
LONG = "Beyond 127 or 255 positions need more than 8 bits, and beyond 2048 more than float16 holds."
KEEP = "Compare lengths; don't write to it."

ROW = "returned the row {got} for length {length}; expected {expected}."

# lengths, max_length
CASES = [
    ([2], 4),
    ([0], 3),
    ([3], 3),
    ([2, 0, 3], 4),
    ([1, 3, 2], 3),
    ([0, 4, 1, 3, 2, 4, 0], 4),
    ([1, 0], 1),
    ([0, 0, 0], 2),
    ([2, 2, 2], 5),
]
WITHOUT_COLUMNS = [([0, 0, 0], 0), ([0], 0)]
LAYOUTS = {
    "every second element": "Here lengths are every second number of a larger memory.",
    "at an offset": "Here lengths begin inside of a larger memory.",
    "repeated": "Here all lengths lie in the same place in memory.",
}


def row_by_row(lengths, max_length):
    """One comparison for each row, and a copy of them all."""
    positions = torch.arange(max_length)
    return torch.stack([positions < length for length in lengths])


BENCHMARK = Benchmark(
    "length_mask",
    means="lengths: shape (n,), max_length: 64",
    inputs=lambda n: (torch.randint(65, (n,)), 64),
    sizes=(100, 10_000, 1_000_000),
    bytes_moved=lambda n: 8 * n + 64 * n,  # read lengths, write the mask
    operations=lambda n: 64 * n,
    naive=row_by_row,
    naive_up_to=10_000,
)


def mask_of(lengths, max_length):
    """The mask as lists."""
    return [[True] * n + [False] * (max_length - n) for n in lengths]


def expect_rows(got, lengths, max_length, hint):
    """The result is the mask; the first row that differs is shown beside its length."""
    __tracebackhide__ = True
    expect_shape(got, (len(lengths), max_length), SHAPE)
    expect_dtype(got, torch.bool, BOOL)
    expected = mask_of(lengths, max_length)
    for length, row, right in zip(lengths, got.tolist(), expected, strict=True):
        if row != right:
            sentence = ROW.format(got=row, length=length, expected=right)
            raise CheckFailed(sentence, hint, got=got.cpu(), expected=torch.tensor(expected))


@aspect("type")
def test_returns_a_tensor(solution, device):
    """length_mask returns a tensor."""
    expect_tensor(solution.length_mask(torch.tensor([1, 3, 2]).to(device), 3))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (B, max_length), whatever the lengths are."""
    for lengths, max_length in CASES:
        hint = f"{SHAPE} {ONE_ROW}" if len(lengths) == 1 else SHAPE
        got = solution.length_mask(torch.tensor(lengths).to(device), max_length)
        expect_shape(got, (len(lengths), max_length), hint)


@aspect("dtype")
def test_is_bool(solution, device):
    """The mask is bool."""
    expect_dtype(solution.length_mask(torch.tensor([2, 0, 3]).to(device), 4), torch.bool, BOOL)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The mask lies where lengths lie."""
    for place, hint in ((device, DEVICE), ("cpu", BESIDE)):
        expect_device(solution.length_mask(torch.tensor([2, 0, 3]).to(place), 4), place, hint)


@aspect("values")
def test_marks_the_first_positions(solution, device):
    """Row b is True in its first lengths[b] elements, and False after them."""
    for lengths, max_length in CASES:
        got = solution.length_mask(torch.tensor(lengths).to(device), max_length)
        expect_rows(got, lengths, max_length, FIRST)


@aspect("values")
def test_marks_in_rows_of_no_elements(solution, device):
    """For max_length 0 the mask has rows and no columns."""
    for lengths, max_length in WITHOUT_COLUMNS:
        got = solution.length_mask(torch.tensor(lengths).to(device), max_length)
        expect_rows(got, lengths, max_length, SHAPE)


@aspect("values")
def test_marks_in_long_rows(solution, device):
    """Rows may be longer than a small integer or float16 can count."""
    for lengths, longest in ([0, 127, 128, 255, 256, 300], 300), ([2049, 2051], 2052):
        got = solution.length_mask(torch.tensor(lengths).to(device), longest)
        expect_values(got, torch.tensor(mask_of(lengths, longest)), f"{FIRST} {LONG}")


@aspect("values")
def test_takes_every_layout(solution, device):
    """The mask is right however lengths lie in memory."""
    for layout, where in LAYOUTS.items():
        lengths = [2, 2, 2] if layout == "repeated" else [2, 0, 3]
        x = torch.tensor(lengths).to(device)
        x = x[:1].expand(3) if layout == "repeated" else in_layout(x, layout)
        expect_rows(solution.length_mask(x, 4), lengths, 4, f"{FIRST} {where}")


@aspect("memory")
def test_leaves_lengths_as_they_are(solution, device):
    """lengths keep their values."""
    for lengths, max_length in ([2, 0, 3], 4), ([3], 3), ([0, 0], 0):
        x = torch.tensor(lengths).to(device)
        with untouched(KEEP, lengths=x):
            solution.length_mask(x, max_length)
