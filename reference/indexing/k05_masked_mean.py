"""The mean of what a mask keeps, along one dimension.

`torch.where(mask, x, 0)` chooses: what is hidden is not looked at, in value or in gradient. The
sum of that is divided by how many were kept, counted in the mask as it is broadcast to x's shape:
where the mask has size 1 it stands for many. A count of 0, taken as 1, gives 0 / 1 = 0.

The common wrong answer is `(x * mask).sum(dim)`. A product with 0 hides finite numbers only:
0 * inf and 0 * NaN are NaN. `mask.sum(dim)` counts a broadcast mask wrongly, and a division by a
count of 0 has a NaN in its gradient, even where `torch.where` drops the value afterwards.
"""

import torch

HINTS = (
    "A mean is a sum and a count. Of what is the sum, and how many are counted?",
    "0 * inf is NaN. Which operation chooses between two tensors without computing with both?",
    "A mask of size 1 along dim stands for all places there: bring it to x's shape, then count.",
    "Where nothing is kept the sum is 0 already. clamp makes a harmless divisor of the count.",
)


def masked_mean(x: torch.Tensor, mask: torch.Tensor, dim: int) -> torch.Tensor:
    """The mean along one dimension of the entries that mask keeps.

    Args:
        x: at least one dimension and one entry; float32 or float64, any strides; stays as it is.
            What is hidden may be NaN, inf or -inf.
        mask: bool, on x's device, of a shape that broadcasts to x's; True keeps, False hides.
            Stays as it is.
        dim: one dimension of x, counted from the front, or from the back if negative.

    Returns:
        A tensor of x's dtype and device, with x's shape without dimension dim: the mean of what
        is kept along dim, as precise as the dtype, and 0 where nothing is. What is hidden changes
        nothing; what is kept counts, so that the mean with an inf is inf, and with a NaN it is
        NaN. Recorded by autograd: the gradient of a kept entry is that of its mean, divided by
        how many were kept there; that of a hidden entry is 0, whatever it is.
    """
    counts = mask.expand_as(x).sum(dim).clamp(min=1)
    return torch.where(mask, x, 0).sum(dim) / counts
