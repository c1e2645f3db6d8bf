"""Measure how little probability a classifier gives to the right classes.

It is the loss of nearly every classifier: of images, of pixels, and of the next word. Language
models in Hugging Face's transformers put -100 in the places of padding, which then do not count;
torchvision's training of segmentation ignores class 255. Label smoothing gives a small part of the
target to all classes: the paper "Attention Is All You Need" used 0.1.

    logits = tensor([[2., 0., 0.], [0., 0., 0.]])
    cross_entropy(logits, tensor([0, 2]))                          ->  0.6691
    cross_entropy(logits, tensor([0, -100]))                       ->  0.2395
    cross_entropy(logits, tensor([0, -100]), label_smoothing=0.3)  ->  0.6395

What holds for every kata stands in katas/README.md.
"""

import torch


def cross_entropy(
    logits: torch.Tensor,
    target: torch.Tensor,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """The mean of -log p[target], where p is the softmax of the logits of a place.

    Classes lie along dimension 1. With label_smoothing = ε, a place costs
    (1 - ε) * (-log p[target]) + ε * (the mean of -log p over all C classes). Places whose target is
    ignore_index do not count: neither in the sum, nor in the number that divides it.

    It is made of other operations: torch's own `cross_entropy` and `nll_loss`, under whatever name
    and by way of whatever layer, are forbidden, forward and backward. `log_softmax` is free.

    Args:
        logits: shape (N, C, ...), float32 or float64, any strides; stays as it is.
        target: int64, shape (N, ...), which is that of logits without dimension 1: at each place
            the number of a class or ignore_index; any strides; stays as it is.
        ignore_index: any int; it may be the number of a class, which does not count then.
        label_smoothing: from 0 to 1, both included.

    Returns:
        A new 0-d tensor of logits' dtype and device. Gradients reach logits.

    Raises:
        ValueError: target has another shape, also one that would broadcast or holds as many
            numbers; or label_smoothing is not from 0 to 1.

    Exactly:
        Where no place counts (all are ignored, or N is 0) the loss is 0, and `backward()` gives
        logits the gradient 0. C and the further sizes are at least 1.

        Logits may be as large as 1e30 in size: for [1e30, 1e30] each class costs 0.6931.

        Where label_smoothing is 0, logits may also be -inf, if a finite one stands beside it along
        dimension 1, and if it is not that of the target: at an ignored place it may be that of any
        class. Such a logit has the gradient 0.

        The result may be off by 1e-5 of itself plus 2e-6 in float32, gradients by 1e-4 of the
        largest plus 1e-7; in float64 all of these are 1e-9.
    """
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
