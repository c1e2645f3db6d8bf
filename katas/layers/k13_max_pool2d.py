"""Keep the largest number of each window of an image.

The image becomes smaller, and what was found anywhere in a window stays. torchvision's ResNet makes
its image half as high and wide by windows of 3 by 3 after its first layer; VGG does so five times,
by windows of 2 by 2.

    x = tensor([[[[1., 5., 2., 0.], [3., 4., 7., 6.]]]])
    max_pool2d(x, 2)                           ->  [[[[5., 7.]]]]
    max_pool2d(x, 2, stride=1)                 ->  [[[[5., 7., 7.]]]]
    max_pool2d(x - 8, (2, 3), padding=(0, 1))  ->  [[[[-3., -1.]]]]

What holds for every kata stands in katas/README.md.
"""

import torch


def max_pool2d(
    x: torch.Tensor,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
) -> torch.Tensor:
    """The largest number of x under a window of kh rows and kw columns, at each of its places.

    result[n, c, i, j] is the largest of all x[n, c, i * sh + a - ph, j * sw + b - pw] with a from 0
    to kh - 1 and b from 0 to kw - 1, for kernel_size (kh, kw), stride (sh, sw) and padding
    (ph, pw). x counts as -inf outside of its H rows and W columns.

    It is made of other operations: torch's own `max_pool1d` to `max_pool3d`, and their adaptive and
    fractional forms, under whatever name, are forbidden, forward and backward. `unfold`, `pad`,
    `amax`, `maximum` and the like are free.

    Args:
        x: shape (N, C, H, W), all at least 1; float32, float64, float16 or bfloat16, any strides;
            finite numbers and -inf; stays as it is.
        kernel_size: at least 1: (rows, columns), or one number for both.
        stride: from each place of the window to the next, at least 1: (rows, columns), or one
            number for both; also more than kernel_size. None stands for kernel_size.
        padding: how many rows lie above x, and as many below, then how many columns on each side:
            (rows, columns), or one number for both; at least 0.

    Returns:
        A new tensor of shape (N, C, (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1), x's
        dtype and device: all places at which the whole window lies on x and its padding. The
        numbers are exactly those of x.

    Raises:
        ValueError: 2 * ph is more than kh, or 2 * pw more than kw; or the window does not fit,
            since kh is more than H + 2 * ph, or kw more than W + 2 * pw. Nothing is changed then.

    Exactly:
        The gradient of a result goes to the largest number of its window. Where several are equally
        large, it goes to one of them, or each gets a share, as you like: no share is below 0, and
        together they are the whole. A number that is the largest of several windows gets the sum.
        Where x holds -inf, gradients are not looked at.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
