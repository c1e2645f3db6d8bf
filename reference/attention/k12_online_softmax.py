"""Compute what softmax needs, the maximum and the sum, while a row comes in blocks.

The sum was taken around the old maximum. When a larger one comes, each of its terms exp(x - old)
has to become exp(x - new), and that is exp(x - old) * exp(old - new): one factor for the whole sum.
So no earlier entry is needed again. The factor is at most 1, and nothing overflows.

-inf has to be treated by itself, since -inf - (-inf) is NaN: while a row has nothing but -inf,
0 is subtracted in place of the maximum. exp(-inf - 0) is 0, as it should be.

In practice one calls `torch.softmax` where the row fits into memory. Where it does not, the trick
is inside of `F.scaled_dot_product_attention` and of fused cross-entropies.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

HINTS = (
    "Keep two tensors, m and s, and let each block change both. A list of blocks is too much.",
    "m grew from 2 to 4: by which one factor does the sum of exp(x - 2) become that of exp(x - 4)?",
    "The factor is exp(old m - new m), which is at most 1.",
    "A row that is -inf so far: -inf - (-inf) is NaN. Subtract 0 there.",
)


def online_softmax(blocks: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """The maximum m of x, and the sum of exp(x - m), of an x that comes in blocks.

    The blocks, put together along their last dimension, are x. Both results go over this last
    dimension: m = max(x) and s = sum of exp(x - m). The softmax of x is exp(x - m) / s then.

    x itself may be too large for the memory, so it is never put together: each block changes m and
    s, and is given up.

    Args:
        blocks: gives one tensor or more, of shape (..., n). "..." is any number of dimensions, none
            too, the same in all blocks; n may differ. All sizes are at least 1. They are float32 or
            float64, all of one dtype and on one device; strides may be any. Their entries are from
            -1e30 to 1e30, or -inf. The blocks stay as they are. They may come from a list, a tuple
            or a generator: go through them once.

    Returns:
        A tuple (m, s) of two new tensors of shape (...), of the blocks' dtype and on their device.

    Exactly:
        m is one of the numbers of x, exactly. s may be off by this part of itself: 1e-4 in float32,
        1e-9 in float64.

        exp(-inf) is 0: -inf adds nothing to s. Where x is -inf alone, m is -inf and s is 0. A block
        may be -inf alone, the first one too, though x is not.

        When a block is asked for, the one before it may still be held, but neither an earlier one,
        nor a copy of it.
    """
    m = s = None
    for block in blocks:
        largest = block.amax(-1)
        new = largest if m is None else torch.maximum(m, largest)
        finite = new.masked_fill(new == -torch.inf, 0.0)
        added = (block - finite[..., None]).exp().sum(-1)
        s = added if s is None else s * (m - finite).exp() + added
        m = new
    return m, s
