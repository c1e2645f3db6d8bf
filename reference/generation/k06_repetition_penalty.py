"""Make the tokens that a text already has less probable.

A penalty that only divided would raise negative logits: -2 / 2 is -1, and the token becomes more
probable. That is the mistake of the formula in the paper, and it does not show where all logits
are positive.

The mask says which ids occur. True is written twice where an id occurs twice, and it stays True.

The common way gathers the logits of the tokens, changes them and scatters them back. Its numbers
are right too: the same id gets the same number twice. But its gradient is not, since autograd adds
up what comes back from each of the two places. A model that only generates does not notice.

In practice one calls `transformers.RepetitionPenaltyLogitsProcessor`, or sets `repetition_penalty`
in `generate` or in vLLM's `SamplingParams`.
"""

import torch

HINTS = (
    "What does a division by 2 make of -2: is the token less probable afterwards?",
    "Which ids occur? A mask of logits' shape knows it, and counts none of them twice.",
    "`torch.zeros_like(logits, dtype=torch.bool).scatter(1, tokens, True)` is that mask.",
    "`torch.where(logits > 0, logits / penalty, logits * penalty)` handles both signs.",
)


def repetition_penalty(logits: torch.Tensor, tokens: torch.Tensor, penalty: float) -> torch.Tensor:
    """The logits, lower for each token that the row's text has already.

    In row b, the logit of each id that occurs in tokens[b] is divided by penalty if it is positive,
    and multiplied by penalty if it is negative. So it falls in both cases, for a penalty above 1.
    That is done once, however often the id occurs. All other logits stay exactly as they are.

    Args:
        logits: shape (B, V), both at least 1; float32 or float64, any strides; each entry is finite
            or -inf. Stays as it is.
        tokens: shape (B, T), int64, ids from 0 to V - 1, any strides; the text of each row so far.
            T may be 0: then nothing changes. Stays as it is.
        penalty: a float above 0. 1 changes nothing, and below 1 it is a reward.

    Returns:
        A new tensor of logits' shape, dtype and device.

    Raises:
        ValueError: penalty is 0 or less.

    Exactly:
        A logit of 0 stays 0, and one of -inf stays -inf. What is changed is right up to the
        rounding of its own dtype: float64 makes no detour by float32.

        The gradient of a logit has the same factor as the logit: 1 / penalty, penalty, or 1 for an
        id that does not occur. The factor counts once here too, however often the id occurs. At a
        logit of 0 each number between 1 / penalty and penalty is right, and so are these two. At
        -inf gradients are not judged.

        The number of operations, and of numbers that are read into Python, does not grow with B, T
        or V: there is no loop over the rows or the tokens.
    """
    if penalty <= 0:
        message = f"penalty is {penalty}; it has to be above 0"
        raise ValueError(message)
    occurs = torch.zeros_like(logits, dtype=torch.bool).scatter(1, tokens, True)
    lower = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(occurs, lower, logits)
