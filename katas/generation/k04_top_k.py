"""Let only the k most probable tokens be drawn.

A language model gives each of its tokens some probability, also the thousands that make no sense.
Each of them is rare, but together they are drawn often enough to spoil a text. Top-k sampling
hides all but the k best before it draws. GPT-2 showed its samples with k = 40, and `generate` in
Hugging Face transformers has it as `top_k`. A hidden token has the logit -inf, so that softmax
gives it exactly 0.

    logits = tensor([[1., 3., 2.], [5., 4., 6.]])
    top_k_filter(logits, 2)   ->  [[-inf, 3., 2.], [5., -inf, 6.]]
    top_k_filter(logits, 1)   ->  [[-inf, 3., -inf], [-inf, -inf, 6.]]

What holds for every kata stands in katas/README.md.
"""

import torch


def top_k_filter(logits: torch.Tensor, k: int) -> torch.Tensor:
    """The k largest logits of each row as they are, and -inf in all other places.

    Args:
        logits: shape (..., V), one dimension or more, all sizes at least 1; float32, float64,
            float16 or bfloat16, any strides; each entry is finite or -inf. A row lies along the
            last dimension. Stays as it is.
        k: how many stay; an int, at least 1. With k = V or more, every entry stays.

    Returns:
        A new tensor of logits' shape, dtype and device, also where nothing is hidden. What stays
        is the same number to the last bit, in its own place.

    Raises:
        ValueError: k is less than 1.

    Exactly:
        Several entries may be equal to the k-th largest. As many of them stay as k needs, or more,
        up to all of them: each is right. Whatever is larger stays, whatever is smaller goes.

        An entry that is -inf is -inf afterwards, even if k is larger than the number of finite
        ones. A row may have -inf alone.

        The gradient of a finite entry is that of the result in its place if it stays, and 0 if it
        goes. Gradients of entries that are -inf are not judged unless k finite ones stand in the
        row; then they are 0.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
