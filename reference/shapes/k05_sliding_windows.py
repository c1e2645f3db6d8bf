"""Look at a sequence through sliding windows.

`unfold(-1, size, step)` describes the same memory with one dimension more: to the next window it
steps over `step` numbers, to the next number within a window over one. Windows share their
numbers, so a million windows of a thousand numbers need no memory beyond the sequence itself.
Writing into such a view is another matter: one place is then many elements.

The common wrong answer stacks slices, `torch.stack([x[..., i : i + size] for i in …])`: each slice
is a view, and `stack` copies them all, here nearly `size / step` times the memory of x. An index
tensor copies as well. Strides put together by hand for `as_strided` must come from `x.stride()`.
"""

import torch

HINTS = (
    "How many windows fit whole? Count for 6 numbers, size 3 and step 2, then for step 1.",
    "From one window to the next, how far is it in memory? And from a number to the next one?",
    "stack, cat and an index tensor copy. Which method of a tensor unfolds a dimension as a view?",
    "It takes the dimension, the size and the step, and puts the windows' numbers last.",
)


def windows(x: torch.Tensor, size: int, step: int) -> torch.Tensor:
    """All windows over the last dimension that fit whole, as a view.

    Args:
        x: shape (..., length), with any number of dimensions before the last, also none, each
            size at least 1, any dtype, any strides; keeps its shape, its strides and its values.
        size: how many numbers a window holds, from 1 to length.
        step: from the beginning of a window to that of the next, at least 1; may exceed size.

    Returns:
        A view of x, whatever the strides of x are: it lies in x's memory, and nothing is copied,
        on the way neither. Shape (..., n, size) with n = (length - size) // step + 1, and
        result[..., k, i] = x[..., k * step + i]. Gradients reach x.
    """
    return x.unfold(-1, size, step)
