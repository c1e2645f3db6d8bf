"""The checks of intro/k04_reshape_permute: six different numbers, placed by Python's own indices."""

import pytest
import torch

from dojo.checks import (
    aspect,
    describe,
    expect,
    expect_device,
    expect_dtype,
    expect_gradients,
    expect_shape,
    expect_tensor,
    expect_values,
    expect_view,
    random_like,
    untouched,
)

TUPLE = "Return both at once: `return rows, permuted`."
ORDER = "`rows` holds the numbers of x in their order, three to a row."
SWAP = "A reshape keeps the order of the numbers; `permuted[j, i]` has to be `rows[i, j]`."
VIEW = "Neither operation has to copy: both only describe x's memory anew."
KEEP = "Make new views of x; `resize_` and in-place operations change x itself."
TRACKED = "Work on x itself: `detach`, `.data`, `tolist` and copies of the values cut the graph."

NUMBERS = [11, 3, 7, 2, 5, 13]
ROWS = [[11, 3, 7], [2, 5, 13]]
COLUMNS = [[11, 2], [3, 5], [7, 13]]
DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.complex64]
PLACES = ["memory of its own", "inside a larger memory", "a row of a matrix"]


def vector(device, place="memory of its own", dtype=torch.float32):
    """The contiguous x with NUMBERS in it, at some place of its memory."""
    x = torch.tensor(NUMBERS, dtype=dtype).to(device)
    if place == "inside a larger memory":
        longer = x.new_zeros(11)
        longer[4:10] = x
        return longer[4:10]
    if place == "a row of a matrix":
        matrix = x.new_ones(3, 6)
        matrix[1] = x
        return matrix[1]
    return x


def both(solution, x):
    """The learner's two results, once they are a tuple of two tensors."""
    got = solution.reshape_and_permute(x)
    is_pair = type(got) is tuple and len(got) == 2
    expect(is_pair, f"returned {describe(got)}; expected the tuple (rows, permuted).", TUPLE)
    expect_tensor(got[0], what="rows")
    expect_tensor(got[1], what="permuted")
    return got


@aspect("type")
def test_returns_a_tuple_of_two_tensors(solution, device):
    """The result is a tuple of two tensors."""
    both(solution, vector(device))


@aspect("shape")
def test_has_the_shapes(solution, device):
    """The shapes are (2, 3) and (3, 2)."""
    rows, permuted = both(solution, vector(device))
    expect_shape(rows, (2, 3), ORDER, what="rows")
    expect_shape(permuted, (3, 2), SWAP, what="permuted")


@aspect("dtype")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_keeps_the_dtype(solution, device, dtype):
    """Both have the dtype of x."""
    rows, permuted = both(solution, vector(device, dtype=dtype))
    expect_dtype(rows, dtype, what="rows")
    expect_dtype(permuted, dtype, what="permuted")


@aspect("device")
def test_stays_on_the_device(solution, device):
    """Both lie where x lies."""
    rows, permuted = both(solution, vector(device))
    expect_device(rows, device, what="rows")
    expect_device(permuted, device, what="permuted")


@aspect("values")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("place", PLACES)
def test_rows_hold_the_numbers_in_order(solution, device, place, dtype):
    """rows holds the numbers of x in their order."""
    rows, _ = both(solution, vector(device, place, dtype))
    expect_values(rows, torch.tensor(ROWS, dtype=dtype), ORDER, "rows", rtol=0, atol=0)


@aspect("values")
@pytest.mark.parametrize("place", PLACES)
def test_permuted_swaps_the_dimensions(solution, device, place):
    """permuted[j, i] is rows[i, j]."""
    _, permuted = both(solution, vector(device, place))
    expected = torch.tensor(COLUMNS, dtype=torch.float32)
    expect_values(permuted, expected, SWAP, "permuted", rtol=0, atol=0)


@aspect("gradient")
def test_gradients_reach_x(solution, device):
    """Gradients reach x through rows and through permuted."""
    x = vector(device).requires_grad_()
    rows, permuted = both(solution, x)
    expect_shape(rows, (2, 3), ORDER, what="rows")
    expect_shape(permuted, (3, 2), SWAP, what="permuted")
    weights = random_like(x.detach(), seed=7)
    by_rows = torch.stack([weights[:3], weights[3:]])
    by_columns = torch.stack([by_rows[:, j] for j in range(3)])
    expect_gradients(rows, {"x": x}, by_rows, {"x": weights.clone()}, TRACKED)
    expect_gradients(permuted, {"x": x}, by_columns, {"x": weights.clone()}, TRACKED)


@aspect("memory")
@pytest.mark.parametrize("place", PLACES)
def test_leaves_x_as_it_is(solution, device, place):
    """x keeps its shape, its strides and its values."""
    x = vector(device, place)
    with untouched(KEEP, x=x):
        both(solution, x)


@aspect("memory")
@pytest.mark.parametrize("place", PLACES)
def test_both_are_views_of_x(solution, device, place):
    """A write to x is seen in rows and in permuted."""
    x = vector(device, place)
    rows, permuted = both(solution, x)
    expect_view(rows, x, VIEW, what="rows")
    expect_view(permuted, x, VIEW, what="permuted")
    expect_shape(rows, (2, 3), ORDER, what="rows")
    expect_shape(permuted, (3, 2), SWAP, what="permuted")
    x += 30
    expected = torch.tensor(ROWS, dtype=torch.float32) + 30
    after = "rows, after 30 was added to x in place,"
    expect_values(rows, expected, VIEW, after, rtol=0, atol=0)
    after = "permuted, after 30 was added to x in place,"
    expect_values(permuted, expected.T, VIEW, after, rtol=0, atol=0)
