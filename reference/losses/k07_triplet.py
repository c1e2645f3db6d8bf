"""Measure whether each anchor is nearer to its positive than to its negative, by a margin.

The root has no slope at 0: it is inf there, and inf * 0 is NaN. As soon as one positive is the
anchor itself, such as the same sentence twice in a batch, all weights are NaN after the step. A
`torch.where` around the root saves the value only. `torch.linalg.vector_norm` knows the case, and
gives the gradient 0; a root by hand needs a number under it that is not 0.

The difference comes first, then the squares. a² - 2ab + b² is the same on paper, but of two points
that are far from zero and near each other it has no digit left.

max(0, ...) belongs to each triplet. After the mean, triplets that are good enough would pay for bad
ones.

In practice one calls `F.triplet_margin_loss`. It adds 1e-6 to each difference against the NaN, so
its distances are a little off, and points that coincide get a gradient that is not 0.
"""

import torch

HINTS = (
    "What is the shape of a - b, and along which dimension is the distance?",
    "Max belongs to each triplet: when is the mean taken?",
    "What is the slope of a root at 0? And what is 0 times that?",
    "`torch.linalg.vector_norm(a - b, dim=-1)` has the gradient 0 where a and b coincide.",
)


def triplet_margin_loss(
    anchor: torch.Tensor,
    positive: torch.Tensor,
    negative: torch.Tensor,
    margin: float = 1.0,
) -> torch.Tensor:
    """The mean of max(0, d(anchor, positive) - d(anchor, negative) + margin) over all triplets.

    The last dimension holds the D numbers of a point. d is the Euclidean distance of two points:
    the root of the sum of the squared differences. A triplet whose negative is far enough away
    gives 0, and it still counts in the mean.

    It is made of other operations: torch's own `triplet_margin_loss`,
    `triplet_margin_with_distance_loss`, `pairwise_distance` and `cdist`, under whatever name and by
    way of whatever layer, are forbidden, forward and backward. `norm` is free.

    Args:
        anchor: shape (..., D); float32 or float64, any strides; stays as it is.
        positive, negative: anchor's shape, dtype and device, any strides; stay as they are.
        margin: a number of 0 or more.

    Returns:
        A new 0-d tensor of the inputs' dtype and device: the mean over all leading dimensions. Of
        these there may be none; then it is the number of the one triplet. Gradients reach anchor,
        positive and negative.

    Raises:
        ValueError: the three shapes are not equal in each dimension, also where they would
            broadcast or hold as many numbers; or margin is below 0.

    Exactly:
        Two points may coincide exactly. Their distance is 0, and it adds 0, not NaN, to the
        gradients of both: the rest of the loss has the gradients that it would have without it.
        Other points lie 1e-3 apart or more.

        Points may lie at 10,000 from zero and 2e-3 apart: the digits of their distance stay. And
        numbers may be as large as 1e15 in size; then the two distances of a triplet are not close
        to each other.

        Where max meets 0 exactly, the gradient of that triplet may be that of either side, or
        between the two.

        All sizes are 1 or more. The result may be off by 1e-5 plus a share of itself: 1e-5 in
        float32, 1e-9 in float64. So 1e-12 may be added under a root, but 1e-8 is too much. Where
        distances are 0, or 0.1 and more, gradients may be off by 1e-4 of the largest plus 1e-7 in
        float32, and by 1e-9 of the largest plus 1e-9 in float64. Others are not judged.
    """
    if not anchor.shape == positive.shape == negative.shape:
        shapes = [tuple(one.shape) for one in (anchor, positive, negative)]
        raise ValueError(f"shapes {shapes} are not equal")
    if margin < 0:
        raise ValueError(f"margin is 0 or more, not {margin}")
    near = torch.linalg.vector_norm(anchor - positive, dim=-1)
    far = torch.linalg.vector_norm(anchor - negative, dim=-1)
    return (near - far + margin).clamp(min=0).mean()
