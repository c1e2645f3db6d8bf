"""Let a language model write: always the most probable token.

The rows of a batch end at different times. A row that has ended stays in the batch, since a tensor
has no rows of different lengths: it is filled up with pad. So whether a row has ended is remembered
beside the tokens. It cannot be read from them, since an eos may stand in the prompt.

The check whether all have ended comes after the appending. One that stands before the call of the
model sees the end just as well, but one that stands behind the call has called it once too often.

Real models do not compute all places anew at each step: they keep keys and values in a cache.

In practice one calls `model.generate(tokens, do_sample=False, max_new_tokens=...)` of Hugging Face
transformers.
"""

from collections.abc import Callable

import torch

HINTS = (
    "Which place of the logits speaks of the token that comes next?",
    "`logits[:, -1].argmax(-1)` is one new token for each row; `torch.cat` appends them.",
    "Remember for each row whether it has ended: a bool tensor, all False at the start.",
    "`torch.where(ended, pad, best)` are the new tokens; then `ended |= best == eos`.",
    "Is `if eos:` true for eos = 0? And how often is the model called if all ended at step 1?",
)


@torch.no_grad()
def greedy(
    model: Callable[[torch.Tensor], torch.Tensor],
    tokens: torch.Tensor,
    max_new_tokens: int,
    eos: int | None = None,
    pad: int = 0,
) -> torch.Tensor:
    """The tokens, and behind each row what the model finds most probable, step by step.

    Each step calls the model with all tokens so far, and appends to each row the token of its
    largest logit in the last place. That is done max_new_tokens times, or until each row has ended.

    A row ends with the first eos that is appended to it. The eos itself stays, and what follows in
    this row is pad. Once every row has ended, nothing more is appended.

    Args:
        model: a function or an nn.Module. It takes int64 tokens of shape (B, t) and returns logits
            of shape (B, t, V), float32 or float64, all finite. It is deterministic, and a row of
            its result depends on this row of tokens alone.
        tokens: the prompt: shape (B, T), both at least 1, int64, any strides. Stays as it is.
        max_new_tokens: how many tokens are appended at most, at least 0.
        eos: the id that ends a row, from 0 to V - 1; None if there is none.
        pad: the id that fills up a row that has ended, from 0 to V - 1. It may be eos.

    Returns:
        A new tensor of shape (B, T + n), int64, on tokens' device; n is the number of steps. With
        max_new_tokens = 0 it is a copy of tokens.

    Exactly:
        An eos in the prompt means nothing, wherever it stands. A pad that the model itself chooses
        is a token like others, and the row goes on behind it.

        The model is called once for each step, n times in all. It is given every row each time,
        also those that have ended, with their pads. The two largest logits of a row are never
        equal.

        The model is called with grad mode off; inference mode is right, too. Its modes (train or
        eval), its parameters and grad mode are afterwards as they were before, whatever they were.
        If the model raises an error, the error goes on to the caller, and this holds then, too.
    """
    result = tokens.clone()
    ended = torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)
    for _ in range(max_new_tokens):
        best = model(result)[:, -1].argmax(-1)
        best = best.masked_fill(ended, pad)
        result = torch.cat([result, best.unsqueeze(1)], 1)
        if eos is not None:
            ended = ended | (best == eos)
            if ended.all():
                break
    return result
