"""Say for each pair of tokens whether one may look at the other, in sequences of many lengths.

Sentences of a batch have different lengths, so the short ones are padded. Padding is no word, and
no token may look at it. A language model hides the later words too, since it has to guess them.
Hugging Face's transformers makes such a mask from `attention_mask` in each model, and
`F.scaled_dot_product_attention` takes it as `attn_mask`.

    attention_mask(tensor([1, 2]), 2)
        ->  [[[[True, False], [True, False]]], [[[True, True], [True, True]]]]
    attention_mask(tensor([1, 2]), 2, causal=True)
        ->  [[[[True, False], [True, False]]], [[[True, False], [True, True]]]]

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
