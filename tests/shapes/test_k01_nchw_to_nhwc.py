"""The checks of shapes/k01_nchw_to_nhwc: different numbers, placed by NumPy."""

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
    expect_view,
    in_layout,
    untouched,
)

ORDER = "The channels come last; height and width follow the batch in their old order."
SIZES_OF_1 = "A dimension of size 1 is one too: it keeps its place."
PLACE = "`result[n, h, w, c]` is `x[n, c, h, w]`: the dimensions change places, no number does."
VIEW = "Sizes and strides say it all: which operation reads the same memory in another order?"
KEEP = "Return another view, and leave the shape and the numbers of x itself alone."
SAME = "Only the order of the dimensions changes, not the kind of number."

SHAPES = [(2, 3, 2, 4), (1, 3, 4, 2), (2, 1, 2, 3), (2, 3, 1, 2), (3, 3, 3, 3), (1, 1, 1, 1)]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.complex64]
DTYPES += [torch.int64, torch.int32, torch.uint8, torch.bool]
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here x lies in memory with all its dimensions in reverse.",
    "every second element": "Here x is every second number of a larger memory.",
    "at an offset": "Here x begins inside of a larger memory.",
    "channels last": "Here x has the channels of a pixel side by side in memory.",
    "repeated image": "Here all images of x lie in the same memory.",
}


def with_a_copy(x):
    """The right numbers, each of them copied."""
    return x.permute(0, 2, 3, 1).contiguous()


BENCHMARK = Benchmark(
    "nchw_to_nhwc",
    means="x: shape (8, 3, n, n), float32",
    inputs=lambda n: (torch.randint(9, (8, 3, n, n)).float(),),
    sizes=(16, 128, 512),
    naive=with_a_copy,
)


def images(device, shape=SHAPES[0], layout="contiguous"):
    """x, and its numbers as an array: all different, but for a repeated image."""
    numbers = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    if layout == "repeated image":
        numbers = np.broadcast_to(numbers[:1], shape)
        return torch.tensor(numbers[:1]).to(device).expand(shape), numbers
    x = torch.tensor(numbers).to(device)
    if layout == "channels last":
        return x.to(memory_format=torch.channels_last), numbers
    return in_layout(x, layout), numbers


def channels_last(numbers):
    """The numbers as they should come out."""
    return np.ascontiguousarray(np.moveaxis(numbers, 1, 3))


def hint_for(hint, layout):
    """The hint, with what is special about the memory of x."""
    return f"{hint} {LAYOUTS[layout]}".strip()


@aspect("type")
def test_returns_a_tensor(solution, device):
    """nchw_to_nhwc returns a tensor."""
    expect_tensor(solution.nchw_to_nhwc(images(device)[0]))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (batch, height, width, channels)."""
    for shape in SHAPES:
        n, c, h, w = shape
        hint = f"{ORDER} {SIZES_OF_1}" if 1 in shape else ORDER
        expect_shape(solution.nchw_to_nhwc(images(device, shape)[0]), (n, h, w, c), hint)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in DTYPES:
        x = images(device)[0].to(dtype)
        expect_dtype(solution.nchw_to_nhwc(x), dtype, SAME)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.nchw_to_nhwc(images(device)[0]), device)


@aspect("values")
def test_moves_the_channels_to_the_end(solution, device):
    """result[n, h, w, c] is x[n, c, h, w]."""
    for shape in SHAPES:
        x, numbers = images(device, shape)
        expect_elements(solution.nchw_to_nhwc(x), numbers, channels_last(numbers), PLACE)


@aspect("values")
def test_moves_them_in_every_layout(solution, device):
    """The numbers are right however x lies in memory."""
    for layout in LAYOUTS:
        x, numbers = images(device, layout=layout)
        hint = hint_for(PLACE, layout)
        expect_elements(solution.nchw_to_nhwc(x), numbers, channels_last(numbers), hint)


@aspect("values")
def test_moves_them_in_every_dtype(solution, device):
    """The numbers are right whatever their dtype."""
    for dtype in DTYPES:
        x, numbers = images(device)
        expected = torch.tensor(channels_last(numbers)).to(dtype)
        expect_values(solution.nchw_to_nhwc(x.to(dtype)), expected, PLACE, rtol=0, atol=0)


@aspect("memory")
def test_leaves_x_as_it_is(solution, device):
    """x keeps its shape, its strides and its values."""
    for layout in ("contiguous", "at an offset"):
        x, _ = images(device, layout=layout)
        with untouched(KEEP, x=x):
            solution.nchw_to_nhwc(x)


@aspect("memory")
def test_is_a_view_of_x(solution, device):
    """The result lies in the memory of x, however x lies there."""
    for layout in LAYOUTS:
        x, _ = images(device, layout=layout)
        expect_view(solution.nchw_to_nhwc(x), x, hint_for(VIEW, layout))
    for dtype in DTYPES:
        x = images(device)[0].to(dtype)
        expect_view(solution.nchw_to_nhwc(x), x, VIEW)
