"""Repeat a tensor along a new batch dimension, without new memory.

`expand` makes a view: it sets sizes, and gives the repeated dimensions the stride 0, so that every
index along them leads to the same number. It puts new dimensions in front on its own, and works for
whatever shape and strides x has. The view takes no memory beside x's, be batch 2 or a million.

The common wrong answer is `x.repeat(batch, 1, 1)`: the same numbers, copied batch times, and only
for matrices. `torch.stack([x] * batch)` copies too, and so does `contiguous()` after an expand.
Since all y[i] are one tensor, a write to one of them is a write to all: clone before you write.
"""

import torch

HINTS = (
    "All y[i] are equal. Must each of them have memory of its own for that?",
    "Which stride makes the step from y[0] to y[1] lead to the same number again?",
    "`repeat` copies. Its sibling, which sets sizes and strides only, has another name.",
    "It takes the sizes of the result, and new dimensions come first: batch, then those of x.",
)


def tile_batch(x: torch.Tensor, batch: int) -> torch.Tensor:
    """A tensor repeated along a new first dimension, in its own memory.

    Args:
        x: any shape (0-d and empty too), any dtype, any strides; stays as it is.
        batch: how often, at least 0.

    Returns:
        Shape (batch, *x.shape), with x's dtype and device, and result[i] equal to x for each i.
        A view of x, whatever x's strides: no number is copied, and the new first dimension has
        stride 0 (any stride does where it has a size of 0 or 1, or where x is empty). Gradients
        reach x.
    """
    return x.expand(batch, *x.shape)
