"""Split the features of a transformer's tokens into attention heads.

A token has `heads * size` features: the first `size` of them belong to head 0, the next `size` to
head 1, and so on. Attention wants each head as a batch of its own, so the heads come before the
sequence. Nothing has to be copied for that.

    x = tensor([[[1., 2., 3., 4.], [5., 6., 7., 8.]]])    # one sequence, two tokens, 4 features
    split_heads(x, 2)  ->  [[[[1., 2.], [5., 6.]],        # head 0 of both tokens
                             [[3., 4.], [7., 8.]]]]       # head 1 of both tokens

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
