"""Let only the tokens be drawn that share most of the probability.

Sorted by size, a token stays if the sum of all that come before it is still below p. So the token
that crosses p stays, and so does the first one, for every p above 0. Where the sum with the token
itself is compared, the one that crosses p is lost.

p = 1 and p = 0 are cases of their own. A sum in float32 reaches 1 before the last tokens came, or
never reaches it at all. And before the first token the sum is 0, which is not below p = 0.

The mask is in sorted order: `scatter` brings it back to the places of the tokens.

In practice one calls `transformers.TopPLogitsWarper`, or sets `top_p` in `generate` or in vLLM's
`SamplingParams`.
"""

import torch

HINTS = (
    "Sort the logits of each row first: then the tokens that stay are the first ones.",
    "`cumsum` of the sorted probabilities, less the probability itself, is the sum before a token.",
    "What becomes of the first token when p is 0, and of the last ones when p is 1?",
    "The mask is in sorted order. `mask.scatter(-1, order, mask)` brings each entry to its token.",
)


def top_p_filter(logits: torch.Tensor, p: float) -> torch.Tensor:
    """The logits of the most probable tokens of each row as they are, and -inf in all other places.

    The probabilities of a row are the softmax of its logits. Begin with the most probable token,
    and add the next ones, in order, until the sum is p or more. All of these stay, and so the one
    that makes the sum cross p stays too. It is the smallest set of tokens whose probabilities add
    up to p.

    Args:
        logits: shape (..., V), one dimension or more, all sizes at least 1; float32 or float64,
            any strides; each entry is finite or -inf, and each row has a finite one at least. A row
            lies along the last dimension. Stays as it is.
        p: a float from 0 to 1.

    Returns:
        A new tensor of logits' shape, dtype and device, also where nothing is hidden. What stays
        is the same number to the last bit, in its own place.

    Raises:
        ValueError: p is less than 0 or larger than 1.

    Exactly:
        With p = 0 one token of each row stays, the most probable one. With p = 1 every token
        stays, also one whose probability is too small for the dtype, or that a rounded sum would
        leave out.

        For other p, a sum that is within 1e-5 of p may be taken as reaching it or not.

        Of tokens that are equally probable any may stay, but not more of them than the sum needs:
        top_p_filter(tensor([1., 1., 1., 1.]), 0.4) keeps two of the four, and with p = 0 one.

        Close logits are told apart in their own dtype: float64 makes no detour by float32.

        An entry that is -inf is -inf afterwards. It has the probability 0.

        The gradient of a finite entry is that of the result in its place if it stays, and 0 if it
        goes. No gradient goes through the probabilities. Gradients of entries that are -inf are
        not judged.
    """
    if not 0 <= p <= 1:
        message = f"p is {p}, and no probability"
        raise ValueError(message)
    if p == 1:
        return logits.clone()
    values, order = logits.sort(dim=-1, descending=True)
    share = values.softmax(-1)
    goes = share.cumsum(-1) - share >= p
    goes[..., 0] = False
    return logits.masked_fill(goes.scatter(-1, order, goes), -torch.inf)
