"""The checks of shapes/k04_patchify: different numbers, cut out by NumPy patch by patch."""

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

ORDER = "Batch, patches, and last all numbers of a patch: channels times p times p."
SIZES_OF_1 = "A dimension of size 1 is one too: it keeps its place."
PLACE = "Patches go from left to right, then down; in a patch, by channel, then row, then column."
SAME = "The numbers only change places: keep their dtype, and go through no other one."
CHOSEN = "Move the numbers without computing with them: 0 * inf and 0 * nan are nan."
KEEP = "Leave images as they are; only the result has another shape."
TRACKED = "Work on images itself: `detach`, `.data`, `tolist` and NumPy cut the result off."
WAY_BACK = "The gradient goes the way back: what came from images[b, c, y, x] returns there."

# shape of images, p: wide, high, square, one patch, patches of one pixel
CASES = [
    ((2, 3, 4, 6), 2),
    ((2, 2, 6, 3), 3),
    ((1, 2, 4, 4), 2),
    ((2, 1, 2, 4), 2),
    ((2, 2, 3, 3), 3),
    ((1, 3, 2, 3), 1),
    ((1, 1, 1, 1), 1),
]
# dtype → what is added to the numbers from 0 to 47, so that a narrower one doesn't hold them
DTYPES = {
    torch.float32: 2.0**-18,
    torch.float64: 2.0**-40,
    torch.float16: 0,
    torch.bfloat16: 0,
    torch.complex64: 1j,
    torch.int64: 2**60,
    torch.int32: 2**29,
    torch.int16: 2**12,
    torch.int8: -100,
    torch.uint8: 200,
    torch.bool: 0,
}
LAYOUTS = {
    "contiguous": "",
    "transposed": "Here images lie in memory with all their dimensions in reverse.",
    "every second element": "Here images are every second number of a larger memory.",
    "at an offset": "Here images begin inside of a larger memory.",
    "channels last": "Here images have the channels of a pixel side by side in memory.",
    "repeated image": "Here all images lie in the same memory.",
}


def patch_by_patch(images, p):
    """The right numbers, by two loops over the patches."""
    _, _, height, width = images.shape
    corners = [(y, x) for y in range(0, height, p) for x in range(0, width, p)]
    return torch.stack([images[:, :, y : y + p, x : x + p].flatten(1) for y, x in corners], 1)


BENCHMARK = Benchmark(
    "patchify",
    means="images: shape (4, 3, n, n), float32, p = 16",
    inputs=lambda n: (torch.randint(9, (4, 3, n, n)).float(), 16),
    sizes=(32, 224, 1024),
    bytes_moved=lambda n: 2 * 4 * 4 * 3 * n**2,  # read images, write the patches
    naive=patch_by_patch,
)


def pictures(device, shape, layout="contiguous"):
    """Images, and their numbers as an array: all different, but for a repeated image."""
    numbers = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    if layout == "repeated image":
        numbers = np.broadcast_to(numbers[:1], shape)
        return torch.tensor(numbers[:1]).to(device).expand(shape), numbers
    images = torch.tensor(numbers).to(device)
    if layout == "channels last":
        return images.to(memory_format=torch.channels_last), numbers
    return in_layout(images, layout), numbers


def cut(numbers, p):
    """The numbers as they should come out."""
    batch, _, height, width = numbers.shape
    corners = [(y, x) for y in range(0, height, p) for x in range(0, width, p)]
    patches = [numbers[:, :, y : y + p, x : x + p].reshape(batch, -1) for y, x in corners]
    return np.stack(patches, axis=1)


def expect_way_back(solution, images, leaf):
    """The gradient of the leaf that images were computed from is what was given to the result."""
    got = solution.patchify(images, 2)
    weights = random_like(leaf.detach().cpu(), seed=4)
    cotangent = torch.tensor(cut(weights.numpy(), 2))
    expect_shape(got, cotangent.shape, ORDER)
    found = gradients(got, {"images": leaf}, cotangent.to(images.device), TRACKED)["images"]
    expect_values(found, weights, WAY_BACK, "the gradient of images")


@aspect("type")
def test_returns_a_tensor(solution, device):
    """patchify returns a tensor."""
    expect_tensor(solution.patchify(pictures(device, (2, 3, 4, 6))[0], 2))


@aspect("shape")
def test_has_the_shape(solution, device):
    """The shape is (batch, patches, channels * p * p)."""
    for (batch, channels, height, width), p in CASES:
        images, _ = pictures(device, (batch, channels, height, width))
        shape = (batch, (height // p) * (width // p), channels * p * p)
        hint = f"{ORDER} {SIZES_OF_1}" if 1 in shape else ORDER
        expect_shape(solution.patchify(images, p), shape, hint)


@aspect("dtype")
def test_keeps_the_dtype(solution, device):
    """The result has the dtype of images."""
    for dtype in DTYPES:
        images = pictures(device, (1, 2, 4, 6))[0].to(dtype)
        expect_dtype(solution.patchify(images, 2), dtype, SAME)


@aspect("device")
def test_stays_on_the_device(solution, device):
    """The result lies where images lie."""
    expect_device(solution.patchify(pictures(device, (2, 3, 4, 6))[0], 2), device)


@aspect("values")
def test_cuts_the_patches(solution, device):
    """Patches in row-major order, each by channel, then row, then column."""
    for shape, p in CASES:
        images, numbers = pictures(device, shape)
        expect_elements(solution.patchify(images, p), numbers, cut(numbers, p), PLACE, "images")


@aspect("values")
def test_does_so_in_every_layout(solution, device):
    """The numbers are right however images lie in memory, and images stay as they are."""
    for layout, where in LAYOUTS.items():
        images, numbers = pictures(device, (2, 3, 4, 6), layout)
        with untouched(KEEP, images=images):
            got = solution.patchify(images, 2)
        expect_elements(got, numbers, cut(numbers, 2), f"{PLACE} {where}".strip(), "images")


@aspect("values")
def test_loses_no_digit(solution, device):
    """The numbers come out exactly, in every dtype."""
    for dtype, more in DTYPES.items():
        numbers = np.arange(48).reshape(1, 2, 4, 6)
        numbers = numbers % 3 == 0 if dtype == torch.bool else numbers + more
        images = torch.tensor(numbers, dtype=dtype)
        expected = torch.tensor(cut(numbers, 2), dtype=dtype)
        expect_values(solution.patchify(images.to(device), 2), expected, SAME, rtol=0, atol=0)


@aspect("values")
def test_moves_inf_and_nan_too(solution, device):
    """inf and nan come out in their places, and harm no other number."""
    numbers = np.arange(8, dtype=np.float32).reshape(1, 1, 2, 4)
    numbers[0, 0, 0, 1:3] = np.inf, np.nan
    expected = torch.tensor(cut(numbers, 2))
    got = solution.patchify(torch.tensor(numbers).to(device), 2)
    expect_values(got, expected, CHOSEN, rtol=0, atol=0)


@aspect("gradient")
def test_gradients_reach_images(solution, device):
    """Each number of the result sends its gradient back to its own place in images."""
    leaf = pictures(device, (2, 3, 4, 6))[0].requires_grad_()
    expect_way_back(solution, leaf, leaf)


@aspect("gradient")
def test_gradients_reach_images_in_another_layout(solution, device):
    """So they do where images are a view, in float64 and float16 too."""
    for dtype in (torch.float32, torch.float64, torch.float16):
        leaf = pictures(device, (2, 3, 4, 6))[0].to(dtype).requires_grad_()
        expect_way_back(solution, in_layout(leaf, "transposed"), leaf)
