"""Let a language model write: always the most probable token.

A language model only says how probable each token is to come next. To write, one has to choose,
append, and ask again. Greedy decoding takes the largest logit each time. So the same prompt gives
the same text, which is what one wants for code or a calculation. `generate` in Hugging Face
transformers does this with `do_sample=False`, and vLLM with a temperature of 0.

    model = a function whose largest logits after tokens [..., x] are those of x + 1
    tokens = tensor([[1, 2], [0, 0]])
    greedy(model, tokens, 3)                  ->  [[1, 2, 3, 4, 5], [0, 0, 1, 2, 3]]
    greedy(model, tokens, 3, eos=3, pad=9)    ->  [[1, 2, 3, 9, 9], [0, 0, 1, 2, 3]]
    greedy(model, tokens, 9, eos=3, pad=9)    ->  the same: both rows have their eos

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
