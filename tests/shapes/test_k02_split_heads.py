"""The checks of shapes/k02_split_heads: different numbers, cut out by NumPy head by head."""

import functools

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    aspect,
    expect_device,
    expect_dtype,
    expect_elements,
    expect_raises,
    expect_shape,
    expect_tensor,
    expect_values,
    expect_view,
    in_layout,
    untouched,
)

ORDER = "Batch, heads, sequence, and last what each head has of the features."
SIZES_OF_1 = "A dimension of size 1 is one too: it keeps its place."
PLACE = "Head h of a token has `size` features in a row: those from `h * size` on."
VIEW = "Splitting a dimension and swapping two need no copy. Which operation of yours makes one?"
KEEP = "Return another view, and leave the shape and the numbers of x itself alone."
SAME = "Only the shape changes, not the kind of number."
DIVIDE = "Ask whether the features can be divided by the heads before you split them."

# shape of x, heads
CASES = [
    ((2, 3, 8), 2),
    ((2, 3, 8), 4),
    ((2, 3, 6), 3),
    ((2, 4, 8), 4),
    ((1, 3, 4), 2),
    ((2, 1, 6), 2),
    ((2, 3, 4), 1),
    ((2, 3, 4), 4),
    ((1, 1, 1), 1),
]
# In the last two heads divides the length of the sequence, and so the number of all elements.
UNDIVIDED = [((1, 5, 5), 2), ((1, 3, 2), 4), ((1, 3, 1), 5), ((2, 4, 6), 4), ((1, 3, 4), 3)]
UNDIVIDED += [((2, 3, 7), 3), ((1, 2, 10), 4), ((1, 5, 9), 6), ((1, 1, 12), 8)]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64]
DTYPES += [torch.int64, torch.int32, torch.uint8, torch.bool]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x lies in memory with all its dimensions in reverse.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
    "sequence first": "Here x lies in memory as (sequence, batch, features).",
    "repeated sequence": "Here all sequences of x lie in the same memory.",
}


def with_a_copy(x, heads):
    """The right numbers, each of them copied."""
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2).contiguous()


BENCHMARK = Benchmark(
    "split_heads",
    means="x: shape (8, n, 512), float32, 8 heads",
    inputs=lambda n: (torch.randint(9, (8, n, 512)).float(), 8),
    sizes=(16, 128, 1024),
    naive=with_a_copy,
)


def tokens(device, shape, layout="contiguous"):
    """x, and its numbers as an array: all different, but for a repeated sequence."""
    numbers = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    if layout == "repeated sequence":
        numbers = np.broadcast_to(numbers[:1], shape)
        return torch.tensor(numbers[:1]).to(device).expand(shape), numbers
    x = torch.tensor(numbers).to(device)
    if layout == "sequence first":
        return x.transpose(0, 1).contiguous().transpose(0, 1), numbers
    return in_layout(x, layout), numbers


def by_heads(numbers, heads):
    """The numbers as they should come out: the slices of the features, one for each head."""
    return np.stack(np.split(numbers, heads, axis=2), axis=1)


def hint_for(hint, layout):
    """The hint, with what is special about the memory of x."""
    return f"{hint} {LAYOUTS[layout]}".strip()


@aspect("type")
def test_returns_a_tensor(solution, device):
    """split_heads returns a tensor."""
    expect_tensor(solution.split_heads(tokens(device, (2, 3, 8))[0], 2))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (batch, heads, sequence, features / heads)."""
    for (batch, sequence, features), heads in CASES:
        x, _ = tokens(device, (batch, sequence, features))
        hint = f"{ORDER} {SIZES_OF_1}" if 1 in (batch, sequence, heads) else ORDER
        shape = (batch, heads, sequence, features // heads)
        expect_shape(solution.split_heads(x, heads), shape, hint)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in DTYPES:
        x = tokens(device, (2, 3, 8))[0].to(dtype)
        expect_dtype(solution.split_heads(x, 2), dtype, SAME)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.split_heads(tokens(device, (2, 3, 8))[0], 2), device)


@aspect("values")
def test_gives_each_head_its_features(solution, device):
    """result[b, h, s, i] is x[b, s, h * size + i]."""
    for shape, heads in CASES:
        x, numbers = tokens(device, shape)
        expected = by_heads(numbers, heads)
        expect_elements(solution.split_heads(x, heads), numbers, expected, PLACE)


@aspect("values")
def test_does_so_in_every_layout(solution, device):
    """The numbers are right however x lies in memory."""
    for layout in LAYOUTS:
        x, numbers = tokens(device, (2, 3, 8), layout)
        expected = by_heads(numbers, 2)
        expect_elements(solution.split_heads(x, 2), numbers, expected, hint_for(PLACE, layout))


@aspect("values")
def test_does_so_in_every_dtype(solution, device):
    """The numbers are right whatever their dtype."""
    for dtype in DTYPES:
        x, numbers = tokens(device, (2, 3, 8))
        expected = torch.tensor(by_heads(numbers, 2)).to(dtype)
        expect_values(solution.split_heads(x.to(dtype), 2), expected, PLACE, rtol=0, atol=0)


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x keeps its shape, its strides and its values."""
    for layout in ("contiguous", "transposed"):
        x, _ = tokens(device, (2, 3, 8), layout)
        with untouched(KEEP, x=x):
            solution.split_heads(x, 2)


@aspect("memory")
def test_is_a_view_of_x(solution, device):
    """The result lies in the memory of x, however x lies there."""
    for layout in LAYOUTS:
        x, _ = tokens(device, (2, 3, 8), layout)
        expect_view(solution.split_heads(x, 2), x, hint_for(VIEW, layout))
    for dtype in DTYPES:
        x = tokens(device, (2, 3, 8))[0].to(dtype)
        expect_view(solution.split_heads(x, 2), x, VIEW)


@aspect("errors")
def test_refuses_features_that_heads_do_not_divide(solution):
    """Features that cannot be divided by heads raise ValueError."""
    for shape, heads in UNDIVIDED:
        x, _ = tokens("cpu", shape)
        call = functools.partial(solution.split_heads, x, heads)
        what = f"{heads} heads, which cannot share {shape[2]} features"
        expect_raises(ValueError, call, DIVIDE, what)
