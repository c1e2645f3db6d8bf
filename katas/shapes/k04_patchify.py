"""Cut images into square patches.

A vision transformer reads an image as a sequence of patches, p by p pixels each, from left to
right and from top to bottom. Every patch becomes one vector: its first channel row by row, then
its second channel, and so on.

    image = tensor([[[[ 1.,  2.,  3.,  4.],
                      [ 5.,  6.,  7.,  8.]]]])          # one image, one channel, 2 by 4 pixels
    patchify(image, 2)  ->  [[[1., 2., 5., 6.],         # the left patch
                              [3., 4., 7., 8.]]]        # the right patch

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
