"""Let only the tokens be drawn that share most of the probability.

Where a model is sure, one or two tokens are enough; where it is not, a hundred may be good. Top-p
sampling, also called nucleus sampling, takes as many as are needed for their probabilities to add
up to p, such as 0.9. Holtzman and others proposed it in 2019 against dull and senseless texts. The
API of OpenAI, vLLM and `generate` in Hugging Face transformers have it as `top_p`.

    logits = tensor([2., 0., 1., -1.])    # probabilities 0.64, 0.09, 0.24, 0.03
    top_p_filter(logits, 0.7)    ->  [2., -inf, 1., -inf]: 0.64 is not enough, 0.64 + 0.24 is
    top_p_filter(logits, 0.5)    ->  [2., -inf, -inf, -inf]
    top_p_filter(logits, 0.)     ->  [2., -inf, -inf, -inf]

What holds for every kata stands in katas/README.md.
"""

import torch


def top_p_filter(logits: torch.Tensor, p: float) -> torch.Tensor:
    """The logits of the most probable tokens of each row as they are, and -inf in all other places.

    The probabilities of a row are the softmax of its logits. Begin with the most probable token,
    and add the next ones, in order, until the sum is p or more. All of these stay, and so the one
    that makes the sum cross p stays too. It is the smallest set of tokens whose probabilities add
    up to p.

    Args:
        logits: shape (..., V), one dimension or more, all sizes at least 1; float32 or float64,
            any strides; each entry is finite or -inf, and each row has a finite one at least. A row
            lies along the last dimension. Stays as it is.
        p: a float from 0 to 1.

    Returns:
        A new tensor of logits' shape, dtype and device, also where nothing is hidden. What stays
        is the same number to the last bit, in its own place.

    Raises:
        ValueError: p is less than 0 or larger than 1.

    Exactly:
        With p = 0 one token of each row stays, the most probable one. With p = 1 every token
        stays, also one whose probability is too small for the dtype, or that a rounded sum would
        leave out.

        For other p, a sum that is within 1e-5 of p may be taken as reaching it or not.

        Of tokens that are equally probable any may stay, but not more of them than the sum needs:
        top_p_filter(tensor([1., 1., 1., 1.]), 0.4) keeps two of the four, and with p = 0 one.

        Close logits are told apart in their own dtype: float64 makes no detour by float32.

        An entry that is -inf is -inf afterwards. It has the probability 0.

        The gradient of a finite entry is that of the result in its place if it stays, and 0 if it
        goes. No gradient goes through the probabilities. Gradients of entries that are -inf are
        not judged.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
