"""The checks of shapes/k04_patchify: different numbers, cut out by NumPy patch by patch."""

import numpy as np
import torch

from dojo.checks import Benchmark
from dojo.checks.laws import MovingFunction, places


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


# shape of images, p: wide, high, square, one channel, one patch, patches of one pixel
CASES = [((2, 3, 4, 6), 2), ((2, 2, 6, 3), 3), ((1, 2, 4, 4), 2), ((2, 1, 2, 4), 2)]
CASES += [((2, 2, 3, 3), 3), ((1, 3, 2, 3), 1), ((1, 1, 1, 1), 1)]


class TestPatchify(MovingFunction):
    name = "patchify"
    tensors = ("images",)
    cases = [(places(shape), p) for shape, p in CASES]
    hints = {
        "shape": "Batch, patches, and last all numbers of a patch: channels times p times p. A"
        " dimension of size 1 keeps its place.",
        "dtype": "The numbers only change places: keep their dtype, and go through no other one.",
        "values": "Patches go from left to right, then down; in a patch, by channel, then row, then"
        " column.",
        "raises": "Images need not be square: there are h / p times w / p patches. Nor need they be"
        " floats, as `F.unfold` expects.",
        "wild": "Move the numbers without computing with them: 0 * inf and 0 * nan are nan.",
        "memory": "Leave images as they are; only the result has another shape.",
        "tracked": "Work on images itself: `detach`, `.data`, `tolist` and NumPy cut the result"
        " off.",
        "gradient": "The gradient goes the way back: what came from images[b, c, y, x] returns"
        " there.",
    }
    sentences = {
        "test_has_the_shape": "The shape is (batch, patches, channels * p * p).",
        "test_values": "Patches in row-major order, each by channel, then row, then column.",
        "test_gradients": "Each number of the result sends its gradient back to its place in"
        " images.",
    }

    def truth(self, images, p):
        batch, _, height, width = images.shape
        corners = [(y, x) for y in range(0, height, p) for x in range(0, width, p)]
        patches = [images[:, :, y : y + p, x : x + p].reshape(batch, -1) for y, x in corners]
        return np.stack(patches, axis=1)
