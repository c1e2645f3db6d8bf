"""Slide a kernel along a sequence, and sum the products at each place.

A kernel is a short pattern of weights. The same few weights look at every place of a sequence, so
that a pattern is found wherever it stands. The encoder of OpenAI's Whisper begins with two of these
layers, which read sound; each block of Mamba has one with a group for each channel.

    x = tensor([[[1., 2., 4., 8.]]])
    weight = tensor([[[1., 10.]]])
    conv1d(x, weight)                       ->  [[[21., 42., 84.]]]
    conv1d(x, weight, stride=2, padding=1)  ->  [[[10., 42., 8.]]]

What holds for every kata stands in katas/README.md.
"""

import torch


def conv1d(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> torch.Tensor:
    """The sum of the products of weight and x, at each place of the kernel, plus bias.

    With one group, result[n, o, t] is bias[o] plus the sum over c and k of
    weight[o, c, k] * x[n, c, t * stride + k * dilation - padding]. x counts as 0 outside of its
    L places. The kernel is not flipped.

    With more groups, the C channels and the O outputs are both cut into that many blocks of equal
    size, each of neighbours: the outputs of block i see the channels of block i, and no others.

    It is made of other operations: torch's own `conv1d` to `conv3d`, `conv_transpose1d` to
    `conv_transpose3d`, `conv_tbc` and `convolution`, under whatever name, are forbidden, forward
    and backward. `unfold`, `pad`, `matmul`, `einsum` and the like are free.

    Args:
        x: shape (N, C, L), all at least 1; float32 or float64, any strides, finite; stays as it
            is, like weight and bias.
        weight: shape (O, C / groups, K), all at least 1; x's dtype and device, any strides.
        bias: shape (O,), x's dtype and device; None stands for zeros.
        stride: from each place of the kernel to the next; at least 1.
        padding: how many zeros stand before x, and as many after it; at least 0, also more than K.
        dilation: from each number under the kernel to the next; at least 1.
        groups: at least 1.

    Returns:
        A new tensor of shape (N, O, T), x's dtype and device, where
        T = (L + 2 * padding - dilation * (K - 1) - 1) // stride + 1: all places at which the
        whole kernel lies on x and its zeros. Gradients reach x, weight and bias.

    Raises:
        ValueError: the kernel does not fit, since dilation * (K - 1) + 1 is more than
            L + 2 * padding; or C or O is no multiple of groups; or weight's second size is not
            C / groups. Nothing is changed then.

    Exactly:
        Products may be summed in any order. float64 makes no detour by float32.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
