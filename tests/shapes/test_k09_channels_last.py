"""The checks of shapes/k09_channels_last: the numbers of x, index by index, and their strides."""

import math

import torch

from dojo.checks import (
    Benchmark,
    aspect,
    dtype_name,
    expect,
    expect_device,
    expect_dtype,
    expect_shape,
    expect_values,
    in_layout,
    untouched,
)

SHAPE = "The shape stays (N, C, H, W); only the order in memory changes."
PLACE = "result[n, c, h, w] is x[n, c, h, w]: moving numbers in memory moves none to another index."
KEEP = "Make a new tensor of x where its memory must change, and leave x as it is."
PIXEL = "In memory, the C numbers of a pixel come side by side, then the next pixel of its row."
ONES = "Where one size is 1, the other dimensions still need their order."

FORMAT = (
    "returned a tensor with the strides {strides}, which is not contiguous in the memory format "
    "torch.channels_last; the strides {expected} are."
)

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
DTYPES += [torch.int64, torch.uint8, torch.bool, torch.complex64]
EXTRA = {torch.float64: 2.0**-40, torch.int64: 2**60}  # digits that float32 does not hold
ORDERS = {"NCHW": (0, 1, 2, 3), "NHWC": (0, 2, 3, 1), "NWHC": (0, 3, 2, 1), "WHCN": (3, 2, 1, 0)}
WITH_ONES = [(1, 1, 1, 1), (2, 1, 3, 4), (2, 3, 1, 1), (1, 3, 4, 2), (2, 3, 1, 4), (2, 3, 4, 1)]


def image_by_image(x):
    """Each image on its own, and then all of them once more."""
    return torch.stack([image.permute(1, 2, 0).contiguous() for image in x]).permute(0, 3, 1, 2)


BENCHMARK = Benchmark(
    "to_channels_last",
    means="x: shape (n, 16, 32, 32), float32",
    inputs=lambda n: ((torch.arange(n * 2**14) % 7.0).reshape(n, 16, 32, 32),),
    sizes=(1, 16, 256),
    bytes_moved=lambda n: 2 * 4 * n * 2**14,  # read x, write it
    naive=image_by_image,
)


def images(device, shape=(2, 3, 4, 5), dtype=torch.float32, order="NCHW"):
    """0, 1, 2 and so on by index, in this order in memory; for bool, every third is True."""
    x = torch.arange(math.prod(shape)).reshape(shape)
    x = x % 3 == 0 if dtype == torch.bool else x.to(dtype) + EXTRA.get(dtype, 0)
    x = x.to(device).permute(ORDERS[order]).contiguous()
    return x.permute([ORDERS[order].index(dim) for dim in range(4)])


def converted(solution, x, hint=SHAPE):
    """What to_channels_last returns, once it has the shape of x and x is as it was."""
    with untouched(KEEP, x=x):
        got = solution.to_channels_last(x)
    expect_shape(got, x.shape, hint)
    return got


def expect_channels_last(got, hint):
    _, channels, height, width = got.shape
    expected = (channels * height * width, 1, channels * width, channels)
    is_right = got.is_contiguous(memory_format=torch.channels_last)
    expect(is_right, FORMAT.format(strides=got.stride(), expected=expected), hint)


@aspect("shape")
def test_keeps_the_shape(solution, device):
    """The shape stays (N, C, H, W), sizes of 1 included."""
    for shape in [(2, 3, 4, 5), (3, 3, 3, 3), *WITH_ONES]:
        converted(solution, images(device, shape))


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of x."""
    for dtype in DTYPES:
        expect_dtype(solution.to_channels_last(images(device, (1, 2, 2, 2), dtype)), dtype)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where x lies."""
    expect_device(solution.to_channels_last(images(device)), device)


@aspect("values")
def test_keeps_every_number_at_its_index(solution, device):
    """result[n, c, h, w] is x[n, c, h, w], in whichever order x lies in memory."""
    inputs = [((2, 3, 4, 5), torch.float32, order) for order in ORDERS]
    inputs += [((2, 2, 2, 2), torch.float32, "NCHW"), ((3, 3, 3, 3), torch.float32, "NCHW")]
    inputs += [((2, 3, 2, 2), dtype, "NCHW") for dtype in DTYPES[1:]]
    inputs += [(shape, torch.float32, "NCHW") for shape in WITH_ONES[1:4]]
    for shape, dtype, order in inputs:
        expected = images("cpu", shape, dtype)
        hint = f"{PLACE} Here x lies in memory in the order {', '.join(order)}."
        got = converted(solution, images(device, shape, dtype, order))
        expect_values(got, expected, hint, rtol=0, atol=0)


@aspect("memory")
def test_lies_in_memory_channels_last(solution, device):
    """The result is contiguous in the memory format channels_last."""
    for order in ORDERS:
        hint = f"{PIXEL} Here x lies in the order {', '.join(order)}."
        expect_channels_last(converted(solution, images(device, order=order)), hint)
    for dtype in DTYPES[1:]:
        x = images(device, (2, 3, 2, 2), dtype)
        expect_channels_last(converted(solution, x), f"{PIXEL} Here x is {dtype_name(dtype)}.")


@aspect("memory")
def test_lies_so_with_sizes_of_1(solution, device):
    """That holds where N, C, H or W is 1, too."""
    for shape in WITH_ONES:
        for order in ("NCHW", "NWHC", "WHCN"):
            hint = f"{ONES} Here x lies in the order {', '.join(order)}."
            expect_channels_last(converted(solution, images(device, shape, order=order)), hint)


@aspect("memory")
def test_lies_so_for_a_part_of_a_memory(solution, device):
    """That holds, with the same values, where x is a part of a larger memory or repeats itself."""
    image = torch.arange(60.0).to(device).reshape(1, 3, 4, 5)
    inputs = {
        "Here x is every second number of a larger memory.": in_layout(
            images(device), "every second element"
        ),
        "Here x begins inside of a larger memory.": in_layout(images(device), "at an offset"),
        "Here x is one image, expanded to two.": image.expand(2, 3, 4, 5),
        "Here x is one channel, expanded to three.": image[:, :1].expand(1, 3, 4, 5),
    }
    for where, x in inputs.items():
        expected = torch.tensor(x.tolist())
        got = converted(solution, x)
        expect_values(got, expected, f"{PLACE} {where}", rtol=0, atol=0)
        expect_channels_last(got, f"{PIXEL} {where}")
