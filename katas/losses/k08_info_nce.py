"""Teach two networks to give one vector to what belongs together, such as a picture and its text.

A batch holds N pairs. Each picture is compared with all N texts, and has to find its own; each text
is compared with all N pictures. CLIP is trained with this loss: open_clip calls it ClipLoss. For
pairs of sentences, sentence-transformers has it as MultipleNegativesSymmetricRankingLoss.

    a, b = tensor([[1., 0.], [0., 2.]]), tensor([[3., 3.], [0., 1.]])
    info_nce(a, b, tensor(0.))          ->  0.4912: all products count as they are
    info_nce(a, b, tensor(2.3026))      ->  0.1865: they count ten times

What holds for every kata stands in katas/README.md.
"""

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
