"""Measure whether each anchor is nearer to its positive than to its negative, by a margin.

A network that gives a vector to each face, sentence or image learns by comparison: two pictures of
one person are to lie near each other, those of another person farther away. FaceNet was trained so,
with squared distances. sentence-transformers calls this loss TripletLoss.

    anchor = tensor([[0., 0.], [1., 1.]])
    positive = tensor([[3., 4.], [1., 1.]])    ->  distances 5 and 0
    negative = tensor([[0., 2.], [1., 4.]])    ->  distances 2 and 3
    triplet_margin_loss(anchor, positive, negative)    ->  2.0, the mean of 4 and 0

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
