"""Ask a language model how probable each token of a text is.

A language model reads a text once, and says at each place what may come next. So one pass gives the
probability of every token of the text but the first, each by all tokens before it. Their sum is the
log-probability of the text. The API of OpenAI returns such numbers as `logprobs`, vLLM as
`prompt_logprobs`, and lm-evaluation-harness compares the answers to a question by them.

    logits = tensor([[[0., 0., 0.], [9., 0., 0.], [5., 5., 5.]]])    shape (1, 3, 3)
    tokens = tensor([[2, 1, 0]])                                     shape (1, 3)
    token_log_probs(logits, tokens)    ->  [[-1.0986, -0.0002]]      shape (1, 2)

The first row of logits speaks of the second token, which is 1, and log(1/3) is -1.0986. The second
row speaks of the third token, which is 0, and is almost sure of it. The last row speaks of a token
that is not there.

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
