"""Teach two networks to give one vector to what belongs together, such as a picture and its text.

It is a classification with N classes, whose classes are the other half of the batch. So the target
is arange(N), the logits are the matrix, and for the way back the transposed matrix. One direction
alone would let all texts of a batch gather around one picture.

Dot products of unit vectors lie between -1 and 1. A softmax of such logits can never be sure, so
they are multiplied with a factor that is learned. What is learned is its logarithm: so the factor
stays above 0, and a step changes it by a share of itself. CLIP begins with 1 / 0.07. Without
exp the factor is log(1 / 0.07) = 2.66 in place of 14.3, and there is no error.

In practice one calls `open_clip.loss.ClipLoss`, which gathers the rows of all GPUs first, or writes
these four lines.
"""

import torch
from torch.nn import functional

HINTS = (
    "How does each row of a get N logits, one for each row of b? And which of them is its class?",
    "`functional.normalize(a, dim=-1)` divides each row by its norm.",
    "What has to be done with logit_scale, the logarithm of a factor, before you multiply?",
    "`cross_entropy(logits, torch.arange(N))` is one half. What are the logits of the other one?",
)


def info_nce(a: torch.Tensor, b: torch.Tensor, logit_scale: torch.Tensor) -> torch.Tensor:
    """CLIP's symmetric loss: row i of a belongs to row i of b, and to no other row.

    Each row of a and of b is divided by its Euclidean norm. The logit of row i of a and row j of b
    is their dot product times exp(logit_scale). These logits are an (N, N) matrix.

    Row i of the matrix holds what row i of a gives to all rows of b: its cross entropy with class i
    is -log(softmax(row i)[i]). Column j holds what row j of b gives to all rows of a, in the same
    way. The loss is half the mean of the N cross entropies of the rows, plus half the mean of those
    of the columns.

    All of torch is free, `cross_entropy` too.

    Args:
        a: shape (N, D), float32 or float64, any strides; stays as it is.
        b: a's shape, dtype and device, any strides; stays as it is.
        logit_scale: 0-d, of a's dtype and device: the logarithm of the factor; stays as it is.

    Returns:
        A new 0-d tensor of the inputs' dtype and device. Gradients reach a, b and logit_scale.

    Raises:
        ValueError: the shapes of a and b are not equal in each dimension, also where one of them
            would broadcast, or has more rows.

    Exactly:
        N is 1 or more, D is 2 or more. With N = 1 there is nothing to be mixed up with: the loss
        is 0, and so are all gradients.

        The norms of the rows are from 1e-3 to 1e6, those of one batch may be that different.
        Nothing is added to a norm: 1e-8 would be too much for float64.

        logit_scale is from -5 to 4.6, which is a factor of 99.5, and it is not clipped. The loss
        is finite and right for all of these.

        The result may be off by 1e-4 of itself plus 1e-4 in float32, gradients by 1e-3 of the
        largest plus 1e-7; in float64 all of these are 1e-9.
    """
    if a.shape != b.shape:
        raise ValueError(f"shapes {tuple(a.shape)} and {tuple(b.shape)} are not equal")
    logits = logit_scale.exp() * functional.normalize(a, dim=-1) @ functional.normalize(b, dim=-1).T
    own = torch.arange(len(a), device=a.device)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2
