"""Normalise groups of channels, in each sample by itself.

With x as (N, num_groups, the rest), the numbers of a group stand in one row: mean and variance
are then those of the last dimension. The groups are neighbours in C, so no number moves; `flatten`
copies only where the strides of x demand it. `reshape(N, num_groups, -1)` does the same, but for
an empty batch, where -1 could be any size. Weight and bias belong to single channels, so the
result gets x's shape again before, and they get a size of 1 for each dimension after C.

The mean is subtracted before the squares are taken: of E[x²] - E[x]² no digit is left in float32
where the mean is large.

In practice one calls `F.group_norm(x, num_groups, weight, bias, eps)`, or makes a `nn.GroupNorm`.
"""

import torch

HINTS = (
    "Can the numbers of a group be brought into one dimension, without moving any of them?",
    "As (N, num_groups, the rest) they stand in rows: which dimension has the mean then?",
    "Subtract the mean before you square, divide by the number of squares; eps is under the root.",
    "weight has C numbers and meets x in dimension 1: which shape lets it broadcast there?",
)


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
    if x.shape[1] % num_groups:
        raise ValueError(f"{x.shape[1]} channels do not make {num_groups} groups")
    groups = x.unflatten(1, (num_groups, -1)).flatten(2)
    centred = groups - groups.mean(-1, keepdim=True)
    variance = (centred**2).mean(-1, keepdim=True)
    result = (centred / torch.sqrt(variance + eps)).reshape(x.shape)
    by_channel = (-1,) + (1,) * (x.dim() - 2)
    if weight is not None:
        result = result * weight.reshape(by_channel)
    if bias is not None:
        result = result + bias.reshape(by_channel)
    return result
