"""Slide a kernel along a sequence, and sum the products at each place.

`unfold` shows the windows of a sequence without a copy, so that overlapping ones share memory. What
is left is one matrix product for each group: its columns are the windows, its rows the kernels.
Libraries for GPUs do the same, or by way of Fourier transforms where kernels are long. In practice
one calls `F.conv1d` or builds a layer with `nn.Conv1d`.

What networks call convolution is cross-correlation in mathematics, which has no flip: weights are
learned, so the sign of k makes no difference to them. A kernel with dilation covers
dilation * (K - 1) + 1 places, not dilation * K: behind its last number comes no gap.
"""

import torch

HINTS = (
    "How many places of x does a kernel with dilation cover, from its first number to its last?",
    "With the zeros in place, which numbers stand under the kernel at place t?",
    "Tensor.unfold gives all windows as a view; every dilation-th number of each is needed.",
    "Reshape channels to (groups, C / groups) and outputs to (groups, O / groups): in that order.",
    "A product with a size of 1 broadcasts, and an empty result is no error: check sizes first.",
)


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
    batch, channels, length = x.shape
    outputs, per_group, kernel = weight.shape
    span = dilation * (kernel - 1) + 1
    if span > length + 2 * padding:
        raise ValueError(f"the kernel covers {span} places of {length + 2 * padding}")
    if channels % groups or outputs % groups or per_group * groups != channels:
        raise ValueError(f"{channels} channels, weight {tuple(weight.shape)}, {groups} groups")
    padded = torch.nn.functional.pad(x, (padding, padding))
    windows = padded.unfold(2, span, stride)[..., ::dilation]
    windows = windows.reshape(batch, groups, per_group, -1, kernel)
    kernels = weight.reshape(groups, outputs // groups, per_group, kernel)
    result = torch.einsum("ngctk,gock->ngot", windows, kernels).flatten(1, 2)
    return result if bias is None else result + bias[:, None]
