"""The checks of tensors/k01_grid: each coordinate is a fraction, which Python computes."""

import warnings

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
    expect_values,
)

SIZES_FIRST = "First the rows, then the columns, then the two coordinates of each point."
DTYPE = "Nothing converts by itself: which argument names the dtype of what is made?"
DEVICE = "Which argument of the functions that make tensors names the device?"
STEPS = "h points lie h - 1 steps apart, w points w - 1 steps."
ONE = "One point has no steps by whose number one could divide: its coordinate is 0."
ORDER = "[i, j, 0] says how far down row i is, [i, j, 1] how far to the right column j is."
DIGITS = (
    "This is {dtype}. Digits that a narrower dtype, or adding up step by step, has lost do not "
    "come back: in which dtype is each point counted, and each coordinate computed?"
)
ENDS = "goes from {first} to {last}; expected from 0 to 1."
OUTSIDE = "returned {got} at index {index}; expected no coordinate outside of [0, 1]."
INSIDE = "The last coordinate is 1 itself, and rounding must not lead beyond it."

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
SIZES = [(2, 3), (3, 2), (3, 3), (5, 4), (2, 101), (101, 2)]
SINGLE = [(1, 3), (3, 1), (1, 1)]
LONG = (3, 700)  # uint8 counts to 255 and float16 to 2048: less than there are columns or points
DEVICES = {
    "cpu": ["cpu", torch.device("cpu")],
    "cuda": ["cuda", torch.device("cuda"), "cuda:0", torch.device("cuda", 0)],
}


def point_by_point(h, w, device, dtype):
    """Each point a list of Python's."""
    points = [[[i / max(h - 1, 1), j / max(w - 1, 1)] for j in range(w)] for i in range(h)]
    return torch.tensor(points, device=device, dtype=dtype)


BENCHMARK = Benchmark(
    "grid",
    means="h = w = n, float32",
    inputs=lambda n: (n, n, torch.get_default_device(), torch.float32),
    sizes=(30, 300, 3_000),
    bytes_moved=lambda n: 2 * 4 * n * n,  # write the two coordinates of each point
    naive=point_by_point,
    naive_up_to=300,
)


def grid(solution, h, w, device, dtype=torch.float32):
    """What the learner's grid returns; torch warns of a meshgrid that leaves the order open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return solution.grid(h, w, device, dtype)


def coordinates(h, w):
    """The exact grid, as exact as float64 is."""
    return torch.tensor(
        [[[i / max(h - 1, 1), j / max(w - 1, 1)] for j in range(w)] for i in range(h)],
        dtype=torch.float64,
    )


def expect_grid(solution, h, w, device, dtype, hint):
    """The coordinates are right to a unit in the last place, and none lies outside of [0, 1]."""
    got = grid(solution, h, w, device, dtype)
    expect_shape(got, (h, w, 2), SIZES_FIRST)
    expect_dtype(got, dtype, DTYPE)
    numbers = got.detach().cpu().double()
    expect_values(numbers, coordinates(h, w), hint, rtol=0, atol=torch.finfo(dtype).eps)
    outside = ((numbers < 0) | (numbers > 1)).nonzero().tolist()
    if outside:
        index = tuple(outside[0])
        raise CheckFailed(OUTSIDE.format(got=numbers[index].item(), index=index), INSIDE)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """grid returns a tensor."""
    expect_tensor(grid(solution, 2, 3, device))


@aspect("shape")
def test_has_a_pair_for_each_point(solution, device):
    """The shape is (h, w, 2)."""
    for h, w in (*SIZES, *SINGLE):
        expect_shape(grid(solution, h, w, device), (h, w, 2), SIZES_FIRST)


@aspect("dtype")
def test_has_the_dtype_that_is_asked_for(solution, device):
    """The dtype is the one that is asked for."""
    for dtype in DTYPES:
        expect_dtype(grid(solution, 2, 3, device, dtype), dtype, DTYPE)


@aspect("device")
def test_lies_on_the_device_that_is_asked_for(solution, device):
    """The grid lies on the device that is asked for, whichever way it is named."""
    for name in DEVICES[device]:
        expect_device(grid(solution, 2, 3, name), device, DEVICE)


@aspect("values")
def test_goes_from_0_to_1(solution, device):
    """Coordinates go evenly from 0 to 1, both ends included."""
    for size in (3, 4):
        got = grid(solution, size, size, device)
        expect_shape(got, (size, size, 2), SIZES_FIRST)
        first, last = (round(end.item(), 6) for end in got.detach().cpu().aminmax())
        expect((first, last) == (0, 1), ENDS.format(first=first, last=last), STEPS)


@aspect("values")
def test_the_row_comes_before_the_column(solution, device):
    """Each point holds its row coordinate, then its column coordinate."""
    for h, w in SIZES[:4]:
        expect_grid(solution, h, w, device, torch.float32, ORDER)


@aspect("values")
def test_a_single_row_or_column_is_0(solution, device):
    """The coordinate of a single row or column is 0."""
    for dtype in DTYPES:
        for h, w in SINGLE:
            expect_grid(solution, h, w, device, dtype, ONE)


@aspect("values")
def test_is_as_precise_as_the_dtype(solution, device):
    """Each coordinate is right to a unit in the last place of the dtype."""
    for dtype in DTYPES:
        for h, w in (*SIZES, LONG):
            expect_grid(solution, h, w, device, dtype, DIGITS.format(dtype=dtype_name(dtype)))
