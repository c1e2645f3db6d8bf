"""Let a small model write ahead, and keep of its draft what a large model would have written.

Why is the text then the large model's? Token x is written in two ways. It is drafted and accepted
with probability q[x] · min(1, p[x] / q[x]), which is min(p[x], q[x]). Or another one is refused and
x is drawn in its place. Something is refused with the probability that is still missing, the sum of
max(p - q, 0), and then x comes with its share of that. Together this is
min(p[x], q[x]) + max(p[x] - q[x], 0) = p[x].

`cumprod` makes everything behind the first refusal count as refused too, and `multinomial` divides
by the sum itself. For the last row nothing is subtracted.

In practice one calls `generate(..., assistant_model=...)` of Hugging Face transformers, or sets
`speculative_config` in vLLM.
"""

import torch

HINTS = (
    "All random numbers of the draft can be drawn at once: one for each token.",
    "`torch.rand(n) < p / q` accepts each token for itself. Which have no refused one before them?",
    "A `cumprod` over 0 and 1 is 1 up to the first 0: its sum counts the accepted tokens.",
    "`torch.multinomial` takes numbers that do not add up to 1. It also takes a `generator`.",
    "After full acceptance, draw from the last row of target_probs as it is.",
)


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
    n, device = draft_tokens.shape[0], draft_tokens.device
    places = torch.arange(n, device=device)
    p, q = target_probs[places, draft_tokens], draft_probs[places, draft_tokens]
    is_accepted = torch.rand(n, dtype=p.dtype, device=device, generator=generator) < p / q
    count = int(is_accepted.long().cumprod(0).sum())
    weights = target_probs[count]
    if count < n:
        weights = (weights - draft_probs[count]).clamp(min=0)
    last = torch.multinomial(weights, 1, generator=generator)
    return torch.cat([draft_tokens[:count], last])
