"""The checks of tensors/k09_true_mean: means taken number by number, in Python's floats."""

import math

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
    untouched,
)

SHAPE = "The dimension `dim` goes, the others stay; a negative one counts from the end."
KEEPS = "A float keeps its dtype: also float16, bfloat16 and float64."
FLOAT32 = "Integers and bools give float32."
DEVICE = "Stay on the device of x."
MEAN = "Sum along `dim` and divide by the number of elements there, without rounding to integers."
SMALL = "The sum is too large for x's own dtype: in which dtype do you sum?"
PRECISE = "float64 has 15 digits: do not pass through a smaller dtype."
REACH = "bfloat16 reaches as far as float32: do not pass through float16, which ends at 65504."
MANY = "In 16 bits, many small parts lose their digits: in which dtype do you divide, and add up?"
FINITE = "returned {got:.6g}, a finite number."
ENDLESS = "NaN and inf are part of the mean: they are not left out, or taken for something else."
KEEP = "Read x and leave it as it is."
WHOLE = "float32 holds this mean to 7 digits: do not pass through a 16-bit float."

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
INTEGERS = (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64)
UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)
# Sums that x's dtype cannot hold. int64 may not overflow either, and float32 holds its mean.
LARGE = (
    (torch.int8, [100, 101, 127]),
    (torch.int8, [-100, -101, -128]),
    (torch.uint8, [200, 255, 250]),
    (torch.int16, [32000, 32001, 32767]),
    (torch.int32, [2**31 - 1, 2**31 - 5, 2**30]),
    (torch.int64, [2**62, 2**62, 2**61]),
    (torch.bool, [True] * 299 + [False]),
    (torch.float16, [60000.0, 50000.0, 40000.0]),
)
LONG = (
    (torch.float16, [0.001] * 1500 + [0.003] * 1500),
    (torch.float16, [1.0] * 1500 + [3.0] * 1500),
    (torch.bfloat16, [1.0] * 1500 + [3.0] * 1500),
)


def row_by_row(x, dim):
    """A loop, and a tensor for each mean."""
    return torch.stack([row.double().mean().float() for row in x.movedim(dim, -1)])


BENCHMARK = Benchmark(
    "true_mean",
    means="x: shape (n, 64), int8, and dim 1",
    inputs=lambda n: (torch.randint(-128, 128, (n, 64), dtype=torch.int8), 1),
    sizes=(10, 1_000, 100_000),
    bytes_moved=lambda n: 64 * n + 4 * n,  # read x, write the means
    operations=lambda n: 64 * n,
    naive=row_by_row,
    naive_up_to=1_000,
)


def numbers(shape, dtype):
    """1, 2, 4, 7 … of a shape; True and False in turns for bool, True first."""
    count = math.prod(shape)
    values = [1 + i * (i + 1) // 2 % 97 for i in range(count)]
    if dtype == torch.bool:
        values = [value % 3 > 0 for value in values]
    return torch.tensor(values, dtype=dtype).reshape(shape)


def result_dtype(x):
    return x.dtype if x.dtype in FLOATS else torch.float32


def mean_of(x, dim):
    """The mean, number by number."""
    rows = x.reshape(1) if x.dim() == 0 else x.movedim(dim, -1)
    shape, size = rows.shape[:-1], rows.shape[-1]
    lists = rows.reshape(-1, size).tolist()
    means = [math.fsum(row) / size for row in lists]
    return torch.tensor(means, dtype=torch.float64).reshape(shape).to(result_dtype(x))


def expect_mean(solution, x, dim, device, hint=MEAN, **limits):
    """The learner's mean of x on the device is the right one."""
    expected, on_device = mean_of(x, dim), x.to(device)
    with untouched(KEEP, x=on_device):
        got = solution.true_mean(on_device, dim)
    expect_values(got, expected.to(device), hint, **limits)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """true_mean returns a tensor."""
    expect_tensor(solution.true_mean(torch.tensor([1.0, 2.0], device=device), 0))


@aspect("shape")
def test_has_the_shape_without_dim(solution, device):
    """The dimension goes, whatever shape x has."""
    for shape in ((5,), (2, 3), (3, 1, 2), (1, 1)):
        for dim in (0, len(shape) - 1, -1, -len(shape)):
            expected = [size for i, size in enumerate(shape) if i != dim % len(shape)]
            x = numbers(shape, torch.float32).to(device)
            expect_shape(solution.true_mean(x, dim), expected, SHAPE)


@aspect("shape")
def test_takes_0d_and_empty_tensors(solution, device):
    """A 0-d tensor is its own mean, and a dimension of size 0 beside `dim` stays."""
    for dtype in (torch.float32, torch.int64):
        for dim in (0, -1):
            expect_mean(solution, torch.tensor(7, dtype=dtype), dim, device, SHAPE)
        expect_shape(solution.true_mean(torch.zeros(0, 3, dtype=dtype).to(device), 1), (0,), SHAPE)


@aspect("dtype")
def test_floats_keep_their_dtype(solution, device):
    """A float keeps its dtype."""
    for dtype in FLOATS:
        x = numbers((2, 3), dtype).to(device)
        expect_dtype(solution.true_mean(x, 1), dtype, KEEPS)


@aspect("dtype")
def test_integers_and_bools_give_float32(solution, device):
    """Integers and bools give float32."""
    for dtype in (*INTEGERS, *UNSIGNED, torch.bool):
        x = numbers((2, 3), dtype).to(device)
        expect_dtype(solution.true_mean(x, 1), torch.float32, FLOAT32)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The mean lies on the device of x."""
    for dtype in (torch.float32, torch.int32):
        expect_device(solution.true_mean(numbers((2, 3), dtype).to(device), 0), device, DEVICE)


@aspect("values")
def test_is_the_mean(solution, device):
    """Each element is the mean of those along dim, for every dtype."""
    for dtype in (*FLOATS, *INTEGERS, *UNSIGNED, torch.bool):
        for dim in (0, 1, -1):
            expect_mean(solution, numbers((2, 3), dtype), dim, device)
    expect_mean(solution, -numbers((2, 3), torch.int32), 1, device)


@aspect("values")
def test_is_the_mean_in_any_shape_and_strides(solution, device):
    """Three dimensions, and strides that are not contiguous."""
    for dtype in (torch.float32, torch.int64):
        x = numbers((2, 3, 5), dtype)
        for dim in (0, 1, 2, -2):
            expect_mean(solution, x, dim, device)
        y = x.to(device).permute(2, 0, 1)[::2]
        expected = mean_of(x.permute(2, 0, 1)[::2], 1).to(device)
        expect_values(solution.true_mean(y, 1), expected, MEAN)


@aspect("values")
def test_sums_do_not_overflow(solution, device):
    """A sum may be larger than x's dtype can hold, and the mean is right."""
    for dtype, row in LARGE:
        expect_mean(solution, torch.tensor([row], dtype=dtype), 1, device, SMALL)


@aspect("values")
def test_many_small_parts_count(solution, device):
    """The mean of thousands of 16-bit floats is as precise as they are."""
    for dtype, row in LONG:
        expect_mean(solution, torch.tensor([row], dtype=dtype), 1, device, MANY, rtol=1e-2, atol=0)


@aspect("values")
def test_nan_and_inf_are_not_left_out(solution, device):
    """The mean of numbers among which one is NaN or infinite is not finite."""
    for dtype in FLOATS:
        for row in ([1.0, math.nan], [math.inf, 1.0, 2.0]):
            got = solution.true_mean(torch.tensor([row], dtype=dtype, device=device), 1)
            expect_shape(got, (1,), SHAPE)
            expect(not got.isfinite().item(), FINITE.format(got=got.item()), ENDLESS)


@aspect("values")
def test_is_as_precise_as_its_dtype(solution, device):
    """The mean is as precise as the result's dtype."""
    x = torch.tensor([[1 / 3, 1e5 / 7, 2.0]], dtype=torch.float64)
    expect_mean(solution, x, 1, device, PRECISE, rtol=1e-13, atol=0.0)
    x = torch.tensor([[2.0**100, 2.0**101, 2.0**102]], dtype=torch.bfloat16)
    expect_mean(solution, x, 1, device, REACH)
    for dtype in (torch.int32, torch.int64):
        x = torch.tensor([[70001, 90001, 80007]], dtype=dtype)
        expect_mean(solution, x, 1, device, WHOLE)
