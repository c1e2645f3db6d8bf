"""Merge attention heads back into the features of each token.

After attention, each head holds its part of every token. The output projection wants a token's
features in a row again: those of head 0 first, then those of head 1. It undoes `split_heads`.

    x = tensor([[[[1., 2.], [5., 6.]],        # head 0 of two tokens, two features each
                 [[3., 4.], [7., 8.]]]])      # head 1 of both tokens
    merge_heads(x)  ->  [[[1., 2., 3., 4.], [5., 6., 7., 8.]]]    # two tokens, 4 features

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
