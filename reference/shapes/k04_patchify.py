"""Cut images into square patches.

Height becomes (rows of patches, p) and width (columns of patches, p): splitting a dimension keeps
the numbers in their order. Then the six dimensions change places, so that those that count patches
come before those within one, and only then are they joined. Split, permute, join: every such
rearrangement has these three steps.

The common wrong answer is `images.reshape(batch, -1, channels * p * p)` at once: the shape is
right, but a "patch" is then a stretch of rows over the whole width, mostly of one channel. Another
one is `F.unfold`, which has the right order and yet knows no integers.
"""

import torch

HINTS = (
    "Mark with a pen which numbers of a 4 by 4 image belong to patch 1 for p = 2.",
    "Height is (which patch, which row within it), width likewise: six dimensions in all.",
    "Which of the six count patches, and which lie within one? The former come first.",
    "Split height and width, permute to (batch, row of patches, column of patches, …), join.",
)


def patchify(images: torch.Tensor, p: int) -> torch.Tensor:
    """The patches of images, each as one vector.

    Args:
        images: shape (batch, channels, height, width), each size at least 1, any dtype, any
            strides; stays as it is.
        p: the side of a patch, at least 1; it divides height and width.

    Returns:
        Shape (batch, patches, channels * p * p) with patches = (height / p) * (width / p), with
        the dtype and device of images. Patches come in row-major order, and within a patch the
        numbers by channel, then row, then column: result[b, i * (width / p) + j,
        (c * p + row) * p + column] = images[b, c, i * p + row, j * p + column]. The numbers are
        exactly those of images, NaN and inf too. Whether it is a view or a copy is up to you.
        Gradients reach images.
    """
    batch, channels, height, width = images.shape
    split = images.reshape(batch, channels, height // p, p, width // p, p)
    return split.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * p * p)
