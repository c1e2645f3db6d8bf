"""Gradients as values, without a change of any .grad.

`backward` adds to the `.grad` of every leaf that it meets, for an optimizer to find. Often a
gradient is just a number that one computes with: the forces on atoms are the gradient of an energy
for their positions (SchNetPack), and Captum explains the answer of a network by the gradient of a
score for the image. For that, torch has a function which returns gradients.

    x = tensor([1., 2.], requires_grad=True)
    w = tensor(3., requires_grad=True)
    other = tensor([5.], requires_grad=True)
    gradients_of(x * w, [x, w, other])  ->  [tensor([3., 3.]), tensor(3.), tensor([0.])]
    x.grad                              ->  None

What holds for every kata stands in katas/README.md.
"""

from collections.abc import Sequence

import torch


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
    raise NotImplementedError


if __name__ == "__main__": import dojo; dojo.run(__file__)  # your editor's run button
