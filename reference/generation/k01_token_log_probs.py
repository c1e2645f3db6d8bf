"""Ask a language model how probable each token of a text is.

The logits of place t speak of token t + 1. So the last place of the logits and the first token have
no partner: each of both is cut off at another end. Without the cut, one asks how probable a token
is once the model has read it, and a good model seems to be a bad one.

`log_softmax` subtracts the largest logit before it takes exp. The log of a softmax does not: where
the probability is smaller than the dtype can hold, it is log(0), which is -inf.

In practice one calls `-F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:],
reduction="none")`, which is the same number with the other sign.
"""

import torch

HINTS = (
    "Which token do the logits at place 0 speak of? It is not token 0.",
    "Of the logits the last place has no token, and of the tokens the first one has no logits.",
    "`log_softmax(-1)` stays finite where the log of a softmax is -inf.",
    "`gather(2, index.unsqueeze(2)).squeeze(2)` takes one entry of each row.",
)


def token_log_probs(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """The log-probability of each token but the first, by the logits of the place before it.

    logits[b, t] are the model's numbers for what comes after tokens[b, t]. So result[b, t] is the
    log-softmax over V of logits[b, t], at the entry tokens[b, t + 1].

    Args:
        logits: shape (B, T, V), all at least 1; float32 or float64, any strides. Stays as it is.
        tokens: shape (B, T), int64, ids from 0 to V - 1, on logits' device, any strides. Stays as
            it is.

    Returns:
        A new tensor of shape (B, T - 1), with logits' dtype and device. With T = 1 it has the shape
        (B, 0). Gradients reach logits; those of the last place, logits[:, -1], are 0.

    Exactly:
        The logits may be as large as 10,000 in size, of either sign: numbers and gradients are then
        finite, too. float64 makes no detour by float32.

        Some logits may be -inf, but neither all of a row nor one that tokens name. Such a token has
        the probability 0: the other numbers of the row are right, and its own gradient is 0.

        float32 is within 1e-4 of the largest finite logit in size, or of 1 where that is smaller,
        and float64 within 1e-9 of it. The same holds for gradients.

        Each id is a token like others: 0 stands for no padding.
    """
    log_probs = logits[:, :-1].log_softmax(-1)
    return log_probs.gather(2, tokens[:, 1:].unsqueeze(2)).squeeze(2)
