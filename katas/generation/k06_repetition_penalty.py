"""Make the tokens that a text already has less probable.

Small language models like to repeat a sentence for ever. The repetition penalty of CTRL (Keskar and
others, 2019) lowers the logit of each token that was there before, without looking at how often.
`generate` in Hugging Face transformers, vLLM and llama.cpp have it, with values such as 1.1 or 1.3.

    logits = tensor([[2., -2., 1., -1.]])
    tokens = tensor([[0, 1, 1]])
    repetition_penalty(logits, tokens, 2.)    ->  [[1., -4., 1., -1.]]
    repetition_penalty(logits, tokens, 0.5)   ->  [[4., -1., 1., -1.]]: a reward

What holds for every kata stands in katas/README.md.
"""

import torch


def repetition_penalty(logits: torch.Tensor, tokens: torch.Tensor, penalty: float) -> torch.Tensor:
    """The logits, lower for each token that the row's text has already.

    In row b, the logit of each id that occurs in tokens[b] is divided by penalty if it is positive,
    and multiplied by penalty if it is negative. So it falls in both cases, for a penalty above 1.
    That is done once, however often the id occurs. All other logits stay exactly as they are.

    Args:
        logits: shape (B, V), both at least 1; float32 or float64, any strides; each entry is finite
            or -inf. Stays as it is.
        tokens: shape (B, T), int64, ids from 0 to V - 1, any strides; the text of each row so far.
            T may be 0: then nothing changes. Stays as it is.
        penalty: a float above 0. 1 changes nothing, and below 1 it is a reward.

    Returns:
        A new tensor of logits' shape, dtype and device.

    Raises:
        ValueError: penalty is 0 or less.

    Exactly:
        A logit of 0 stays 0, and one of -inf stays -inf. What is changed is right up to the
        rounding of its own dtype: float64 makes no detour by float32.

        The gradient of a logit has the same factor as the logit: 1 / penalty, penalty, or 1 for an
        id that does not occur. The factor counts once here too, however often the id occurs. At a
        logit of 0 each number between 1 / penalty and penalty is right, and so are these two. At
        -inf gradients are not judged.

        The number of operations, and of numbers that are read into Python, does not grow with B, T
        or V: there is no loop over the rows or the tokens.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
