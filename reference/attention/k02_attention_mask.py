"""Say for each pair of tokens whether one may look at the other, in sequences of many lengths.

A comparison broadcasts like a sum. `positions < lengths[:, None]` compares each position with each
length, and `positions <= positions[:, None]` is the lower triangle. The dimensions of size 1 say
along what each of them does not change: padding does not ask which query looks, the triangle does
not ask which sequence it is.

Padding hides keys, not queries. A row of a padded query is computed for nothing, and its result is
thrown away by whoever computes the loss. If its row were all False, a softmax of -inf alone would
bring NaN into the gradients.

In practice one calls `F.scaled_dot_product_attention(..., is_causal=True)` where nothing is padded,
or sets such a mask; `torch.nn.attention.flex_attention` takes the rule as a function.
"""

import torch

HINTS = (
    "Make the positions 0 to T - 1. How do you compare them with all lengths at once?",
    "Four dimensions: sequence, head, query, key. Which of them does the padding ask about?",
    "The padding has shape (B, 1, 1, T), and the triangle (T, T), in which a row is a query.",
    "`arange` makes its numbers on the CPU unless it is told a device.",
)


def attention_mask(lengths: torch.Tensor, max_length: int, causal: bool = False) -> torch.Tensor:
    """Which token may look at which one: for each sequence of a batch a square of bools.

    Entry [b, 0, i, j] says whether in sequence b the token i, as a query, sees the token j, as a
    key. That is True where j < lengths[b]: what stands there is a word and no padding. With causal,
    j <= i must hold too: a token sees itself and the tokens before it.

    The dimension of size 1 stands for the heads. So the mask broadcasts to the scores of
    attention, of shape (B, H, T, T), and all heads have the same one.

    Args:
        lengths: shape (B,), B at least 1; int64 or int32, any strides; stays as it is. How many
            words each sequence has, from 0 to max_length.
        max_length: T, the size to which the sequences are padded; at least 1.
        causal: whether the tokens behind a query are hidden from it.

    Returns:
        A bool tensor of shape (B, 1, T, T), on the device of lengths. An expanded view is as good
        as a tensor in which each entry has its own memory.

    Exactly:
        The same rule holds for a query that is padding itself, i >= lengths[b]: it sees all words
        of its sequence, with causal those up to i. A length of 0 gives False everywhere.

        The number of torch operations and of steps in Python does not grow with B or T, and
        Python does not read the lengths one by one.
    """
    positions = torch.arange(max_length, device=lengths.device)
    sees = (positions < lengths[:, None])[:, None, None, :]
    if causal:
        return sees & (positions <= positions[:, None])
    return sees.expand(-1, -1, max_length, -1)
