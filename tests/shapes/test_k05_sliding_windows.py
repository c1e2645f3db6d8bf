"""The checks of shapes/k05_sliding_windows: different numbers, cut out by NumPy one by one."""

import numpy as np
import torch

from dojo.checks import (
    Benchmark,
    MemoryTrace,
    aspect,
    expect,
    expect_device,
    expect_dtype,
    expect_elements,
    expect_shape,
    expect_tensor,
    expect_values,
    expect_view,
    in_layout,
    untouched,
)

ORDER = "Count the windows that fit whole; they come next to last, and their numbers last."
PLACE = "Window k begins at k * step, and holds the numbers that follow there."
VIEW = "stack, cat, an index tensor and contiguous copy; describe the memory of x anew instead."
KEEP = "Return another view, and leave the shape and the numbers of x itself alone."
SAME = "Only the shape changes, not the kind of number."
THRIFTY = "Windows that overlap share their numbers in memory: none has to be copied on the way."

MEMORY = "took {new:,} bytes of new memory for an x of {own:,} bytes; expected none."

# shape of x, size, step
CASES = [
    ((7,), 3, 1),
    ((8,), 3, 2),  # the last number is in no window
    ((7,), 3, 2),
    ((6,), 2, 2),
    ((6,), 4, 3),
    ((7,), 7, 2),
    ((5,), 1, 1),
    ((7,), 2, 4),
    ((9,), 2, 100),
    ((1,), 1, 1),
    ((3, 7), 3, 2),
    ((2, 1, 5), 2, 2),
    ((2, 3, 6), 4, 1),
    ((2, 1, 3, 4), 2, 1),
]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64]
DTYPES += [torch.int64, torch.int32, torch.uint8, torch.bool]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x lies in memory with its dimensions in reverse.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
    "repeated rows": "Here all rows of x lie in the same memory.",
    "repeated numbers": "Here a row of x is one number, read again and again.",
}


def stacked(x, size, step):
    """The right numbers, each copied into every window that it is in."""
    starts = range(0, x.shape[-1] - size + 1, step)
    return torch.stack([x[..., start : start + size] for start in starts], -2)


BENCHMARK = Benchmark(
    "windows",
    means="x: shape (n,), float32, size 64, step 1",
    inputs=lambda n: (torch.randint(9, (n,)).float(), 64, 1),
    sizes=(100, 1_000, 100_000),
    naive=stacked,
)


def sequences(device, shape, layout="contiguous"):
    """x, and its numbers as an array: all different, but for repeated ones."""
    numbers = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    few = {"repeated rows": numbers[:1], "repeated numbers": numbers[..., :1]}
    if layout in few:
        x = torch.tensor(few[layout]).to(device).expand(shape)
        return x, np.broadcast_to(few[layout], shape)
    return in_layout(torch.tensor(numbers).to(device), layout), numbers


def slid(numbers, size, step):
    """The numbers as they should come out: window after window, while they fit whole."""
    found, start = [], 0
    while start + size <= numbers.shape[-1]:
        found.append(numbers[..., start : start + size])
        start += step
    return np.stack(found, axis=-2)


def hint_for(hint, layout):
    """The hint, with what is special about the memory of x."""
    return f"{hint} {LAYOUTS[layout]}".strip()


@aspect("type")
def test_returns_a_tensor(solution, device):
    """windows returns a tensor."""
    expect_tensor(solution.windows(sequences(device, (7,))[0], 3, 2))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (..., n, size), for the n windows that fit whole."""
    for shape, size, step in CASES:
        n = len(range(0, shape[-1] - size + 1, step))
        got = solution.windows(sequences(device, shape)[0], size, step)
        expect_shape(got, (*shape[:-1], n, size), ORDER)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in DTYPES:
        x = sequences(device, (2, 7))[0].to(dtype)
        expect_dtype(solution.windows(x, 3, 2), dtype, SAME)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.windows(sequences(device, (7,))[0], 3, 2), device)


@aspect("values")
def test_slides_over_the_last_dimension(solution, device):
    """result[..., k, i] is x[..., k * step + i]."""
    for shape, size, step in CASES:
        x, numbers = sequences(device, shape)
        expected = slid(numbers, size, step)
        expect_elements(solution.windows(x, size, step), numbers, expected, PLACE)


@aspect("values")
def test_does_so_in_every_layout(solution, device):
    """The numbers are right however x lies in memory."""
    for layout in LAYOUTS:
        x, numbers = sequences(device, (3, 7), layout)
        hint = hint_for(PLACE, layout)
        expect_elements(solution.windows(x, 3, 2), numbers, slid(numbers, 3, 2), hint)


@aspect("values")
def test_does_so_in_every_dtype(solution, device):
    """The numbers are right whatever their dtype."""
    for dtype in DTYPES:
        x, numbers = sequences(device, (2, 7))
        expected = torch.tensor(slid(numbers, 3, 2)).to(dtype)
        expect_values(solution.windows(x.to(dtype), 3, 2), expected, PLACE, rtol=0, atol=0)


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x keeps its shape, its strides and its values."""
    for layout in ("contiguous", "transposed"):
        x, _ = sequences(device, (3, 7), layout)
        with untouched(KEEP, x=x):
            solution.windows(x, 3, 2)


@aspect("memory")
def test_is_a_view_of_x(solution, device):
    """The result lies in the memory of x, however x lies there and however windows overlap."""
    for shape, size, step in CASES:
        x, _ = sequences(device, shape)
        expect_view(solution.windows(x, size, step), x, VIEW)
    for layout in LAYOUTS:
        x, _ = sequences(device, (3, 7), layout)
        expect_view(solution.windows(x, 3, 2), x, hint_for(VIEW, layout))
    for dtype in DTYPES:
        x = sequences(device, (2, 7))[0].to(dtype)
        expect_view(solution.windows(x, 3, 2), x, VIEW)


@aspect("memory")
def test_takes_no_new_memory(solution):
    """The windows of 300 numbers out of 600 take no memory beyond that of x."""
    for shape, layout in (((600,), "contiguous"), ((2, 600), "transposed")):
        x, _ = sequences("cpu", shape, layout)
        own = x.numel() * x.element_size()
        with MemoryTrace() as trace:
            solution.windows(x, 300, 1)
        new = sum(trace.new)
        # a few numbers, such as an int64 for each window, are no copy; the windows are 150 times x
        expect(new <= 4 * own, MEMORY.format(new=new, own=own), THRIFTY)
