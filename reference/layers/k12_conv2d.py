"""Slide a kernel over an image, and sum the products at each place.

Unfolded along rows and then along columns, x shows all its windows without a copy. What is left is
one matrix product of windows and kernels, and matrix products are what computers are fastest at.
The copy of the windows that it needs is kh * kw times as large as x (`im2col`); libraries for GPUs
make it in small parts. In practice one calls `F.conv2d` or builds a layer with `nn.Conv2d`.

Sizes for rows and columns are easily mixed up, and a square image with a square kernel does not
show it. `F.pad` is a trap of that kind: its first two numbers belong to the last dimension.
"""

import torch

HINTS = (
    "Take one output and one place first: which part of x lies under the kernel there?",
    "One number for stride or padding stands for two. F.pad begins with the last dimension.",
    "x.unfold(2, kh, sh) gives windows of rows; unfold the result once more, along the columns.",
    "einsum names the dimensions: those of channel, row and column in the kernel are summed.",
    "A product with a size of 1 broadcasts, and an empty result is no error: check sizes first.",
)


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Rows and columns, from a pair or from one number for both."""
    return (value, value) if isinstance(value, int) else value


def conv2d(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
) -> torch.Tensor:
    """The sum of the products of weight and x, at each place of the kernel, plus bias.

    result[n, o, i, j] is bias[o] plus the sum over c, a and b of
    weight[o, c, a, b] * x[n, c, i * sh + a - ph, j * sw + b - pw], with stride (sh, sw) and
    padding (ph, pw). x counts as 0 outside of its H rows and W columns. The kernel is not flipped.

    It is made of other operations: torch's own `conv1d` to `conv3d`, `conv_transpose1d` to
    `conv_transpose3d`, `conv_tbc` and `convolution`, under whatever name, are forbidden, forward
    and backward. `unfold`, `pad`, `matmul`, `einsum` and the like are free.

    Args:
        x: shape (N, C, H, W), all at least 1; float32 or float64, any strides, finite; stays as it
            is, like weight and bias.
        weight: shape (O, C, kh, kw), all at least 1; x's dtype and device, any strides.
        bias: shape (O,), x's dtype and device; None stands for zeros.
        stride: from each place of the kernel to the next, at least 1: (rows, columns), or one
            number for both.
        padding: how many rows of zeros stand above x, and as many below, then how many columns on
            each side: (rows, columns), or one number for both. At least 0, also more than the
            kernel has.

    Returns:
        A new tensor of shape (N, O, (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1), x's
        dtype and device. These are all places at which the whole kernel lies on x and its zeros.
        Gradients reach x, weight and bias.

    Raises:
        ValueError: weight's second size is not C; or the kernel does not fit, since kh is more than
            H + 2 * ph, or kw more than W + 2 * pw. Nothing is changed then.

    Exactly:
        Products may be summed in any order. float64 makes no detour by float32.
    """
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    _, channels, kh, kw = weight.shape
    if channels != x.shape[1]:
        raise ValueError(f"weight is for {channels} channels, x has {x.shape[1]}")
    padded = torch.nn.functional.pad(x, (pw, pw, ph, ph))
    if kh > padded.shape[2] or kw > padded.shape[3]:
        raise ValueError(f"a kernel of {kh} by {kw} does not fit into {tuple(padded.shape[2:])}")
    windows = padded.unfold(2, kh, sh).unfold(3, kw, sw)
    result = torch.einsum("ncijab,ocab->noij", windows, weight)
    return result if bias is None else result + bias[:, None, None]
