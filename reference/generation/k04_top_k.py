"""Let only the k most probable tokens be drawn.

`topk` gives the k-th largest of each row, and what is below it is filled with -inf. The comparison
is `<`: with `<=` the k-th largest itself would go. `topk` cannot give more than V entries, so k is
cut at V first.

-inf is the logit of a token that cannot be drawn. 0 is an ordinary logit, and -1e9 is no float16.

In practice one calls `transformers.TopKLogitsWarper`, or sets `top_k` in `generate` or in vLLM's
`SamplingParams`.
"""

import torch

HINTS = (
    "Which number must an entry reach to stay? Each row has one of its own.",
    "`logits.topk(k, dim=-1).values[..., -1:]` is the k-th largest of each row.",
    "`topk` takes no k above V: what does a k of 100 mean for a row of 3?",
    "`masked_fill` makes a new tensor; `logits[mask] = ...` writes into the caller's.",
)


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
    if k < 1:
        message = f"k is {k}; at least one token has to stay"
        raise ValueError(message)
    smallest = logits.topk(min(k, logits.shape[-1]), dim=-1).values[..., -1:]
    return logits.masked_fill(logits < smallest, -torch.inf)
