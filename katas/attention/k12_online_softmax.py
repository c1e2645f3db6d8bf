"""Compute what softmax needs, the maximum and the sum, while a row comes in blocks.

Softmax seems to need the whole row at once: its maximum first, then the sum, then the division. The
trick of this kata needs one pass over blocks of any size, and keeps two numbers for each row. It is
the core of FlashAttention (k13), and it comes from the paper "Online normalizer calculation for
softmax". Liger Kernel goes through the 100,000 logits of its cross-entropy in this way.

    blocks = [tensor([1., 2.]), tensor([4.]), tensor([3., 0.])]
    m, s = online_softmax(blocks)     ->  4., 1.5713
    (torch.cat(blocks) - m).exp() / s ->  [0.0317, 0.0861, 0.6364, 0.2341, 0.0117]

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Iterable

from torch import Tensor


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
