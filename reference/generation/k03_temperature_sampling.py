"""Draw the next token, more or less boldly.

The logits are divided, before the softmax. Probabilities that are divided by 2 are still in the
same proportion, so that would change nothing at all. `softmax` subtracts the largest logit, and so
meets no exp of a large number, whatever the temperature is.

A temperature of 0 is a case of its own: x / 0 is inf or NaN. Its limit is the largest logit.

`multinomial` takes one or two dimensions. So the rows are laid out in one, and folded back.

In practice one passes `temperature` to `generate`, or to vLLM's `SamplingParams`. Inside is what
stands here, or the largest of `probs / exponential noise`, which spares a GPU some waiting.
"""

import torch

HINTS = (
    "What is divided by the temperature: the logits, or their probabilities?",
    "`torch.multinomial(probs, 1, generator=generator)` draws one token for each row of a matrix.",
    "`logits.reshape(-1, V)` makes a matrix of any number of dimensions; a view goes back.",
    "Temperature 0 needs no random number: which token is it?",
)


def sample(
    logits: torch.Tensor, temperature: float = 1.0, generator: torch.Generator | None = None
) -> torch.Tensor:
    """One token for each row of logits, drawn by softmax(logits / temperature).

    Each row is drawn by itself, independently of all other rows and calls.

    Args:
        logits: shape (..., V), with any number of leading dimensions, none too; all sizes at least
            1; float32 or float64, any strides. A row lies along the last dimension. Stays as it is.
        temperature: 0, or from 1e-6 to 1e6.
        generator: what numbers are drawn from, on logits' device; None stands for torch's global
            generator.

    Returns:
        A new int64 tensor of shape (...), on logits' device: for a single row of shape (V,) it is
        0-d.

    Raises:
        ValueError: temperature is less than 0.

    Exactly:
        The logits may be as large as 10,000 in size, of either sign, or -inf; each row has a finite
        one. A token with -inf is never drawn, at any temperature. Nothing overflows, also where
        logits / temperature is 1e10.

        With temperature 0 the token of the largest logit comes back, in the dtype of logits:
        float64 makes no detour by float32. It is the only one that large. Nothing is drawn then:
        the generators stay as they are.

        If a generator is given, all numbers are drawn from it, and the global generators stay as
        they are. The same seed gives the same tokens, and each call other ones. No seed is set.
    """
    if temperature < 0:
        message = f"temperature is {temperature}; it has to be 0 or more"
        raise ValueError(message)
    if temperature == 0:
        return logits.argmax(-1)
    probs = (logits / temperature).softmax(-1)
    rows = probs.reshape(-1, logits.shape[-1])
    return torch.multinomial(rows, 1, generator=generator).reshape(logits.shape[:-1])
