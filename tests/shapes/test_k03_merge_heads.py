"""The checks of shapes/k03_merge_heads: different numbers, put together by NumPy head by head."""

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect_device,
    expect_dtype,
    expect_elements,
    expect_shape,
    expect_tensor,
    expect_values,
    gradients,
    in_layout,
    random_like,
    untouched,
)

ORDER = "Batch, sequence, and last all features of a token: heads times size."
SIZES_OF_1 = "A dimension of size 1 is one too: it keeps its place."
PLACE = "A token has the features of its head 0 in a row, then those of its head 1, and so on."
SAME = "The numbers only change places: keep their dtype, and go through no other one."
CHOSEN = "Move the numbers without computing with them: 0 * inf and 0 * nan are nan."
KEEP = "Leave x as it is; only the result has another shape."
TRACKED = "Work on x itself: `detach`, `.data`, `tolist` and NumPy cut the result off."
WAY_BACK = "The gradient goes the way back: what came from x[b, h, s, i] returns there."

SHAPES = [(2, 2, 3, 4), (2, 3, 2, 2), (2, 3, 3, 3), (1, 2, 3, 2), (2, 1, 3, 2), (2, 2, 1, 3)]
SHAPES += [(2, 3, 4, 1), (1, 1, 1, 1)]
# dtype → what is added to the numbers from 0 to 47, so that a narrower one doesn't hold them
DTYPES = {
    torch.float32: 2.0**-18,
    torch.float64: 2.0**-40,
    torch.float16: 0,
    torch.bfloat16: 0,
    torch.complex64: 1j,
    torch.int64: 2**60,
    torch.int32: 2**29,
    torch.uint8: 200,
    torch.bool: 0,
}
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x lies in memory with all its dimensions in reverse.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
    "split": "Here x is what split_heads returns: a view of (batch, sequence, features).",
    "repeated batch": "Here the whole batch of x lies in the same memory.",
}


def token_by_token(x):
    """The right numbers, by two loops."""
    tokens = [torch.cat([x[:, h, s] for h in range(x.shape[1])], 1) for s in range(x.shape[2])]
    return torch.stack(tokens, 1)


BENCHMARK = Benchmark(
    "merge_heads",
    means="x: shape (8, 8, n, 64), float32",
    inputs=lambda n: (torch.randint(9, (8, 8, n, 64)).float(),),
    sizes=(16, 128, 1024),
    bytes_moved=lambda n: 2 * 4 * 8 * 8 * n * 64,  # read x, write the result
    naive=token_by_token,
)


def split(device, shape, layout="contiguous"):
    """x, and its numbers as an array: all different, but for a repeated batch."""
    numbers = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    if layout == "repeated batch":
        numbers = np.broadcast_to(numbers[:1], shape)
        return torch.tensor(numbers[:1]).to(device).expand(shape), numbers
    x = torch.tensor(numbers).to(device)
    if layout == "split":
        return x.transpose(1, 2).contiguous().transpose(1, 2), numbers
    return in_layout(x, layout), numbers


def side_by_side(numbers):
    """The numbers as they should come out: the heads of all tokens, one after another."""
    return np.concatenate([numbers[:, h] for h in range(numbers.shape[1])], axis=-1)


def expect_way_back(solution, x, leaf):
    """The gradient of the leaf that x was computed from is what was given to the result."""
    b, heads, s, size = x.shape
    got = solution.merge_heads(x)
    expect_shape(got, (b, s, heads * size), ORDER)
    weights = random_like(leaf.detach().cpu(), seed=3)
    cotangent = torch.tensor(side_by_side(weights.numpy()))
    found = gradients(got, {"x": leaf}, cotangent.to(x.device), TRACKED)["x"]
    expect_values(found, weights, WAY_BACK, "the gradient of x", rtol=0, atol=0)


@aspect("type")
def test_returns_a_tensor(solution, device):
    """merge_heads returns a tensor."""
    expect_tensor(solution.merge_heads(split(device, SHAPES[0])[0]))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (batch, sequence, heads * size)."""
    for shape in SHAPES:
        b, heads, s, size = shape
        hint = f"{ORDER} {SIZES_OF_1}" if 1 in shape else ORDER
        expect_shape(solution.merge_heads(split(device, shape)[0]), (b, s, heads * size), hint)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in DTYPES:
        x = split(device, SHAPES[0])[0].to(dtype)
        expect_dtype(solution.merge_heads(x), dtype, SAME)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.merge_heads(split(device, SHAPES[0])[0]), device)


@aspect("values")
def test_puts_the_heads_of_a_token_side_by_side(solution, device):
    """result[b, s, h * size + i] is x[b, h, s, i]."""
    for shape in SHAPES:
        x, numbers = split(device, shape)
        expect_elements(solution.merge_heads(x), numbers, side_by_side(numbers), PLACE)


@aspect("values")
def test_does_so_in_every_layout(solution, device):
    """The numbers are right however x lies in memory, and x stays as it is."""
    for layout, where in LAYOUTS.items():
        x, numbers = split(device, SHAPES[0], layout)
        with untouched(KEEP, x=x):
            got = solution.merge_heads(x)
        expect_elements(got, numbers, side_by_side(numbers), f"{PLACE} {where}".strip())


@aspect("values")
def test_loses_no_digit(solution, device):
    """The numbers come out exactly, in every dtype."""
    for dtype, more in DTYPES.items():
        numbers = np.arange(48).reshape(SHAPES[0])
        numbers = numbers % 3 == 0 if dtype == torch.bool else numbers + more
        x = torch.tensor(numbers, dtype=dtype)
        expected = torch.tensor(side_by_side(numbers), dtype=dtype)
        expect_values(solution.merge_heads(x.to(device)), expected, SAME, rtol=0, atol=0)


@aspect("values")
def test_moves_inf_and_nan_too(solution, device):
    """inf and nan come out in their places, and harm no other number."""
    numbers = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    numbers[0, 0, 0] = np.inf, np.nan
    expected = torch.tensor(side_by_side(numbers))
    got = solution.merge_heads(torch.tensor(numbers).to(device))
    expect_values(got, expected, CHOSEN, rtol=0, atol=0)


@aspect("gradient")
def test_gradients_reach_x(solution, device):
    """Each number of the result sends its gradient back to its own place in x."""
    leaf = split(device, SHAPES[0])[0].requires_grad_()
    expect_way_back(solution, leaf, leaf)


@aspect("gradient")
def test_gradients_reach_x_in_another_layout(solution, device):
    """So they do where x is a view, in float64 and float16 too."""
    for dtype in (torch.float32, torch.float64, torch.float16):
        leaf = split(device, SHAPES[0])[0].to(dtype).requires_grad_()
        expect_way_back(solution, in_layout(leaf, "transposed"), leaf)
