"""The checks of tensors/k08_checkerboard: boards laid number by number in Python."""

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_tensor,
    expect_values,
)

SHAPE = "The shape is (rows, cols), whether they are odd or even."
INT64 = "Count with integers: int64 is what torch makes of Python's integers."
DEVICE = "Make the tensor on the device that the argument names."
CORNER = "The corner [0, 0] holds 0."
NEIGHBOURS = "A number differs from the one beside it, and from the one below it."
LONG = "This board is long: its numbers must not depend on how many come before them."

SIZES = [(2, 2), (2, 3), (3, 2), (3, 3), (3, 4), (4, 3), (4, 6), (5, 7)]
THIN = [(1, 1), (1, 2), (1, 5), (2, 1), (6, 1), (7, 1)]
LENGTHY = [(2, 2503), (2503, 2)]  # float16 counts to 2048 without a gap, uint8 to 255
DEVICES = {
    "cpu": ["cpu", torch.device("cpu")],
    "cuda": ["cuda", torch.device("cuda"), "cuda:0", torch.device("cuda", 0)],
}


def number_by_number(rows, cols, device):
    """The board, laid in two loops of Python."""
    lists = [[(i + j) % 2 for j in range(cols)] for i in range(rows)]
    return torch.tensor(lists, device=device)


BENCHMARK = Benchmark(
    "checkerboard",
    means="n rows and n columns, int64",
    inputs=lambda n: (n, n, torch.get_default_device()),
    sizes=(100, 300, 1_000),
    bytes_moved=lambda n: 8 * n * n,  # write each number
    naive=number_by_number,
)


def expect_board(solution, rows, cols, device, hint=NEIGHBOURS):
    """The learner's board of this size is the right one."""
    got = solution.checkerboard(rows, cols, device)
    expect_shape(got, (rows, cols), SHAPE)
    if got[0, 0].tolist() != 0:
        hint = CORNER
    # each row is the one before it, shifted by one
    line = [place % 2 for place in range(cols + 1)]
    board = [line[:-1] if row % 2 == 0 else line[1:] for row in range(rows)]
    expect_values(got, torch.tensor(board, dtype=torch.int64), hint)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """checkerboard returns a tensor."""
    expect_tensor(solution.checkerboard(2, 3, device))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (rows, cols), for odd and even sizes from 1 on."""
    for rows, cols in SIZES + THIN:
        expect_shape(solution.checkerboard(rows, cols, device), (rows, cols), SHAPE)


@aspect("dtype")
def test_is_int64(solution, device):
    """The dtype is int64."""
    for rows, cols in ((2, 3), (1, 1)):
        expect_dtype(solution.checkerboard(rows, cols, device), torch.int64, INT64)


@aspect("device")
def test_lies_on_the_device(solution, device):
    """The board lies on the device that the argument names."""
    for name in DEVICES[device]:
        expect_device(solution.checkerboard(2, 3, name), device, DEVICE)


@aspect("values")
def test_zeros_and_ones_take_turns(solution, device):
    """Numbers side by side, and one below the other, differ, from a 0 in the corner."""
    for rows, cols in SIZES:
        expect_board(solution, rows, cols, device)


@aspect("values")
def test_a_single_row_or_column_is_right(solution, device):
    """A single row or column begins with 0 and takes turns too."""
    for rows, cols in THIN:
        expect_board(solution, rows, cols, device)


@aspect("values")
def test_a_long_board_is_right(solution):
    """Thousands of rows or columns take turns to the end."""
    for rows, cols in LENGTHY:
        expect_board(solution, rows, cols, "cpu", LONG)
