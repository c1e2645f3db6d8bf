"""Gradients as values, without a change of any .grad.

`torch.autograd.grad` is `backward` that returns what it finds, and it is what one calls in
practice. It raises for an input on which nothing depends, unless `allow_unused` is True: then it
gives None there (or zeros with `materialize_grads=True`). A pass through a graph frees it, unless
`retain_graph` is True. And it starts from a number: for another output one gives weights, or sums.
"""

from collections.abc import Sequence

import torch

HINTS = (
    "Look at x.grad before and after the call: `backward` is not what you look for.",
    "Which function of torch.autograd returns gradients?",
    "It starts from one number: which one has the gradient that is asked for?",
    "Two of its options matter: one for inputs that are not used, one that keeps the graph.",
)


def gradients_of(output: torch.Tensor, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The gradient of the sum of output for each of the inputs.

    Args:
        output: a tensor that requires grad, of any shape (0-d and empty too), any strides; stays
            as it is, and so does its graph.
        inputs: a list or tuple of one tensor or more, which stays as it is. All of them require
            grad, as leaves or as results of other operations; any shapes, any strides.

    Returns:
        A list of new tensors, one for each of the inputs and in the same order, each with the
        shape, dtype and device of its input. None of them requires grad. The gradient for an input
        on which output does not depend is 0 everywhere, whatever that input holds.

    Exactly:
        The same tensor may stand in inputs twice; both places get its whole gradient. output itself
        may stand there too: its gradient is 1 everywhere.

        The graph stays: a second call gives the same, and the caller may still call `backward`.

        Nothing gets another `.grad`, neither the inputs nor what else output was computed from:
        where it was None it is None, and where it was a tensor it is the same tensor with the same
        numbers.

        float32 and float64. The dtypes of several inputs may differ.
    """
    found = torch.autograd.grad(output.sum(), inputs, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, found, strict=True)]
