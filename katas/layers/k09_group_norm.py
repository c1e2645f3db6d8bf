"""Normalise groups of channels, in each sample by itself.

Batch norm takes its mean and variance over the batch, which says little where a batch holds two
large images. Group norm looks at one sample only, and there at a group of neighbouring channels
with all their places. One group is a layer norm, a group for each channel an instance norm. It
stands in each block of the U-Net of Stable Diffusion, with 32 groups (`resnet.py` in diffusers).

    x = tensor([[1., 3., 10., 20.]])     # one sample, four channels
    group_norm(x, 2)                           ->  [[-1., 1., -1., 1.]]
    group_norm(x, 1)                           ->  [[-1.0090, -0.7399, 0.2018, 1.5471]]
    group_norm(x, 2, tensor([1., 2., 3., 4.])) ->  [[-1., 2., -3., 4.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def group_norm(
    x: torch.Tensor,
    num_groups: int,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: float = 1e-5,
) -> torch.Tensor:
    """Each group of channels of each sample with mean 0 and variance 1, then scaled and shifted.

    The C channels of x make num_groups groups of neighbours: of 6 channels and 2 groups, 0 to 2 are
    the first one and 3 to 5 the second. Mean and variance are those of one sample and one group,
    over all its channels and places: (x - mean) / sqrt(variance + eps). The variance is the mean of
    the squares of x - mean (it divides by their number, not by one less). Then channel c is
    multiplied by weight[c], and bias[c] is added.

    It is made of other operations: torch's own norm layers (`group_norm`, `layer_norm`,
    `batch_norm`, `instance_norm`, `rms_norm`, `local_response_norm`), under whatever name, are
    forbidden, forward and backward.

    Args:
        x: shape (N, C, ...), with any number of dimensions after C, none too; float32 or float64,
            any strides; stays as it is.
        num_groups: at least 1. If it does not divide C, ValueError is raised.
        weight: shape (C,), x's dtype and device; None stands for ones.
        bias: shape (C,), x's dtype and device; None stands for zeros. Each of the two may come
            alone.
        eps: a number above 0.

    Returns:
        A new tensor of x's shape, dtype and device. Gradients reach x, weight and bias.

    Exactly:
        N may be 0; all other sizes are at least 1. There may be one group, or as many as channels.
        A group of a single number becomes 0, but for rounding, before weight and bias.

        The result is within 0.001 also where the mean of a group is 1,000 times as large as its
        deviation. float64 makes no detour by float32.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
