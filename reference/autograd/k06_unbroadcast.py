"""Take a gradient back to the shape from before broadcasting.

Broadcasting copies a number to several places, and the derivative of a copy is a sum. The shape is
filled up with 1 in front, so that both shapes have equally many dimensions. What differs then was
added or stretched, and one sum goes over all of it. keepdim keeps the numbers of the dimensions
from shifting, and the reshape at the end drops the added ones, which have the size 1 by then.

`grad.sum(())` sums over all dimensions, not over none: so the sum is left out where no size
differs. In practice one calls `grad.sum_to_size(shape)`, or lets autograd do it: its formulas for
`+` and `*` end in this step.
"""

import torch

HINTS = (
    "Which numbers of grad belong to one number of the result? Try (2, 3) and (3,) on paper.",
    "Write both shapes below each other, aligned at the right, with 1 where shape has nothing.",
    "A dimension is summed where its size in shape is 1 and its size in grad is another.",
    "Use keepdim=True, so that no dimension changes its number; drop the added ones at the end.",
)


def unbroadcast(grad: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """grad, summed over each dimension that broadcasting added to shape or stretched.

    It is the gradient for x of `x.expand(grad.shape)`, where x has the shape `shape`.

    `sum_to_size` is forbidden.

    Args:
        grad: the gradient in the shape after broadcasting; float32 or float64, any shape, any
            strides.
        shape: the shape before broadcasting, a tuple or a `torch.Size`.

    Returns:
        A tensor of exactly that shape, with grad's dtype and device. Gradients reach grad. Where
        nothing is summed, it may be grad itself or a view of it.

    Raises:
        ValueError: shape does not broadcast to exactly grad's shape, such as (2,) or (1, 2, 3) for
            a grad of shape (2, 3), or (2, 3) for one of shape (1, 3).

    Exactly:
        Broadcasting aligns shapes at their last dimensions. It adds dimensions in front, and
        stretches a size of 1 to any other size. A size of 1 that was not stretched stays.

        Sizes of 0 are sizes too: from (0, 3) to (1, 3) each sum has no terms, and is 0. Both
        shapes may be (), which is that of a 0-d tensor.
    """
    added = grad.dim() - len(shape)
    sizes = list(zip((1,) * added + tuple(shape), grad.shape, strict=False))
    if added < 0 or not all(before in (1, after) for before, after in sizes):
        raise ValueError(f"{tuple(shape)} does not broadcast to {tuple(grad.shape)}")
    dims = [dim for dim, (before, after) in enumerate(sizes) if before != after]
    return (grad.sum(dims, keepdim=True) if dims else grad).reshape(shape)
