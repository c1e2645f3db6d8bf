"""Split the features of a transformer's tokens into attention heads.

It takes two steps: the features become (heads, size), where the numbers keep their order, then the
heads change places with the sequence, where they do not. Both only exchange sizes and strides.
A dimension can always be split without a copy, also where the others can't be joined.

The common wrong answer is `x.view(batch, heads, sequence, size)` at once: the shape is right, and
attention trains with it, but a "head" now holds a stretch of the sequence with all its features.
`contiguous()` at the end is right in its numbers, and copies them all for nothing.
"""

import torch

HINTS = (
    "Which of the features of a token belong to head 1? Where do they lie in x?",
    "Think of it as two steps, and write down the shape after the first one.",
    "First the last dimension becomes two, (heads, size); the sequence is still before them.",
    "Then the sequence and the heads change places. Check that heads divides the features first.",
)


def split_heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    """The features of each token as heads, as a view.

    Args:
        x: shape (batch, sequence, features), each size at least 1, any dtype, any strides; keeps
            its shape, its strides and its values.
        heads: the number of heads, at least 1.

    Returns:
        A view of x, whatever the strides of x are: it lies in x's memory, nothing is copied.
        Shape (batch, heads, sequence, size) with size = features / heads. A head has consecutive
        features: result[b, h, s, i] = x[b, s, h * size + i]. Gradients reach x.

    Raises:
        ValueError: features can't be divided by heads, be it that there are fewer of them.
    """
    batch, sequence, features = x.shape
    if features % heads:
        raise ValueError(f"{features} features do not divide into {heads} heads")
    return x.view(batch, sequence, heads, features // heads).transpose(1, 2)
