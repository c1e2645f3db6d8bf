"""Let a small model write ahead, and keep of its draft what a large model would have written.

A large language model needs as long to read five tokens as to write one. So a small and fast model
drafts some tokens, and the large one reads all of them in one pass. This step then decides which of
them stay, in such a way that the text has exactly the distribution of the large model. The papers
of Leviathan and others and of Chen and others (2023) describe it. vLLM and SGLang serve models like
that, and `generate` in Hugging Face transformers does it with `assistant_model`.

    target_probs = tensor([[0.6, 0.3, 0.1], [0.0, 0.2, 0.8], [0.3, 0.3, 0.4]])
    draft_probs  = tensor([[0.4, 0.4, 0.2], [0.3, 0.2, 0.5]])
    speculative_step(target_probs, draft_probs, tensor([0, 0]))   ->  [0, 2]

The first token is accepted: 0.6 is at least 0.4. The second one is refused: the large model would
never write it. In its place a token is drawn from max(p - q, 0) = [0., 0., 0.3]: only 2 can come.

What holds for every kata stands in katas/README.md.
"""

import torch


def speculative_step(
    target_probs: torch.Tensor,
    draft_probs: torch.Tensor,
    draft_tokens: torch.Tensor,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """What is kept of a draft, and one token more.

    The draft's tokens are looked at in order. Call token i x, its row of target_probs p, and its
    row of draft_probs q:

    - x is accepted with probability min(1, p[x] / q[x]). So if p[x] is at least q[x], it is
      accepted for sure, and if p[x] is 0, it is refused for sure.
    - The first token that is refused ends the draft: neither it nor any token behind it is kept.
      One token is drawn in its place, from the numbers max(p - q, 0) of its row, divided by their
      sum.
    - If no token is refused, one more is drawn behind them, from the last row of target_probs.

    Args:
        target_probs: shape (n + 1, V); row i has the probabilities that the large model gives to
            the token at place i of the draft, and row n those of the token behind the draft.
        draft_probs: shape (n, V); row i has the probabilities from which token i was drawn.
            Both are float32 or float64, of one dtype, any strides, n and V at least 1. Numbers are
            at least 0, some may be 0, and each row adds up to 1. Both stay as they are.
        draft_tokens: shape (n,), int64, the draft: ids from 0 to V - 1, on the device of the two
            others, any strides. draft_probs[i, draft_tokens[i]] is not 0. Stays as it is.
        generator: where the random numbers come from; it lies on the device of the tensors. With
            None, they come from torch's global generator.

    Returns:
        A new int64 tensor of shape (m,), m from 1 to n + 1, on the device of draft_tokens: the
        tokens that are accepted, and the one that was drawn. Nothing of it is tracked.

    Exactly:
        Each token is accepted or refused by a random number of its own: whether one is accepted
        says nothing of the next one, nor of the next call.

        Where p and q are the same numbers, nothing is refused. Where they are not, they differ by
        more than 0.001 in some place.

        The same seed, of the generator or by torch.manual_seed, gives the same tokens. How many
        numbers are drawn is up to you: they may be more than are used. With a generator, torch's
        global one stays as it was.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
