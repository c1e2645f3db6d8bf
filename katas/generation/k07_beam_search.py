"""Look for the most probable continuation of a text, with several beginnings side by side.

The most probable token now may lead to an improbable text. So a beam search keeps the best few
texts in each step, and goes on from all of them. Translation and speech recognition work like that:
Whisper decodes with 5 beams, and `generate` in Hugging Face transformers does it with `num_beams`.

    model: after 0 the tokens 0, 1, 2 have the probabilities 0.5, 0.4, 0.1; after 1 they have
        0.1, 0.1, 0.8; and 2 is eos
    beam_search(model, tensor([0]), 2, num_beams=1, eos=2)   ->  ([0, 0, 0], -0.6931)
    beam_search(model, tensor([0]), 2, num_beams=2, eos=2)   ->  ([0, 1, 2], -0.5697)

One beam takes 0 twice, as a greedy search would: log(0.5 * 0.5) / 2 is -0.6931. With two beams, the
text that begins with 1 is kept too, and log(0.4 * 0.8) / 2 is larger.

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Callable

import torch


def beam_search(
    model: Callable[[torch.Tensor], torch.Tensor],
    tokens: torch.Tensor,
    max_new_tokens: int,
    num_beams: int,
    eos: int,
    length_penalty: float = 1.0,
) -> tuple[torch.Tensor, float]:
    """The best continuation that a beam search finds, with the prompt before it, and its score.

    A beam is a continuation of the prompt. It is finished if its last token is eos, and open
    otherwise; the sum of a beam is the sum of the log-probabilities of its new tokens.

    The search begins with one open beam, the prompt alone. Each step

    1. calls the model once with the open beams, each with the prompt before it,
    2. extends each open beam by each of the V tokens, eos too,
    3. keeps the num_beams of these continuations that have the largest sums, wherever they come
       from. Those that end in eos are finished and set aside; the rest are the open beams of the
       next step. What was set aside before takes none of the num_beams places.

    It ends after max_new_tokens steps, or before if no beam is open. All beams that were set aside
    and those that are still open are then compared by their score, sum / n ** length_penalty,
    where n counts the new tokens, eos too. The one with the largest score is returned.

    Args:
        model: a function or an nn.Module. It takes int64 tokens of shape (n, t) and returns logits
            of shape (n, t, V), float32 or float64, all finite; those at place t speak of the token
            that follows. It is deterministic, and a row of its result depends on this row of tokens
            alone. The log-probabilities are the log-softmax over V.
        tokens: the prompt: shape (T,), T at least 1, int64, any strides. Stays as it is.
        max_new_tokens: how many tokens are appended at most, at least 1.
        num_beams: how many continuations each step keeps, at least 1. With 1 the search is greedy.
        eos: the id that finishes a beam, from 0 to V - 1.
        length_penalty: at least 0. With 0 the sums are compared, which favours short texts; with 1
            the mean log-probability of a token.

    Returns:
        A tuple of a new int64 tensor of shape (T + n,) on tokens' device, which is the prompt and
        the n new tokens of the best beam; and its score, a Python float.

    Exactly:
        If a step has fewer continuations than num_beams, it keeps all of them. An eos in the prompt
        means nothing.

        The model is called once in each step. It is given the open beams and no others, in any
        order, so in the first step the prompt once. Where sums or scores decide, they differ by
        more than 0.0001. The score is right within 0.0001 of its size, or of 1 where that is
        smaller.

        The model is called with grad mode off; inference mode is right, too. Its modes (train or
        eval), its parameters and grad mode are afterwards as they were before, whatever they were.
        If the model raises an error, the error goes on to the caller, and this holds then, too.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
