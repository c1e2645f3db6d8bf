"""Slide a kernel over an image, and sum the products at each place.

A kernel is a small picture of weights, with all channels of the image. The result is large where
the image looks like the kernel. The first layer of torchvision's ResNet-50 is one of 7 by 7 with
stride 2; a vision transformer cuts its image into patches by one whose stride is its own size.

    x = tensor([[[[1., 2., 3.], [4., 5., 6.]]]])
    weight = tensor([[[[1., 10.], [100., 1000.]]]])
    conv2d(x, weight)                  ->  [[[[5421., 6532.]]]]
    conv2d(x, weight, padding=(0, 1))  ->  [[[[4010., 5421., 6532., 603.]]]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
