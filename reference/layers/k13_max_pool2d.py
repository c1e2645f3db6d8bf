"""Keep the largest number of each window of an image.

Unfolded along rows and then along columns, x shows all its windows without a copy, and `amax` takes
the largest number of each. The padding must never win: 0 is larger than every negative number, and
-1e9 or the smallest finite number still is larger than -inf. Only -inf is right for all.

`amax` shares a gradient evenly among equal numbers; `max` along one dimension gives all of it to
one. Both hand on the whole. In practice one calls `F.max_pool2d` or builds a layer with
`nn.MaxPool2d`; it also remembers which number won, so that the way back need not look again.
"""

import math

import torch

HINTS = (
    "Which number stands around x, if it must never be the largest of a window?",
    "With stride None, windows lie side by side: they go on by their own size.",
    "x.unfold(2, kh, sh) gives windows of rows; unfold the result once more, along the columns.",
    "amax and max give the largest along dimensions; max gives a pair, of which one is needed.",
)


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Rows and columns, from a pair or from one number for both."""
    return (value, value) if isinstance(value, int) else value


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
    (kh, kw), (ph, pw) = _pair(kernel_size), _pair(padding)
    sh, sw = (kh, kw) if stride is None else _pair(stride)
    if 2 * ph > kh or 2 * pw > kw:
        raise ValueError(f"padding {ph, pw} is more than half of the window {kh, kw}")
    padded = torch.nn.functional.pad(x, (pw, pw, ph, ph), value=-math.inf)
    if kh > padded.shape[2] or kw > padded.shape[3]:
        raise ValueError(f"a window of {kh} by {kw} does not fit into {tuple(padded.shape[2:])}")
    return padded.unfold(2, kh, sh).unfold(3, kw, sw).amax((-2, -1))
