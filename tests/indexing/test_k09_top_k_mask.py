"""The checks of indexing/k09_top_k_mask: each row sorted by value, then index, in Python."""

import math

import torch

from dojo.checks import (
    Benchmark,
    CheckFailed,
    aspect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_values,
    in_layout,
    untouched,
)

SHAPE = "Each entry of x has its True or False."
DTYPE = "A mask is bool: it says yes or no, not how much and not where."
LARGEST = "True for the k largest along the last dimension, each row by itself."
COUNT = "Exactly k are to be marked: some of those that are equal to the k-th largest may not be."
TIES = "Of equal entries the earlier is marked first: a sort keeps their order only if stable."
EDGE = "k may be 0, and as large as the row: then none is marked, or all."
INFINITE = "-inf is a value like others: it is marked where there is nothing larger."
ZEROS = "0. and -0. are equal, and of equal entries the earlier is marked first."
FINITE = "The largest finite number is smaller than inf, and -inf is smaller than the smallest."
INTEGER = "Negated, the smallest integer stays as it is, and of uint8 all but 0 change their order."
DIGITS = "Compare in the dtype of x: in a narrower one, or in float for int, unequal become equal."
KEEP = "The mask is a new tensor; x stays as it is."

MANY = "marked {count} entries in row {row}; expected exactly {k}."

INTEGERS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
# rows, k
ROWS = [
    ([[1, 3, 2, 4], [9, 0, 7, 8]], 2),
    ([3, 1, 2], 1),
    ([[4], [2]], 1),
    ([[[1, 5, 3], [2, 9, 4]], [[6, 2, 8], [7, 3, 1]]], 2),
    ([[-5, -1, -2, -3]], 3),
]
WITH_TIES = [
    ([1, 1, 2, 1], 2),
    ([5, 5, 5, 0], 2),
    ([[2, 2, 2, 2], [1, 2, 1, 2], [2, 1, 2, 1]], 3),
    ([[0, 3, 3, 0, 3, 0, 3]], 5),
]
LONG = [i * i % 5 for i in range(60)]  # long enough for sorts that are not stable to show it
INF = math.inf
WITH_INFINITE = [
    ([1.0, -INF, -INF, 2], 3),
    ([-INF, -INF, -INF], 1),
    ([-INF, 0.5, INF, INF, -INF], 1),
    ([0.0, -0.0, -0.0, 0.0], 2),
    ([-0.0, 0.0, 0.0, -1.0], 1),
]
# Different, though not as numbers of a narrower dtype, or as float.
CLOSE = {
    torch.float64: [1.0, 1 + 2**-50, 1 - 2**-50, 1e-300, 0.0, 5e-324],
    torch.float32: [1.0, 1 + 2**-22, 1 - 2**-22, 1e-38, 0.0, 1e-40],
    torch.float16: [1.0, 1 + 2**-10, 1 - 2**-11, 2**-14, 0.0, 2**-24],
    torch.bfloat16: [1.0, 1 + 2**-7, 1 - 2**-8, 2**-126, 0.0, 2**-133],
    torch.int64: [2**60, 2**60 + 1, 2**60 - 1, 2**53, 2**53 + 1, 0],
    torch.int32: [2**30, 2**30 + 1, 2**30 - 1, 2**24, 2**24 + 1, 0],
    torch.int16: [2**14, 2**14 + 1, 2**14 - 1, 2**11, 2**11 + 1, 0],
}
LAYOUTS = ["transposed", "every second element", "at an offset"]


def by_counting(x, k):
    """How many are ahead of each entry: it is compared with all others of its row."""
    earlier = torch.ones(x.shape[-1], x.shape[-1], dtype=torch.bool, device=x.device).tril(-1)
    one, other = x[..., :, None], x[..., None, :]
    return ((other > one) | ((other == one) & earlier)).sum(-1) < k


BENCHMARK = Benchmark(
    "top_k_mask",
    means="x: shape (16, n), float32; k: n / 8",
    inputs=lambda n: (torch.randint(n, (16, n)).float(), n // 8),
    sizes=(16, 128, 1024),
    bytes_moved=lambda n: (4 + 1) * 16 * n,  # read x, write the mask
    naive=by_counting,
)


def marks(rows, k):
    """The mask as nested lists."""
    if isinstance(rows[0], list):
        return [marks(row, k) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: (-rows[i], i))
    return [i in order[:k] for i in range(len(rows))]


def call(solution, x, k, hint=SHAPE):
    """What the learner returns, a bool tensor of x's shape, for an x that stays as it is."""
    with untouched(KEEP, x=x):
        got = solution.top_k_mask(x, k)
    expect_shape(got, x.shape, hint)
    expect_dtype(got, torch.bool, DTYPE)
    return got


def expect_marks(solution, device, x, k, hint, layout="contiguous"):
    """Exactly k are marked in each row, and they are the right ones."""
    expected = torch.tensor(marks(x.tolist(), k))
    got = call(solution, in_layout(x.to(device), layout), k, hint)
    for row, count in enumerate(got.cpu().reshape(-1, x.shape[-1]).sum(1).tolist()):
        if count != k:
            sentence = MANY.format(count=count, row=row, k=k)
            raise CheckFailed(sentence, COUNT if hint == TIES else hint, got, expected)
    expect_values(got, expected, hint, rtol=0, atol=0)


@aspect("shape")
def test_has_the_shape_of_x(solution, device):
    """The mask has x's shape."""
    for rows, k in ROWS:
        call(solution, torch.tensor(rows).to(device), k)


@aspect("dtype")
def test_is_bool(solution, device):
    """The mask is bool, whatever dtype x has."""
    for dtype in (torch.float32, torch.int64, torch.uint8):
        x = torch.tensor([3, 1, 2], dtype=dtype).to(device)
        expect_dtype(solution.top_k_mask(x, 1), torch.bool, DTYPE)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The mask lies where x lies."""
    expect_device(solution.top_k_mask(torch.tensor([3, 1, 2]).to(device), 1), device)


@aspect("values")
def test_marks_the_largest(solution, device):
    """True stands for the k largest of each row, for every dtype and layout."""
    for rows, k in ROWS:
        expect_marks(solution, device, torch.tensor(rows).float(), k, LARGEST)
    for dtype in INTEGERS + FLOATS[1:]:
        expect_marks(solution, device, torch.tensor(ROWS[0][0], dtype=dtype), 3, LARGEST)
    for layout in LAYOUTS:
        expect_marks(solution, device, torch.tensor(ROWS[0][0]), 2, LARGEST, layout)


@aspect("values")
def test_ties_go_to_the_earlier(solution, device):
    """Exactly k are marked even with ties, the earlier index first."""
    for rows, k in WITH_TIES:
        for dtype in (torch.float32, torch.int64):
            expect_marks(solution, device, torch.tensor(rows, dtype=dtype), k, TIES)
    for k in (7, 20, 40):
        expect_marks(solution, device, torch.tensor([LONG, LONG[::-1]]), k, TIES)
    expect_marks(solution, device, torch.tensor([7]).expand(2, 50), 20, TIES)


@aspect("values")
def test_k_may_be_none_or_all(solution, device):
    """For k = 0 nothing is marked, and for k = n everything."""
    for rows in ([3.0, 1.0, 2.0], [[2.0, 2.0], [1.0, 4.0]], [5.0]):
        x = torch.tensor(rows)
        for k in (0, x.shape[-1]):
            expect_marks(solution, device, x, k, EDGE)


@aspect("values")
def test_infinite_entries_are_values(solution, device):
    """-inf and inf are values like others, and -0. is equal to 0."""
    for rows, k in WITH_INFINITE:
        for dtype in FLOATS:
            hint = INFINITE if INF in map(abs, rows) else ZEROS
            expect_marks(solution, device, torch.tensor(rows, dtype=dtype), k, hint)
    for dtype in FLOATS:
        high = torch.finfo(dtype).max
        for k in (1, 3):
            x = torch.tensor([high, INF, -INF, -high], dtype=dtype)
            expect_marks(solution, device, x, k, FINITE)


@aspect("values")
def test_the_ends_of_integers_are_values(solution, device):
    """The smallest and the largest integer of a dtype are values like others."""
    for dtype in INTEGERS:
        low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
        for rows, k in (([low, high, low, 1], 2), ([[low, low, low], [1, low, high]], 2)):
            expect_marks(solution, device, torch.tensor(rows, dtype=dtype), k, INTEGER)


@aspect("values")
def test_close_values_are_told_apart(solution, device):
    """Entries that differ in their last digit only are not taken for equal."""
    for dtype, values in CLOSE.items():
        for k in (1, 2, 4, 5):
            expect_marks(solution, device, torch.tensor(values, dtype=dtype), k, DIGITS)
