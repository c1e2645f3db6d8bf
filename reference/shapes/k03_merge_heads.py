"""Merge attention heads back into the features of each token.

First heads and sequence change places, so that a token's heads stand side by side; then (heads,
size) become one dimension, where the numbers keep their order. Joining two dimensions needs them
side by side in memory too: where they are not, `reshape` and `flatten` copy, and `view` raises.

The common wrong answer is `x.reshape(batch, sequence, heads * size)` without the transpose: the
shape is right and gradients flow, but a token is put together from one head of several tokens.
Trained weights get used to much; the mistake shows as a model that is merely worse.
"""

import torch

HINTS = (
    "Take one token: where do its features lie in x, and in which order does it want them?",
    "Two dimensions can become one where they stand side by side. Do heads and size?",
    "Let heads and sequence change places first, and only then join the last two.",
    "After the transpose memory is not in order: which relative of view copies where it must?",
)


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """The features of each token, put together from its heads.

    Args:
        x: shape (batch, heads, sequence, size), each size at least 1, any dtype, any strides;
            stays as it is.

    Returns:
        Shape (batch, sequence, heads * size), with x's dtype and device: result[b, s, h * size + i]
        = x[b, h, s, i]. The numbers are exactly those of x, NaN and inf too. Gradients reach x.
        Whether it is a view of x or a copy is up to you.
    """
    return x.transpose(1, 2).flatten(2)
