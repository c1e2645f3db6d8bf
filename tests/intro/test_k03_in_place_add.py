"""The checks of intro/k03_in_place_add: sums of small numbers, counted up in Python."""

import pytest
import torch

from dojo.checks import (
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_gradients,
    expect_new_memory,
    expect_same_object,
    expect_shape,
    expect_tensor,
    expect_values,
    layouts,
    random_like,
    untouched,
)

NEW = "`add` promises a new tensor: leave x1 as it is, and write nowhere."
IN_PLACE = "`x1 + x2` makes a new tensor. Which operation, ending in _, writes into x1 itself?"
SUM = "Only x1 and x2 go into the sum, each once."
ALIAS_OLD = "put the sum into other memory: a view of x1 made before the call still shows {old}."
MEMORY = "`x1.data = …` gives x1 other memory. Write into the memory that it has."
UNRECORDED = "`.data`, `no_grad`, `detach` and `out=` hide the addition from autograd."

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
DTYPES = [*FLOATS, torch.int8, torch.uint8, torch.int32, torch.int64]
LAYOUTS = ["contiguous", "transposed", "every second element", "at an offset"]
CASES = [
    (torch.float32, "contiguous"),
    (torch.float32, "transposed"),
    (torch.float64, "every second element"),
    (torch.int64, "at an offset"),
    (torch.int8, "contiguous"),
    (torch.bfloat16, "transposed"),
]
NAMES = ["add", "add_"]
ROWS_1 = [[1, 2, 3], [4, 5, 6]]
ROWS_2 = [[10, 20, 40], [30, 7, 50]]
ROWS_SUM = [
    [a + b for a, b in zip(*rows, strict=True)] for rows in zip(ROWS_1, ROWS_2, strict=True)
]


def pair(device, dtype=torch.float32, layout="contiguous"):
    """x1, x2 and their sum; the layout is x1's."""
    x1, x2, total = (torch.tensor(rows, dtype=dtype) for rows in (ROWS_1, ROWS_2, ROWS_SUM))
    return layouts(x1.to(device))[layout], x2.to(device), total.to(device)


@aspect("type")
@pytest.mark.parametrize("name", NAMES)
def test_returns_a_tensor(solution, device, name):
    """Both functions return a tensor."""
    x1, x2, _ = pair(device)
    expect_tensor(getattr(solution, name)(x1, x2))


@aspect("shape")
@pytest.mark.parametrize("name", NAMES)
def test_keeps_the_shape(solution, device, name):
    """The sum has the shape (2, 3)."""
    x1, x2, _ = pair(device)
    expect_shape(getattr(solution, name)(x1, x2), (2, 3))


@aspect("dtype")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_keeps_the_dtype(solution, device, name, dtype):
    """The sum has the dtype of its parts."""
    x1, x2, _ = pair(device, dtype)
    expect_dtype(getattr(solution, name)(x1, x2), dtype)


@aspect("device")
@pytest.mark.parametrize("name", NAMES)
def test_stays_on_the_device(solution, device, name):
    """The sum lies where its parts lie."""
    x1, x2, _ = pair(device)
    expect_device(getattr(solution, name)(x1, x2), device)


@aspect("values")
@pytest.mark.parametrize("dtype, layout", CASES)
def test_add_returns_the_sum(solution, device, dtype, layout):
    """add returns the sum of x1 and x2."""
    x1, x2, total = pair(device, dtype, layout)
    expect_values(solution.add(x1, x2), total, SUM, rtol=0, atol=0)


@aspect("values")
@pytest.mark.parametrize("dtype, layout", CASES)
def test_add_in_place_returns_the_sum(solution, device, dtype, layout):
    """add_ returns x1 itself, which holds the sum."""
    x1, x2, total = pair(device, dtype, layout)
    got = solution.add_(x1, x2)
    expect_same_object(got, x1, IN_PLACE, what="x1")
    expect_values(got, total, SUM, rtol=0, atol=0)


@aspect("gradient")
def test_add_is_recorded(solution, device):
    """Gradients reach both x1 and x2 through add."""
    x1, x2, _ = pair(device)
    x1.requires_grad_()
    x2.requires_grad_()
    got = solution.add(x1, x2)
    expect_tensor(got)
    cotangent = random_like(x1.detach(), seed=3)
    expect_gradients(
        got, {"x1": x1, "x2": x2}, cotangent, {"x1": cotangent, "x2": cotangent}, UNRECORDED
    )


@aspect("gradient")
def test_add_in_place_is_recorded(solution, device):
    """Gradients reach what x1 and x2 came from through add_."""
    x1, x2, _ = pair(device)
    x1.requires_grad_()
    x2.requires_grad_()
    product = x1 * 3
    got = solution.add_(product, x2)
    expect_same_object(got, product, IN_PLACE, what="x1")
    cotangent = random_like(x1.detach(), seed=4)
    expected = {"x1": cotangent * 3, "x2": cotangent.clone()}
    expect_gradients(got, {"x1": x1, "x2": x2}, cotangent, expected, UNRECORDED)


@aspect("gradient")
def test_add_in_place_is_recorded_for_x2_alone(solution, device):
    """A gradient reaches x2 through add_ even if x1 was not tracked before."""
    x1, x2, _ = pair(device)
    x2.requires_grad_()
    got = solution.add_(x1, x2)
    expect_same_object(got, x1, IN_PLACE, what="x1")
    cotangent = random_like(x2.detach(), seed=5)
    expect_gradients(got, {"x2": x2}, cotangent, {"x2": cotangent.clone()}, UNRECORDED)


@aspect("memory")
@pytest.mark.parametrize("dtype, layout", CASES)
def test_add_makes_a_new_tensor(solution, device, dtype, layout):
    """add leaves x1 and x2 as they were and returns memory of its own."""
    x1, x2, _ = pair(device, dtype, layout)
    with untouched(NEW, x1=x1, x2=x2):
        got = solution.add(x1, x2)
    expect_new_memory(got, x1, x2, hint=NEW)


@aspect("memory")
@pytest.mark.parametrize("dtype, layout", CASES)
def test_add_in_place_writes_into_the_memory_of_x1(solution, device, dtype, layout):
    """add_ writes into x1's own memory: a view made before sees the sum."""
    x1, x2, total = pair(device, dtype, layout)
    alias, address, strides = x1.detach(), x1.data_ptr(), x1.stride()
    with untouched("Only x1 may change.", x2=x2):
        solution.add_(x1, x2)
    seen = torch.equal(alias.cpu(), total.cpu())
    expect(seen, ALIAS_OLD.format(old=alias.tolist()), IN_PLACE)
    same_place = x1.data_ptr() == address and x1.stride() == strides
    expect(same_place, "moved x1 to other memory.", MEMORY)


@aspect("memory")
@pytest.mark.parametrize("layout", ["every second element", "at an offset"])
def test_add_in_place_writes_nowhere_else(solution, device, layout):
    """add_ leaves the memory around x1 as it was."""
    x1, x2, total = pair(device, torch.float32, layout)
    whole = x1.detach().as_strided((x1.untyped_storage().nbytes() // 4,), (1,), 0)
    spare = whole.sum().item() - x1.detach().sum().item()
    solution.add_(x1, x2)
    left = whole.sum().item() - total.sum().item()
    expect(left == spare, "changed memory around x1, or left x1 as it was.", IN_PLACE)
