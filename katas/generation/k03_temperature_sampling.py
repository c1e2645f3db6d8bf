"""Draw the next token, more or less boldly.

To always take the most probable token makes dull texts, which soon repeat themselves. So a token is
drawn by its probability. A temperature says how boldly: 1 takes the model's own probabilities,
above 1 rare tokens come more often, and below 1 less often. At 0 only the most probable one is
left. Every interface to a language model has it as `temperature`: the APIs of OpenAI and Anthropic,
`generate` in Hugging Face transformers, vLLM and llama.cpp.

    logits = tensor([2., 1., 0.])
    sample(logits)          ->  0, 1 or 2, with the probabilities 0.67, 0.24, 0.09
    sample(logits, 10.)     ->  0, 1 or 2, with the probabilities 0.37, 0.33, 0.30
    sample(logits, 0.)      ->  0

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
